// SPDX-License-Identifier: BSD-3-Clause
//
// The main thread's side of one client: who it is, which database it uses, what state its commands
// left.
//
// Owner:   SessionTable.
// Threads: main thread. The I/O side of the same client is pipeline::Connection; they know each
// other by slot and
//          generation only. `traffic` is the exception: counters with one writer each, read here
//          for CLIENT LIST.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/owned_request.h"
#include "engine/reply_log.h"
#include "engine/request.h"

namespace millrace::engine::acl {
class User;
}  // namespace millrace::engine::acl

namespace millrace::engine {

// Why the next command of a session needs the careful path. Zero for nearly all sessions nearly
// always.
enum SessionCondition : uint32_t {
    kUnauthenticated = 1u << 0,
    kReplyOff = 1u << 1,
    kReplySkipNext =
        1u << 2,           // The command after the next word (CLIENT REPLY SKIP) is not answered.
    kClosing = 1u << 3,    // Its connection is being closed; further requests are dropped.
    kBlocked = 1u << 4,    // Waits for a key or a condition; requests queue behind it.
    kDeferring = 1u << 5,  // Has queued requests that must run before new ones.
    kInMulti = 1u << 6,
    kSubscribed = 1u << 7,
    kRestricted = 1u << 8,  // Its user may not do everything.
    kMonitoring = 1u << 9,
    kAfterAsking = 1u << 10,  // ASKING came just before.
    kNoTouch = 1u << 11,
    kDenyBlocking = 1u << 12,  // Inside of EXEC or a script: no command may wait.
    kTracking = 1u << 13,      // Has a TrackingState.
    kImportSource = 1u << 14,  // Imports data, and sees what is past its time (ExpiredShown).
};
// Conditions that do not send a command to the careful path.
inline constexpr uint32_t kHarmlessConditions = kNoTouch | kMonitoring | kTracking;

// What the I/O side counts for CLIENT LIST; each field has one writer, the I/O side that owns the
// connection.
struct Traffic {
    std::atomic<uint64_t> bytes_read{0};
    std::atomic<uint64_t> bytes_written{0};
    std::atomic<uint64_t> input_bytes{0};     // Unparsed bytes held.
    std::atomic<uint64_t> input_capacity{0};  // Memory of the input buffer.
    std::atomic<uint64_t> argument_bytes{0};  // Of a request that is not complete yet.
    std::atomic<uint64_t> output_bytes{0};    // Encoded but not sent.
    std::atomic<uint64_t> output_capacity{0};
    std::atomic<uint32_t> io_thread{0};
};

// Where the client comes from; constant after accept.
struct Peer {
    std::string address;  // "127.0.0.1:52555", "[::1]:1", or the path of a Unix socket with ":0".
    std::string local_address;
    int descriptor = -1;
    bool unix_socket = false;
    bool loopback = false;
};

// What CLIENT LIST and INFO tell about a session beyond its own fields; each extension fills in its
// part.
struct SessionSummary {
    uint64_t channels = 0;
    uint64_t patterns = 0;
    uint64_t shard_channels = 0;
    int64_t queued_commands = -1;  // -1: not in MULTI.
    uint64_t queued_bytes = 0;
    uint64_t watched_keys = 0;
    bool watched_key_changed = false;
    uint64_t blocking_keys = 0;
    bool blocking_times_out = false;
    bool tracking = false;
    bool tracking_broadcasts = false;
    bool tracking_redirect_broken = false;
    int64_t tracking_redirect = -1;  // -1: not tracking; 0: to itself.
    uint64_t tracking_prefixes = 0;
    uint64_t memory_bytes = 0;
};

class Engine;
class Session;

// Extra state of features that few sessions use; a feature derives its own.
class SessionExtension {
public:
    virtual ~SessionExtension() = default;
    virtual void describe(SessionSummary& summary) const { (void)summary; }
    // CLIENT UNBLOCK: ends the wait as if its time were over, or with an error. False: it cannot be
    // ended so.
    virtual bool unblock(Engine& engine, Session& session, bool with_error) {
        (void)engine, (void)session, (void)with_error;
        return false;
    }
};

class Session {
public:
    Session(ClientSlot slot, uint32_t generation, uint64_t id)
        : slot_(slot), generation_(generation), id_(id) {}
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    ClientSlot slot() const { return slot_; }
    uint32_t generation() const { return generation_; }
    uint64_t id() const { return id_; }

    uint32_t conditions() const { return conditions_; }
    bool is(uint32_t condition) const { return (conditions_ & condition) != 0; }
    void set(uint32_t condition, bool on) {
        conditions_ = on ? conditions_ | condition : conditions_ & ~condition;
    }

    int database = 0;
    uint8_t protocol = 2;  // RESP version.
    bool no_evict = false;
    bool capa_redirect = false;
    bool reads_from_replica = false;  // READONLY.
    int64_t created_ms = 0;
    int64_t last_interaction_ms = 0;
    const Command* last_command = nullptr;
    uint64_t commands = 0;  // That have run; those inside of scripts and EXEC, too.
    int64_t over_soft_limit_since_ms = 0;
    uint64_t counted_bytes = 0;  // By ClientLimit.
    uint64_t produced_bytes =
        0;  // Reply bytes made for it; minus what Traffic says was written: what is held.
    std::string name;
    std::string library_name;
    std::string library_version;
    // Whose rights it has; null for sessions of the server itself, which may do everything. Set
    // through acl::AccessControl, which keeps kRestricted and kUnauthenticated in step.
    std::shared_ptr<acl::User> user;
    bool logged_in = false;  // By a password, or by having come while none was needed.
    Peer peer;
    std::shared_ptr<Traffic> traffic = std::make_shared<Traffic>();
    std::deque<OwnedRequest> deferred;

    // State of blocking, transactions, subscriptions and so on, each by its own feature.
    std::unique_ptr<SessionExtension> blocked;
    std::unique_ptr<SessionExtension> transaction;
    std::unique_ptr<SessionExtension> subscriptions;
    std::unique_ptr<SessionExtension> tracking;

private:
    const ClientSlot slot_;
    const uint32_t generation_;
    const uint64_t id_;
    uint32_t conditions_ = 0;
};

// All sessions, by slot and by id. Slots are reused, ids never.
class SessionTable {
public:
    // Null when the slot is empty or belongs to a later client.
    Session* find(ClientSlot slot, uint32_t generation) {
        if (slot >= slots_.size()) return nullptr;
        Session* session = slots_[slot].get();
        return session != nullptr && session->generation() == generation ? session : nullptr;
    }
    Session* at(ClientSlot slot) { return slot < slots_.size() ? slots_[slot].get() : nullptr; }
    Session* find_id(uint64_t id);

    Session& create();
    void destroy(Session& session);
    size_t size() const { return count_; }

    // Sessions in the order of their slots. `visit` must not create or destroy sessions.
    template <typename Visit>
    void for_each(Visit&& visit) {
        for (const auto& session : slots_) {
            if (session != nullptr) visit(*session);
        }
    }

private:
    std::vector<std::unique_ptr<Session>> slots_;
    std::vector<uint32_t> generations_;
    std::vector<ClientSlot> free_;
    size_t count_ = 0;
    uint64_t next_id_ = 1;
};

}  // namespace millrace::engine
