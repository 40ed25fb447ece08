// SPDX-License-Identifier: BSD-3-Clause
#include "world.h"

#include <utility>

#include "admin/client/listing.h"
#include "admin/info/sections.h"
#include "engine/acl/access_control.h"
#include "engine/memory_limit.h"
#include "lines.h"
#include "protocol/reply_encoder.h"

namespace millrace::transcript {

using engine::ReplyKind;
using engine::Session;

namespace {

constexpr SipKey kSeed{.low = 1, .high = 2};

// How many turns back replies count as unfinished, as if other threads were still encoding them:
// entries that were answered stay unchangeable for so long.
constexpr uint64_t kTurnsUnderWay = 2;

void append_reply(std::string& out, const engine::ReplyLog& log,
                  const engine::ReplyRecord& record) {
    ByteBuffer bytes;
    switch (record.kind) {
        case ReplyKind::Text:
            out += record.text();
            return;
        case ReplyKind::Bytes:
            out += log.stretch(record);
            return;
        case ReplyKind::Integer:
            protocol::encode_integer(bytes, static_cast<int64_t>(record.payload));
            break;
        case ReplyKind::Entry:
        case ReplyKind::Pinned: {
            const keyspace::Entry& entry = record.entry();
            protocol::encode_bulk(bytes, entry.is_integer() ? std::to_string(entry.integer())
                                                            : std::string(entry.string()));
            break;
        }
        case ReplyKind::Order:
            return;
    }
    out += bytes.view();
}

void configure_access(keyspace::AccessClock& clock, const keyspace::Settings& settings) {
    using keyspace::MaxmemoryPolicy;
    const bool by_frequency = settings.maxmemory_policy == MaxmemoryPolicy::AllkeysLfu ||
                              settings.maxmemory_policy == MaxmemoryPolicy::VolatileLfu;
    clock.configure(by_frequency ? keyspace::AccessClock::Policy::Frequency
                                 : keyspace::AccessClock::Policy::Recency,
                    static_cast<int>(settings.lfu_log_factor),
                    static_cast<int>(settings.lfu_decay_time));
}

}  // namespace

uint64_t FixedEntropy::next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t mixed = (state_ ^ (state_ >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
}

World::World()
    : io_heap_(heaps_.take()),
      commands_(engine::all_command_tables()),
      keyspace_(static_cast<int>(settings_.keyspace.databases), kSeed, heaps_),
      io_builder_(io_heap_, keyspace_.reclaimer()),
      engine_({.commands = commands_,
               .keyspace = keyspace_,
               .settings = settings_.engine,
               .config = config_,
               .command_log = command_log_,
               .latency = latency_,
               .info = info_,
               .server = state_,
               .time = time_,
               .entropy = entropy_}),
      resolver_(commands_, kSeed, io_builder_) {
    settings_.engine.enable_debug_command = engine::LocalAccess::Yes;
    server::register_all_settings(config_, settings_);
    config_.on_change({"commandlog-execution-slower-than", "commandlog-slow-execution-max-len",
                       "commandlog-request-larger-than", "commandlog-large-request-max-len",
                       "commandlog-reply-larger-than", "commandlog-large-reply-max-len",
                       "latency-monitor-threshold", "maxmemory", "maxmemory-policy",
                       "maxmemory-samples", "maxmemory-eviction-tenacity", "lfu-log-factor",
                       "lfu-decay-time", "availability-zone", "notify-keyspace-events"},
                      [this] {
                          apply_settings();
                          return done();
                      });
    config_.on_change({"import-mode"}, [this] {
        keyspace_.keep_expired(keyspace::KeepExpired::WhileImporting,
                               settings_.replication.import_mode);
        return done();
    });
    config_.on_change({"requirepass"}, [this] {
        engine_.access().set_default_password(settings_.engine.requirepass);
        return done();
    });
    engine_.access().set_description(admin::client::describe_client);
    apply_settings();
    engine_.connect(this, this);
    admin::info::register_sections(info_, engine_);
    engine_.effects().add_sink(this);
    engine_.add_event_listener(this, ~0u);
}

// What server/wiring.cc does for the parts that are here as well.
void World::apply_settings() {
    using observe::CommandLogKind;
    const engine::Settings& engine = settings_.engine;
    command_log_.configure(CommandLogKind::Slow, {engine.commandlog_execution_slower_than,
                                                  engine.commandlog_slow_execution_max_len});
    command_log_.configure(CommandLogKind::LargeRequest, {engine.commandlog_request_larger_than,
                                                          engine.commandlog_large_request_max_len});
    command_log_.configure(CommandLogKind::LargeReply, {engine.commandlog_reply_larger_than,
                                                        engine.commandlog_large_reply_max_len});
    latency_.set_threshold_ms(engine.latency_monitor_threshold);
    keyspace_.set_encodings(settings_.keyspace.encodings);
    configure_access(keyspace_.access_clock(), settings_.keyspace);
    engine_.memory_limit().configure(settings_.keyspace, settings_.keyspace.maxmemory.bytes);
    state_.facts.availability_zone = settings_.server.availability_zone;
    engine_.notifications().configure(engine.notify_keyspace_events);
}

World::~World() {
    for (auto& [name, each] : clients_) {
        if (each.session != nullptr) engine_.forget(*each.session);
    }
    engine_.effects().remove_sink(this);
    engine_.remove_event_listener(this);
    heaps_.give_back(io_heap_);
}

World::Client& World::client(const std::string& name) {
    Client& found = clients_[name];
    if (found.session == nullptr) {
        Session& session = engine_.sessions().create();
        session.protocol = static_cast<uint8_t>(protocol_);
        session.created_ms = now_ms();
        engine_.access().welcome(session);
        found.session = &session;
        found.closed = false;
        found.bytes.clear();
    }
    return found;
}

Answer World::send(const std::string& name, const Words& words) {
    run(client(name), words);
    return read(name);
}

void World::run(Client& client, const Words& words) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    engine_.begin_batch();
    engine::Request& request = batch_.add();
    if (!views.empty()) resolver_.resolve(views, nullptr, batch_, request);
    request.client = client.session->slot();
    request.client_generation = client.session->generation();
    for (const std::string& word : words) request.wire_bytes += static_cast<uint32_t>(word.size());
    engine_.execute(*client.session, request, batch_.replies());
    engine_.end_turn();
    deliver(batch_.replies());
    batch_.clear();
    end_turn();
}

void World::deliver(const engine::ReplyLog& log) {
    for (const engine::ReplyRecord& record : log.records()) {
        for (auto& [name, each] : clients_) {
            if (each.session == nullptr || each.session->slot() != record.client) continue;
            append_reply(each.bytes, log, record);
            if (record.kind == ReplyKind::Pinned) {
                keyspace_.unpin(const_cast<keyspace::Entry*>(&record.entry()));
            }
        }
    }
    for (auto& [name, each] : clients_) {
        if (!each.closed || each.session == nullptr) continue;
        engine_.forget(*std::exchange(each.session, nullptr));
    }
}

void World::end_turn() {
    ++turn_;
    const uint64_t oldest = turn_ > kTurnsUnderWay ? turn_ - kTurnsUnderWay : 1;
    keyspace_.limbo().begin_turn(turn_, oldest);
    while (auto block = keyspace_.limbo().take_released()) {
        keyspace_.free_block(*block);
        keyspace_.limbo().give_back(std::move(block));
    }
    keyspace_.remote_frees().flush();
}

Answer World::read(const std::string& name) {
    Client& reader = clients_[name];
    if (reader.bytes.empty()) {
        return {.kind = reader.closed ? Answer::Kind::Closed : Answer::Kind::Nothing};
    }
    protocol::ReplyParser parser;
    const auto outcome = parser.parse(reader.bytes);
    CHECK(outcome == protocol::ReplyParser::Outcome::Reply);
    reader.bytes.erase(0, parser.consumed());
    return {.kind = Answer::Kind::Reply, .reply = std::move(parser.reply())};
}

void World::set_protocol(int version) {
    protocol_ = version;
    for (auto& [name, each] : clients_) {
        if (each.session != nullptr) each.session->protocol = static_cast<uint8_t>(version);
    }
}

Status World::configure(const std::string& name, const std::string& value) {
    const config::Assignment assignment{name, value};
    return config_.set({&assignment, 1}, {});
}

void World::advance(int64_t milliseconds) {
    time_.advance_ms(milliseconds);
    engine_.begin_batch();
    engine_.attend_waiting(0);
    engine_.end_turn();
    deliver(batch_.replies());
    batch_.clear();
    end_turn();
}

void World::close(Session& session, engine::CloseMode) {
    session.set(engine::kClosing, true);
    for (auto& [name, each] : clients_) {
        if (each.session == &session) each.closed = true;
    }
}

engine::ReplyLog& World::log_for(Session&) {
    return batch_.replies();
}

void World::rules_changed(Session&) {}

Status World::shutdown(const engine::ShutdownRequest&) {
    return done();
}

Status World::abort_shutdown() {
    return Error("ERR No shutdown in progress.");
}

Status World::crash(std::string_view) {
    return done();
}

void World::on_unit(std::span<const engine::Effect> unit) {
    // More than one is a transaction to whoever reads it.
    static constexpr std::string_view kMulti[] = {"MULTI"};
    static constexpr std::string_view kExec[] = {"EXEC"};
    if (unit.size() > 1) effects.push_back(effect_line(0, kMulti));
    for (const engine::Effect& effect : unit)
        effects.push_back(effect_line(effect.db, effect.words));
    if (unit.size() > 1) effects.push_back(effect_line(0, kExec));
}

void World::on_key_event(engine::EventClass event_class, std::string_view event,
                         std::string_view key, int db) {
    if ((event_classes & static_cast<uint32_t>(event_class)) == 0) return;
    events.push_back(event_line(db, event, key));
}

}  // namespace millrace::transcript
