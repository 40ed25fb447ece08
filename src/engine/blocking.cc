// SPDX-License-Identifier: BSD-3-Clause
#include "engine/blocking.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "base/numbers.h"
#include "engine/call.h"
#include "engine/engine.h"

namespace millrace::engine {

using keyspace::ValueType;

void reply_timed_out(ReplyWriter& reply) {
    reply.null_array();
}

void reply_nothing(ReplyWriter& reply) {
    reply.null();
}

// --- deadlines ---

namespace {

constexpr ErrorText kTimeoutNotFloat{"ERR timeout is not a float or out of range"};
constexpr ErrorText kTimeoutNotInteger{"ERR timeout is not an integer or out of range"};
constexpr ErrorText kTimeoutOutOfRange{"ERR timeout is out of range"};
constexpr ErrorText kTimeoutNegative{"ERR timeout is negative"};

Result<int64_t> deadline_after(Call& call, int64_t timeout_ms) {
    if (timeout_ms < 0) return kTimeoutNegative;
    if (timeout_ms == 0) return kNoDeadline;
    int64_t deadline_ms = 0;
    if (__builtin_add_overflow(call.now_ms(), timeout_ms, &deadline_ms)) return kTimeoutOutOfRange;
    return deadline_ms;
}

}  // namespace

Result<int64_t> deadline_in_seconds(Call& call, size_t at) {
    const auto seconds = parse_long_double(call.arg(at));
    if (!seconds || std::isnan(*seconds)) return kTimeoutNotFloat;
    const long double milliseconds = std::ceil(*seconds * 1000);
    if (milliseconds >= static_cast<long double>(std::numeric_limits<int64_t>::max())) {
        return kTimeoutOutOfRange;
    }
    if (milliseconds < 0) return kTimeoutNegative;
    return deadline_after(call, static_cast<int64_t>(milliseconds));
}

Result<int64_t> deadline_in_milliseconds(Call& call, size_t at) {
    const auto milliseconds = parse_integer(call.arg(at));
    if (!milliseconds) return kTimeoutNotInteger;
    return deadline_after(call, *milliseconds);
}

// --- what waits ---

// One waiting session; its extension.
struct Blocking::Wait final : SessionExtension {
    Wait(Session& of, uint64_t number, Request& waiting, keyspace::Keyspace& keyspace)
        : session(of), arrival(number), command(waiting, keyspace) {}

    void describe(SessionSummary& summary) const override {
        summary.blocking_keys = queues.size();
        summary.blocking_times_out = deadline_ms != kNoDeadline;
        summary.memory_bytes += sizeof *this + command.request.wire_bytes;
    }
    bool unblock(Engine& engine, Session& of, bool with_error) override {
        if (!with_error) return engine.blocking().time_out(of);
        return engine.blocking().fail(of, "UNBLOCKED client unblocked via CLIENT UNBLOCK");
    }

