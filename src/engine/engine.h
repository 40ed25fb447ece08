// SPDX-License-Identifier: BSD-3-Clause
//
// Executes requests, one at a time: the wheel that everything else carries water to.
//
// execute() has two ways through. The straight one serves a known command of an ordinary session on
// an ordinary day: one test of the engine's conditions and the session's, then the handler.
// Anything unusual goes the careful way, the named steps of dispatch.cc.
//
// Owner:   the server.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cycle_clock.h"
#include "base/thread_role.h"
#include "config/registry.h"
#include "engine/blocking.h"
#include "engine/command_registry.h"
#include "engine/debug_switches.h"
#include "engine/effects.h"
#include "engine/key_events.h"
#include "engine/monitors.h"
#include "engine/notifications.h"
#include "engine/pause.h"
#include "engine/pubsub.h"
#include "engine/reply_writer.h"
#include "engine/request.h"
#include "engine/services.h"
#include "engine/session.h"
#include "engine/settings.h"
#include "engine/tracking.h"
#include "engine/watched_keys.h"
#include "keyspace/keyspace.h"
#include "observe/command_log.h"
#include "observe/info_registry.h"
#include "observe/latency_monitor.h"
#include "observe/server_state.h"

namespace millrace::engine::acl {
class AccessControl;
}  // namespace millrace::engine::acl

namespace millrace::engine {

// Why no command may take the straight way at the moment.
enum EngineCondition : uint32_t {
    kMonitored = 1u << 0,
    kLoadingData = 1u << 1,
    kClientsPaused = 1u << 2,
    kMemoryLimited = 1u << 3,
    kClusterRouting = 1u << 4,
    kScriptBusy = 1u << 5,
    kReadOnlyReplica = 1u << 6,
    kWritesRefused = 1u << 7,
    kShuttingDown = 1u << 8,
    kClientsLimited = 1u << 9,
};

// What the engine works on and with; all outlive it.
struct EngineParts {
    CommandRegistry& commands;
    keyspace::Keyspace& keyspace;
    const Settings& settings;
    config::Registry& config;
    observe::CommandLog& command_log;
    observe::LatencyMonitor& latency;
    observe::InfoRegistry& info;
    observe::ServerState& server;
    const TimeSource& time;
    EntropySource& entropy;
};

// What INFO tells of scripts; kept by the module that runs them.
struct ScriptCounters {
    uint64_t cached_scripts = 0;
    uint64_t cache_bytes = 0;
    uint64_t interpreter_bytes = 0;
    uint64_t evicted_scripts = 0;
    uint64_t libraries = 0;
    uint64_t functions = 0;
    uint64_t function_bytes = 0;
    uint64_t function_interpreter_bytes = 0;
};

// The state of a subsystem above the engine, which is kept here so that its commands find it.
class EngineExtension {
public:
    virtual ~EngineExtension() = default;
};

// What was refused because of the rights of users.
struct DenialCounters {
    uint64_t logins = 0;
    uint64_t commands = 0;
    uint64_t keys = 0;
    uint64_t channels = 0;
    uint64_t databases = 0;
};

struct EngineCounters {
    uint64_t commands_processed = 0;
    uint64_t error_replies = 0;
    uint64_t unexpected_errors = 0;
    uint64_t dirty = 0;  // Changes since the start; rdb_changes_since_last_save is counted from it.
    DenialCounters denials;
    std::map<std::string, uint64_t, std::less<>> errors_by_prefix;
    ScriptCounters scripts;
};

class Call;
class ClientLimit;
class HotKeys;
class MemoryLimit;

class Engine : public keyspace::ExpiryListener {
public:
    explicit Engine(const EngineParts& parts);
    ~Engine() override;

    // --- the request path ---

    // Begins a batch: samples the clock for all of it.
    void begin_batch();
    // Runs one request and appends its reply to `log`.
    void execute(Session& session, Request& request, ReplyLog& log);
    // Runs a request inside another one (EXEC, scripts): no admission steps, reply to `writer`.
    // Its effects belong to the unit of the outer one.
    void execute_nested(Session& session, Request& request, ReplyWriter& writer);
    // How many requests run inside each other: 0 between them, 1 in an ordinary one.
    int nesting() const { return nesting_; }
    // The session whose request runs, even inside of scripts; null between requests.
    Session* running() { return running_; }
    // Where to write what a client hears outside of replies. What the running session is told comes
    // after its reply.
    ReplyLog& push_log(Session& session) {
        return &session == running_ ? late_ : clients_->log_for(session);
    }
    bool is_nested() const { return nesting_ > 1; }

    int64_t now_ms() const { return now_us_ / 1000; }
    int64_t now_us() const { return now_us_; }

    // --- parts ---

    CommandRegistry& commands() { return parts_.commands; }
    keyspace::Keyspace& keyspace() { return parts_.keyspace; }
    const Settings& settings() const { return parts_.settings; }
    config::Registry& config() { return parts_.config; }
    observe::CommandLog& command_log() { return parts_.command_log; }
    observe::LatencyMonitor& latency() { return parts_.latency; }
    observe::InfoRegistry& info() { return parts_.info; }
    observe::ServerState& server() { return parts_.server; }
    const TimeSource& time() const { return parts_.time; }
    EntropySource& entropy() { return parts_.entropy; }
    SessionTable& sessions() { return sessions_; }
    Effects& effects() { return effects_; }
    Monitors& monitors() { return monitors_; }
    // What the command of this request may do.
    uint64_t flags_of(const Request& request);
    Pause& pause() { return pause_; }
    Blocking& blocking() { return blocking_; }
    WatchedKeys& watched_keys() { return watched_keys_; }
    PubSub& pubsub() { return pubsub_; }
    Tracking& tracking() { return tracking_; }
    ClientLimit& client_limit() { return *client_limit_; }
    MemoryLimit& memory_limit() { return *memory_limit_; }
    HotKeys& hot_keys() { return *hot_keys_; }
    Notifications& notifications() { return notifications_; }
    acl::AccessControl& access() { return *access_; }
    EngineCounters& counters() { return counters_; }
    DebugSwitches& debug_switches() { return debug_switches_; }
    ClientControl& clients() { return *clients_; }
    ProcessControl& process() { return *process_; }
    void connect(ClientControl* clients, ProcessControl* process) {
        clients_ = clients;
        process_ = process;
    }

