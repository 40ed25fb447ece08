// SPDX-License-Identifier: BSD-3-Clause
//
// What the main thread does with a batch, in passes: fetch the buckets of all its keys, then find
// and fetch all entries, then, for commands on collections, the collections and what they lead to,
// then execute. Fetches that stand back to back overlap their waits,
// those for the page tables included; with a command's work between them they do not
// (docs/decisions/0001-measured-first.md, experiment 1).
#include <algorithm>
#include <array>
#include <utility>

#include "base/cycle_clock.h"
#include "base/prefetch.h"
#include "engine/append_log.h"
#include "engine/hot_keys.h"
#include "keyspace/collection.h"
#include "pipeline/pipeline.h"

namespace millrace::pipeline {

using engine::Request;
using engine::RequestKind;
using engine::Session;

namespace {
// Of what a collection leads to; the processor goes on by itself where a command reads more.
constexpr size_t kContentLines = 2;

// A load where a fetch was asked for: processors drop fetches whose page is not at hand, but not
// loads, and those that stand back to back overlap as well. A tenth of the cost of a GET of 512
// bytes, a third of that of a SET whose entry another thread has built.
[[gnu::always_inline]] inline void touch(const void* address) {
    const char byte = *static_cast<const volatile char*>(address);
    asm volatile("" ::"r"(byte));
}

// The place of one request's first key.
struct Lookup {
    const Request* request;
    const keyspace::Database* database;
    size_t key_bytes;
};

// What is most likely the entry of that key.
struct Found {
    const keyspace::Entry* entry;
    const Lookup* lookup;
};

// A collection that a command works on, and the element that it will look for; may be empty.
struct Target {
    const keyspace::Collection* collection;
    std::string_view element;
    uint64_t place;
};

// Looks all entries up, and touches them.
size_t fetch_entries(std::span<const Lookup> lookups, std::span<Found> found) {
    std::array<const Lookup*, Batch::kRequestsMax> further;
    size_t count = 0;
    size_t further_count = 0;
    for (const Lookup& lookup : lookups) {
        const auto& table = lookup.database->table();
        const keyspace::Entry* entry = table.likely_element(lookup.request->key_hash);
        if (entry != nullptr) {
            found[count++] = {entry, &lookup};
        } else if (table.prefetch_further(lookup.request->key_hash)) {
            further[further_count++] = &lookup;
        }
    }
    const size_t at_home = count;
    for (size_t i = 0; i < at_home; ++i) touch(found[i].entry);
    for (const Lookup* lookup : std::span(further.data(), further_count)) {
        const keyspace::Entry* entry =
            lookup->database->table().further_element(lookup->request->key_hash);
        if (entry != nullptr) found[count++] = {entry, lookup};
    }
    for (size_t i = at_home; i < count; ++i) touch(found[i].entry);
    return count;
}

// The key of an entry may reach into its next line.
void fetch_key_ends(std::span<const Found> found) {
    for (const Found& each : found) {
        prefetch(reinterpret_cast<const char*>(each.entry) + sizeof(keyspace::Entry) +
                 each.lookup->key_bytes - 1);
    }
}

std::string_view element_of(const Request& request) {
    const auto at = static_cast<size_t>(request.command->spec().element);
    return at == 0 || at >= request.word_count ? std::string_view() : request.words[at];
}

void fetch_elements(std::span<Target> targets) {
    for (Target& target : targets) target.place = target.collection->fetch_place(target.element);
    for (const Target& target : targets) target.collection->fetch_element(target.place);
}

void fetch_collections(std::span<const Found> found) {
    std::array<Target, Batch::kRequestsMax> targets;
    size_t count = 0;
    for (const auto& [entry, lookup] : found) {
        if (!lookup->request->command->works_on_collections() || entry->is_string()) continue;
        touch(entry->collection());
        targets[count++] = {entry->collection(), element_of(*lookup->request), 0};
    }
    size_t with_element = 0;
    for (size_t i = 0; i < count; ++i) {
        const auto* contents = static_cast<const char*>(targets[i].collection->contents());
        touch(contents);
        for (size_t line = 1; line < kContentLines; ++line) prefetch(contents + line * 64);
        if (!targets[i].element.empty()) targets[with_element++] = targets[i];
    }
    fetch_elements({targets.data(), with_element});
}
}  // namespace

void Pipeline::fetch(std::span<const Request> requests) {
    std::array<Lookup, Batch::kRequestsMax> lookups;
    size_t lookup_count = 0;
    for (const Request& request : requests) {
        if (request.command == nullptr || request.command->first_key() == 0) continue;
        const auto key_at = static_cast<size_t>(request.command->first_key());
        if (key_at >= request.word_count) continue;
        const Session* session = engine_.sessions().find(request.client, request.client_generation);
        if (session == nullptr) continue;
        const keyspace::Database& database = engine_.keyspace().database(session->database);
        database.prefetch_bucket(request.key_hash);
        lookups[lookup_count++] = {&request, &database, request.words[key_at].size()};
    }
    // Built by the thread that read the request: they are in its cache.
    for (const Request& request : requests)
        if (request.prebuilt != nullptr) touch(request.prebuilt);
    std::array<Found, Batch::kRequestsMax> found;
    const size_t count = fetch_entries({lookups.data(), lookup_count}, found);
    fetch_key_ends({found.data(), count});
    fetch_collections({found.data(), count});
}

void Pipeline::execute(Batch& batch, SideNumber side) {
    flush_outbox(side);
    const uint64_t begin = CycleClock::now();
    Batch* const outer = std::exchange(executing_, &batch);
    const SideNumber outer_side = std::exchange(executing_side_, side);
    const size_t outer_next = std::exchange(executing_next_, 0);
    for (auto& block : batch.to_free) engine_.keyspace().limbo().give_back(std::move(block));
    batch.to_free.clear();
    // Time stands still for a script that lets others be served.
    if (engine_.running() == nullptr) engine_.begin_batch();
    const std::span<Request> requests = batch.requests();
    const size_t count = requests.size();
    if (count > 1) fetch(requests);
    const size_t looked_at = engine_.hot_keys().choose(count);
    if (looked_at < count) [[unlikely]]
        execute_through(looked_at);
    execute_rest();
    if (count > 1) {
        ++state_.loop.prefetch_batches;
        state_.loop.prefetch_entries += count;
    }
    executing_ = outer;
    executing_side_ = outer_side;
    executing_next_ = outer_next;
    execute_ns_ += CycleClock::to_nanoseconds(CycleClock::now() - begin);
}

void Pipeline::execute_rest() {
    execute_before(executing_->requests().size());
}

void Pipeline::execute_before(size_t end) {
    const std::span<Request> requests = executing_->requests();
    while (executing_next_ < end) {
        run_request(requests[executing_next_++], *executing_, executing_side_);
    }
}

// Runs the requests up to this one, and looks at it for the statistics of keys.
void Pipeline::execute_through(size_t looked_at) {
    execute_before(looked_at);
    if (executing_next_ != looked_at) return;  // A busy script has let it run already.
    const engine::HotKeys::Sample sample(engine_.hot_keys(), executing_->requests()[looked_at]);
    execute_before(looked_at + 1);
}

// --- while a script is busy ---

// Hands on the replies that there are, without those of the script's own client to come.
void Pipeline::publish_so_far() {
    if (executing_ == nullptr || executing_->replies().empty()) return;
    auto part = std::make_unique<Batch>();
    std::swap(part->replies(), executing_->replies());
    publish(std::move(part), executing_side_);
}

// A turn inside of a turn. Each client is served in order: first what is left of the batch that
// the script is in, then what comes new. The script's own client waits.
void Pipeline::serve_while_busy() {
    Session* const running = engine_.running();
    const bool is_client = running != nullptr && engine_.sessions().at(running->slot()) == running;
    if (busy_session_ == nullptr && is_client) {
        busy_session_ = running;
        busy_session_->set(engine::kDeferring, true);
    }
    if (executing_ != nullptr) execute_rest();
    publish_so_far();
    // What commands of a log replace would wait for as long as the loading takes.
    if ((engine_.conditions() & engine::kLoadingData) != 0) begin_turn();
    Batch* const outer = std::exchange(executing_, nullptr);
    if (threads_in_use()) {
        drain_threads();
        if (all_asleep()) {  // Nobody else polls.
            take_token();
            poll(0);
            token_.grant();
        }
    } else {
        take_token();
        poll(0);
        run_side_zero();
    }
    if (accepts_pending_.exchange(false, std::memory_order_acq_rel) && accept_ready_)
        accept_ready_();
    flush_outboxes();
    release_held();
    executing_ = outer;
}

void Pipeline::end_busy_script() {
    if (busy_session_ == nullptr) return;
    Session& session = *std::exchange(busy_session_, nullptr);
    if (std::exchange(busy_session_left_, false)) {
        leave(session, log_for(session));
    } else {
        engine_.wake(session);
    }
}

void Pipeline::run_request(Request& request, Batch& batch, SideNumber) {
    switch (request.kind) {
        case RequestKind::Command:
            execute_command(request, batch);
            return;
        case RequestKind::InputLimit:
            ++state_.net.closed_for_input_limit;
            [[fallthrough]];
        case RequestKind::ProtocolError:
            execute_command(request, batch);
            return;
        case RequestKind::Disconnected:
            if (Session* session =
                    engine_.sessions().find(request.client, request.client_generation)) {
                if (session == busy_session_) {
                    busy_session_left_ = true;
                } else {
                    leave(*session, batch.replies());
                }
            }
            return;
        case RequestKind::Frozen:
            frozen(request, batch.replies());
            return;
        case RequestKind::Detached:
            detached(request);
            return;
        case RequestKind::Unpinned:
            engine_.keyspace().unpin(request.entry());
            return;
    }
}

void Pipeline::execute_command(Request& request, Batch& batch) {
    Session* session = engine_.sessions().find(request.client, request.client_generation);
    if (session == nullptr) {
        engine_.return_prebuilt(request);
        return;
    }
    const bool barrier = session->is(engine::kUnauthenticated) ||
                         (request.command != nullptr && request.command->has(engine::kBarrier));
    engine_.execute(*session, request, batch.replies());
    if (barrier) rules_changed(*session);
}

// --- results ---

void Pipeline::publish(std::unique_ptr<Batch> batch, SideNumber side) {
    Ledger& ledger = ledgers_[side];
    ledger.turns.push_back(turn_);
    if (!frees_[side].empty()) batch->to_free.swap(frees_[side]);
    if (gate_ != nullptr) [[unlikely]] {
        const uint64_t mark = gate_->mark();
        if (!held_[side].empty() || mark > gate_->released()) {
            return hold(std::move(batch), side, mark);
        }
    }
    deliver(std::move(batch), side);
}

void Pipeline::deliver(std::unique_ptr<Batch> batch, SideNumber side) {
    if (side == 0) {
        const RoleScope role(io_side);
        side_zero_.complete(std::move(batch));
    } else {
        threads_[side - 1u]->deliver(std::move(batch));
    }
}

// --- results that wait for the log ---

void Pipeline::set_gate(engine::ReplyGate* gate) {
    if (gate == gate_) return;
    gate_ = gate;
    if (gate == nullptr) release_held(UINT64_MAX);
}

void Pipeline::wake_main() {
    poller_.wake();
    waiting_.parking.wake();
}

void Pipeline::hold(std::unique_ptr<Batch> batch, SideNumber side, uint64_t mark) {
    if (held_count_++ == 0) held_first_mark_ = mark;
    held_[side].push_back({mark, std::move(batch)});
}

void Pipeline::hand_over() {
    if (gate_ != nullptr) gate_->hand_over();
}

bool Pipeline::anything_released() const {
    return held_count_ != 0 && gate_ != nullptr && gate_->released() >= held_first_mark_;
}

// Once what has been executed is on its way to the log, everything leaves that is safe already.
bool Pipeline::release_held() {
    if (gate_ == nullptr) return false;
    gate_->hand_over();
    return held_count_ != 0 && release_held(gate_->released());
}

bool Pipeline::release_held(uint64_t released) {
    if (held_count_ == 0 || released < held_first_mark_) return false;
    bool any = false;
    held_first_mark_ = UINT64_MAX;
    for (size_t side = 0; side < held_.size(); ++side) {
        std::deque<Held>& held = held_[side];
        while (!held.empty() && held.front().mark <= released) {
            std::unique_ptr<Batch> batch = std::move(held.front().batch);
            held.pop_front();
            --held_count_;
            any = true;
            deliver(std::move(batch), static_cast<SideNumber>(side));
        }
        if (!held.empty()) held_first_mark_ = std::min(held_first_mark_, held.front().mark);
    }
    const RoleScope role(io_side);
    side_zero_.write();
    return any;
}

void Pipeline::release_all() {
    flush_outboxes();
    release_held(UINT64_MAX);
}

Batch& Pipeline::outbox(SideNumber side) {
    if (outboxes_[side] == nullptr) outboxes_[side] = std::make_unique<Batch>();
    return *outboxes_[side];
}

void Pipeline::flush_outbox(SideNumber side) {
    if (outboxes_[side] != nullptr) publish(std::exchange(outboxes_[side], nullptr), side);
}

void Pipeline::flush_outboxes() {
    for (size_t side = 0; side <= threads_.size(); ++side)
        flush_outbox(static_cast<SideNumber>(side));
    const RoleScope role(io_side);
    side_zero_.write();
}

engine::ReplyLog& Pipeline::log_for(Session& session) {
    Placement& placement = placements_.at(session.slot());
    if (placement.phase == MovePhase::Detaching) {
        if (placement.transit == nullptr) placement.transit = std::make_unique<engine::ReplyLog>();
        return *placement.transit;
    }
    if (executing_ != nullptr && executing_side_ == placement.side) return executing_->replies();
    return outbox(placement.side).replies();
}

}  // namespace millrace::pipeline