    Session& session;
    const uint64_t arrival;
    OwnedRequest command;
    ValueType type = ValueType::String;
    bool on_missing = false;
    int64_t deadline_ms = kNoDeadline;
    void (*timed_out)(ReplyWriter&) = reply_timed_out;
    std::vector<Queue*> queues;
};

// Those who wait for one key.
struct Blocking::Queue {
    int db = 0;
    std::string key;
    std::map<uint64_t, Wait*> waits;  // By arrival.
    size_t on_missing = 0;            // How many of them wait so.
    bool ready = false;               // Stands in ready_.
    bool serving = false;
};

size_t Blocking::KeyNameHash::operator()(const KeyName& name) const {
    return engine->keyspace().hash(name.key) + static_cast<size_t>(name.db);
}

Blocking::Blocking(Engine& engine) : engine_(engine), queues_(0, KeyNameHash{&engine}) {}
Blocking::~Blocking() = default;

void Blocking::block(Session& session, const Request& request, const WaitFor& asked) {
    CHECK(!session.is(kBlocked));
    Request kept = request;
    kept.prebuilt = nullptr;
    if (!asked.words.empty()) {
        kept.words = asked.words.data();
        kept.word_count = static_cast<uint32_t>(asked.words.size());
    }
    auto owned = std::make_unique<Wait>(session, next_arrival_++, kept, engine_.keyspace());
    Wait& wait = *owned;
    wait.type = asked.type;
    wait.on_missing = asked.on_missing;
    wait.deadline_ms = asked.deadline_ms;
    wait.timed_out = asked.timed_out;
    waits_.emplace(wait.arrival, &wait);
    if (wait.deadline_ms != kNoDeadline) deadlines_.emplace(wait.deadline_ms, wait.arrival);
    enqueue(wait, asked, session.database);
    session.blocked = std::move(owned);
    session.set(kBlocked, true);
}

void Blocking::enqueue(Wait& wait, const WaitFor& asked, int db) {
    for (const std::string_view key : asked.keys) {
        auto found = queues_.find(KeyName{db, key});
        if (found == queues_.end()) {
            auto fresh = std::make_unique<Queue>();
            fresh->db = db;
            fresh->key = key;
            const KeyName name{db, fresh->key};
            found = queues_.emplace(name, std::move(fresh)).first;
        }
        Queue& queue = *found->second;
        if (!queue.waits.emplace(wait.arrival, &wait).second) continue;  // Named twice.
        queue.on_missing += wait.on_missing;
        wait.queues.push_back(&queue);
    }
}

void Blocking::unlink(Wait& wait) {
    for (Queue* queue : wait.queues) {
        queue->waits.erase(wait.arrival);
        queue->on_missing -= wait.on_missing;
        drop_if_idle(*queue);
    }
    wait.queues.clear();
    if (wait.deadline_ms != kNoDeadline) deadlines_.erase({wait.deadline_ms, wait.arrival});
    waits_.erase(wait.arrival);
}

void Blocking::drop_if_idle(Queue& queue) {
    // One that is ready or being served is dropped when that is over.
    if (queue.ready || queue.serving || !queue.waits.empty()) return;
    queues_.erase(queues_.find(KeyName{queue.db, queue.key}));
}

void Blocking::release(Wait& wait) {
    Session& session = wait.session;
    unlink(wait);
    session.set(kBlocked, false);
    session.blocked.reset();
    if (!session.deferred.empty()) engine_.wake(session);
}

void Blocking::forget(Session& session) {
    if (Wait* wait = wait_of(session)) unlink(*wait);
}

Blocking::Wait* Blocking::wait_of(Session& session) {
    // Nobody else sets kBlocked together with `blocked`.
    return session.is(kBlocked) ? static_cast<Wait*>(session.blocked.get()) : nullptr;
}

// --- keys that become ready ---

void Blocking::mark_ready(Queue& queue) {
    if (queue.ready) return;
    queue.ready = true;
    ready_.push_back(&queue);
}

void Blocking::note_change(std::string_view key, int db) {
    if (!key.empty()) {
        const auto found = queues_.find(KeyName{db, key});
        if (found != queues_.end()) mark_ready(*found->second);
        return;
    }
    // The whole database, or the key whose name is empty.
    for (auto& [name, queue] : queues_) {
        if (name.db == db) mark_ready(*queue);
    }
}

void Blocking::serve() {
    // What becomes ready meanwhile has its turn afterwards.
    while (!ready_.empty()) {
        const std::vector<Queue*> ready = std::exchange(ready_, {});
        for (Queue* queue : ready) serve_queue(*queue);
    }
}

std::optional<ValueType> Blocking::type_at(const Queue& queue) const {
    keyspace::Keyspace& keyspace = engine_.keyspace();
    const auto position = keyspace.find_live(queue.db, queue.key, keyspace.hash(queue.key));
    if (!position) return std::nullopt;
    return position.element()->type();
}

void Blocking::serve_queue(Queue& queue) {
    queue.ready = false;
    queue.serving = true;
    const uint64_t last = next_arrival_ - 1;  // Who comes meanwhile has found out for himself.
    for (uint64_t arrival = 0;;) {
        const auto next = queue.waits.upper_bound(arrival);
        if (next == queue.waits.end() || next->first > last) break;
        arrival = next->first;
        Wait& wait = *next->second;
        const std::optional<ValueType> type = type_at(queue);
        if (type == wait.type || wait.on_missing) {
            if (!wait.session.is(kClosing)) run_again(wait);
        } else if (!type && queue.on_missing == 0) {
            break;  // Nothing is left for the others.
        }
    }
    queue.serving = false;
    drop_if_idle(queue);
}

void Blocking::run_again(Wait& wait) {
    ReplyLog& log = engine_.clients().log_for(wait.session);
    if (!engine_.execute_again(wait.session, wait.command.request, log)) release(wait);
}

// --- how waits end otherwise ---

bool Blocking::time_out(Session& session) {
    Wait* wait = wait_of(session);
    if (wait == nullptr) return false;
    engine_.answer_waiting(session, wait->command.request, wait->timed_out, {});
    release(*wait);
    return true;
}

bool Blocking::fail(Session& session, std::string_view error) {
    Wait* wait = wait_of(session);
    if (wait == nullptr) return false;
    engine_.answer_waiting(session, wait->command.request, nullptr, error);
    release(*wait);
    return true;
}

void Blocking::fail_all(std::string_view error) {
    while (!waits_.empty()) fail(waits_.begin()->second->session, error);
}

void Blocking::expire() {
    const int64_t now_ms = engine_.now_ms();
    while (!deadlines_.empty() && deadlines_.begin()->first <= now_ms) {
        time_out(waits_.at(deadlines_.begin()->second)->session);
    }
}

std::optional<int64_t> Blocking::next_deadline_ms() const {
    if (deadlines_.empty()) return std::nullopt;
    return deadlines_.begin()->first;
}

size_t Blocking::keys_on_missing() const {
    return static_cast<size_t>(std::count_if(queues_.begin(), queues_.end(), [](const auto& each) {
        return each.second->on_missing != 0;
    }));
}

void Blocking::check_invariants() const {
    size_t places = 0;
    for (const auto& [name, queue] : queues_) {
        CHECK(name.db == queue->db && name.key == queue->key);
        CHECK(!queue->serving);
        CHECK(queue->ready || !queue->waits.empty());
        places += queue->waits.size();
    }
    size_t timed = 0;
    for (const auto& [arrival, wait] : waits_) {
        CHECK(wait->arrival == arrival);
        CHECK(wait->session.is(kBlocked) && wait->session.blocked.get() == wait);
        timed += wait->deadline_ms != kNoDeadline;
        places -= wait->queues.size();
    }
    CHECK(places == 0);
    CHECK(timed == deadlines_.size());
}

}  // namespace millrace::engine