    // Null where nothing is ever on disk (tests).
    PersistenceControl* persistence() { return persistence_; }
    void connect_persistence(PersistenceControl* persistence) { persistence_ = persistence; }

    // Made by scripting for the first script, by replication for the first MIGRATE; null before.
    std::unique_ptr<EngineExtension> scripting;
    std::unique_ptr<EngineExtension> migration;

    uint32_t conditions() const { return conditions_; }
    void set_condition(EngineCondition condition, bool on) {
        conditions_ = on ? conditions_ | condition : conditions_ & ~uint32_t{condition};
    }

    // --- changes of the data; called by KeyEdit and by commands on whole databases ---

    void key_changed(std::string_view key, int db);
    void emit(EventClass event_class, std::string_view event, std::string_view key, int db) {
        if ((event_mask_ & static_cast<uint32_t>(event_class)) != 0)
            deliver(event_class, event, key, db);
    }
    void mark_dirty(uint64_t changes = 1) { counters_.dirty += changes; }
    // Which event classes have a listener (notifications, blocked clients, tests).
    void set_event_mask(uint32_t mask) { event_mask_ = mask; }
    void add_event_listener(KeyEventListener* listener, uint32_t classes);
    void remove_event_listener(KeyEventListener* listener);
    void add_change_listener(KeyChangeListener* listener) { change_listeners_.push_back(listener); }
    void remove_change_listener(KeyChangeListener* listener) {
        std::erase(change_listeners_, listener);
    }
    // Called before it happens.
    void databases_flushed(int begin, int end);
    void databases_swapped(int first, int second);
    void on_expired(int db, const keyspace::Entry& entry) override;
    void on_members_expired(int db, const keyspace::Entry& entry,
                            std::span<const std::string> members) override;

    // --- blocking and pausing ---

    // What was put off until all requests at hand have run: deferred requests of sessions that may
    // run again, and what is said to many at once.
    void end_turn();
    void defer(Session& session, Request& request);
    // A session that is no longer blocked has its queue run in this or the next turn.
    void wake(Session& session);
    // Serves and ends waits that are due; the server calls it once a turn. Returns how long the
    // turn may sleep: `wait_us`, or less if something is due before.
    int64_t attend_waiting(int64_t wait_us);

    // Takes back the entry of a request that does not run.
    void return_prebuilt(Request& request);

    // Ends what the session is part of; the pipeline then destroys it.
    void forget(Session& session);

    // Writes `error` as the reply and counts it.
    void reply_error(ReplyWriter& writer, std::string_view text);
    void count_error(std::string_view text);

private:
    friend class Dispatch;
    friend class Blocking;
    void run_deferred();
    void end_caching(Session& session, const Request& request);
    void run(Session& session, Request& request, ReplyWriter& writer);
    bool invoke_unit(Call& call);
    bool invoke(Call& call);
    // Runs a waiting command once more; whether it waits on.
    bool execute_again(Session& session, Request& request, ReplyLog& log);
    // Ends a waiting command with a reply that it did not make: `answer`, or else `error`.
    void answer_waiting(Session& session, Request& request, void (*answer)(ReplyWriter&),
                        std::string_view error);
    void append_late(ReplyLog& log);
    bool is_output_limited(const Session& session) const;
    void limit_output(Session& session);
    void account(Session& session, Request& request, uint64_t reply_bytes, uint64_t cycles,
                 bool failed);
    void deliver(EventClass event_class, std::string_view event, std::string_view key, int db);
    struct Subscription {
        KeyEventListener* listener;
        uint32_t classes;
    };

    EngineParts parts_;
    uint32_t conditions_ = 0;
    uint32_t event_mask_ = 0;
    int64_t now_us_ = 0;
    int nesting_ = 0;
    EngineCounters counters_;
    DebugSwitches debug_switches_;
    // Sessions hold on to these three.
    WatchedKeys watched_keys_{*this};
    PubSub pubsub_{*this};
    Tracking tracking_{*this};
    std::unique_ptr<acl::AccessControl> access_;
    SessionTable sessions_;
    Effects effects_;
    Monitors monitors_;
    Pause pause_;
    Blocking blocking_{*this};
    Notifications notifications_{*this};
    std::unique_ptr<MemoryLimit> memory_limit_;
    std::unique_ptr<ClientLimit> client_limit_;
    std::unique_ptr<HotKeys> hot_keys_;
    Session* running_ = nullptr;
    ReplyLog late_;  // What the running session hears after its reply.
    std::vector<Subscription> event_listeners_;
    std::vector<KeyChangeListener*> change_listeners_;
    std::vector<std::pair<ClientSlot, uint32_t>>
        runnable_;  // Sessions with deferred requests that may run.
    ClientControl* clients_ = nullptr;
    ProcessControl* process_ = nullptr;
    PersistenceControl* persistence_ = nullptr;
};

}  // namespace millrace::engine
