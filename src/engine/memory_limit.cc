// SPDX-License-Identifier: BSD-3-Clause
#include "engine/memory_limit.h"

#include <algorithm>
#include <cmath>

#include "base/cycle_clock.h"
#include "base/memory.h"
#include "engine/client_limit.h"
#include "engine/engine.h"

namespace millrace::engine {
namespace {

// Less than this is taken by no batch, or only by commands of milliseconds, after which the engine
// begins anew.
constexpr uint64_t kBatchBytesMax = uint64_t{32} << 20;
constexpr int64_t kUnlimited = 100;
// More than there is; beyond it sums with a sign would overflow.
constexpr uint64_t kLimitMax = uint64_t{1} << 62;
// However long they take: else a busy machine would let the dataset grow.
constexpr int kKeysPerSliceMin = 2;
constexpr int64_t kNothingYet = -1;
// How long messages may take from here to their sockets.
constexpr uint64_t kTellingNs = 2'000'000;

// Compat: 50 us for each step up to 10, then 15 % more for each, and no end at 100.
uint64_t slice_of(int64_t tenacity) {
    if (tenacity >= kUnlimited) return UINT64_MAX;
    if (tenacity <= 10) return static_cast<uint64_t>(tenacity) * 50'000;
    return static_cast<uint64_t>(500'000 * std::pow(1.15, static_cast<double>(tenacity - 10)));
}

// What the calling thread has taken, less what it has freed.
int64_t own_bytes() {
    const MemoryCounters* own = thread_memory_counters;
    if (own == nullptr) return 0;
    constexpr auto kRelaxed = std::memory_order_relaxed;
    return static_cast<int64_t>(own->allocated.load(kRelaxed) +
                                own->slab_allocated.load(kRelaxed) - own->freed.load(kRelaxed) -
                                own->slab_freed.load(kRelaxed));
}

}  // namespace

MemoryLimit::MemoryLimit(Engine& engine) : engine_(engine), finder_(engine.keyspace()) {}

void MemoryLimit::configure(const keyspace::Settings& settings, uint64_t limit) {
    limit_ = limit;
    counts_buffers_ = settings.maxmemory_count_buffers;
    near_ = limit_ - std::min(limit_ / 4, kBatchBytesMax);
    slice_ns_ = slice_of(settings.maxmemory_eviction_tenacity);
    finder_.configure(settings.maxmemory_policy, static_cast<int>(settings.maxmemory_samples));
    engine_.keyspace().count_condemned(active());
    rest_until_ = 0;
    left_ = kNothingYet;
    told_at_ = 0;
    evicting_ = active();  // The cron looks at once.
    if (!active()) settle_within();
    engine_.set_condition(kMemoryLimited, active());
}

void MemoryLimit::begin_batch() {
    used_ = static_cast<int64_t>(used_bytes());
    own_ = own_bytes();
    told_ = 0;
    const bool near = excess() > -static_cast<int64_t>(limit_ - near_);
    engine_.set_condition(kMemoryLimited, near);
    if (!near && (out_of_memory_ || evicting_ || exceeded_since_ns_ != 0)) settle_within();
}

uint64_t MemoryLimit::uncounted_bytes() const {
    uint64_t total = uncounted_.total();
    if (!counts_buffers_) total += engine_.server().threads.buffer_bytes();
    return total;
}

// Bytes above the limit.
int64_t MemoryLimit::excess() const {
    const auto gone = static_cast<int64_t>(engine_.keyspace().condemned_bytes() +
                                           engine_.client_limit().closing_bytes());
    const auto uncounted = static_cast<int64_t>(uncounted_bytes());
    const auto limit = static_cast<int64_t>(std::min(limit_, kLimitMax));
    return used_ + own_bytes() - own_ - told_ - gone - uncounted - limit;
}

bool MemoryLimit::may_evict() const {
    if (exempt_ || (engine_.conditions() & (kLoadingData | kScriptBusy)) != 0) return false;
    return engine_.pause().mode() == Pause::Mode::None;
}

bool MemoryLimit::make_room() {
    if (excess() <= 0) {
        settle_within();
        return true;
    }
    if (engine_.keyspace().keeps_expired()) {  // While data is imported nothing goes.
        evicting_ = false;
        out_of_memory_ = true;
        return false;
    }
    if (!may_evict()) {
        evicting_ = false;
        return true;
    }
    const int64_t allowed = allowed_excess();
    if (excess() <= allowed) return true;
    out_of_memory_ = !evict(allowed);
    return !out_of_memory_;
}

// While others have their turn, or what clients were told is on its way to them, what is above the
// limit may stay, but it must not grow.
int64_t MemoryLimit::allowed_excess() const {
    const uint64_t now = CycleClock::now();
    const bool tells = CycleClock::to_nanoseconds(now - told_at_) < kTellingNs;
    if (now >= rest_until_ && !tells) return 0;
    return std::max<int64_t>(left_, 0) + (tells ? telling_ : 0);
}

// Evicts for a slice of time, or until no more than `allowed` is above the limit; false if nothing
// was left that may go.
bool MemoryLimit::evict(int64_t allowed) {
    const uint64_t begin = CycleClock::now();
    uint64_t spent_ns = 0;
    bool found = true;
    // The clock is looked at after each key but the first ones: where the system has just taken
    // memory of the surroundings back, one may take a hundred times as long as another.
    for (int count = 1; found && excess() > allowed; ++count) {
        keyspace::VictimFinder::Victim victim;
        found = finder_.next(victim);
        if (!found) break;
        remove(victim);
        if (count < kKeysPerSliceMin) continue;
        spent_ns = CycleClock::to_nanoseconds(CycleClock::now() - begin);
        if (spent_ns >= slice_ns_) break;
    }
    const int64_t above = std::max<int64_t>(excess(), 0);
    // Where a slice ends early, what a batch brings along would else become what may stay.
    left_ = left_ == kNothingYet ? above : std::min(left_, above);
    evicting_ = found && above > 0;
    if (evicting_ && allowed == 0) rest(begin, spent_ns);
    if (found && !evicting_) {
        settle_within();
    } else if (exceeded_since_ns_ == 0) {
        exceeded_since_ns_ = static_cast<uint64_t>(engine_.time().monotonic_nanoseconds());
    }
    spent_ns = CycleClock::to_nanoseconds(CycleClock::now() - begin);
    engine_.latency().record("eviction-cycle", engine_.now_us() / 1000000,
                             static_cast<int64_t>(spent_ns / 1000000));
    return found;
}

// Others get as long as the slice took, but no longer for the time in which somebody else had the
// core.
void MemoryLimit::rest(uint64_t begin, uint64_t spent_ns) {
    const uint64_t now = CycleClock::now();
    const uint64_t share_ns = std::min(slice_ns_, spent_ns);
    rest_until_ = now + (now - begin) * share_ns / std::max<uint64_t>(spent_ns, 1);
}

void MemoryLimit::remove(const keyspace::VictimFinder::Victim& victim) {
    keyspace::Keyspace& keyspace = engine_.keyspace();
    keyspace::Entry* entry = victim.position.element();
    const uint64_t begin = engine_.latency().threshold_ms() > 0 ? CycleClock::now() : 0;
    keyspace.before_change(keyspace.database(victim.db), victim.position);
    keyspace.database(victim.db).remove(victim.position, victim.hash);
    ++keyspace.counters().evicted;
    tell(entry->key(), victim.db);
    keyspace.retire(entry);
    if (begin == 0) return;
    const uint64_t spent_ns = CycleClock::to_nanoseconds(CycleClock::now() - begin);
    engine_.latency().record("eviction-del", engine_.now_us() / 1000000,
                             static_cast<int64_t>(spent_ns / 1000000));
}

void MemoryLimit::tell(std::string_view key, int db) {
    const int64_t before = own_bytes();
    engine_.key_changed(key, db);
    engine_.emit(EventClass::Evicted, "evicted", key, db);
    const int64_t after = own_bytes();
    if (after > before) {
        const uint64_t now = CycleClock::now();
        if (CycleClock::to_nanoseconds(now - told_at_) >= kTellingNs) telling_ = 0;
        told_at_ = now;
        telling_ += after - before;
    }
    if (engine_.effects().wanted()) {
        const bool lazy = engine_.settings().lazyfree_eviction;
        engine_.effects().record(db, {lazy ? "UNLINK" : "DEL", key});
        engine_.effects().end_unit();
    }
    told_ += std::max<int64_t>(after - before, 0) + std::max<int64_t>(own_bytes() - after, 0);
}

// The limit is kept, or kept again.
void MemoryLimit::settle_within() {
    out_of_memory_ = false;
    evicting_ = false;
    left_ = kNothingYet;
    if (exceeded_since_ns_ == 0) return;
    exceeded_ns_ += exceeded_now_ms() * 1000000;
    exceeded_since_ns_ = 0;
}

uint64_t MemoryLimit::exceeded_now_ms() const {
    if (exceeded_since_ns_ == 0) return 0;
    const auto now_ns = static_cast<uint64_t>(engine_.time().monotonic_nanoseconds());
    return (now_ns - exceeded_since_ns_) / 1000000;
}

uint64_t MemoryLimit::exceeded_ms() const {
    return exceeded_ns_ / 1000000 + exceeded_now_ms();
}

void MemoryLimit::reset_statistics() {
    exceeded_ns_ = 0;
    exceeded_since_ns_ = 0;
}

}  // namespace millrace::engine
