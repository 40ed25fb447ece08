// SPDX-License-Identifier: BSD-3-Clause
#include "server/cron.h"

#include <algorithm>
#include <utility>

#include "base/cycle_clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "engine/dispatch.h"
#include "engine/hot_keys.h"
#include "engine/memory_limit.h"
#include "replication/link_cache.h"
#include "server/watchdog.h"

namespace millrace::server {
namespace {

constexpr int64_t kSlowTickUs = 100000;
constexpr size_t kSegmentsFreedPerSlice = 64;
// A step looks at a segment, of about a hundred keys: so each is seen again when half of its keys
// have gone.
constexpr uint64_t kShrinkStepsPerTick = 64;
constexpr uint64_t kKeysLostPerShrinkStep = 64;
constexpr uint64_t kShrinkSliceNs = 500'000;
// While an index of expiries is made anew there are two, so it does not take long.
constexpr size_t kSegmentsTidiedPerSlice = 64;
constexpr int64_t kTidyEveryUs = 5000;
constexpr int64_t kTrimPeriodMs = 1000;
constexpr uint64_t kQuietCommands = 20;  // In that time.
constexpr uint64_t kSlackBytesMax = uint64_t{64} << 20;
// A slice of background work holds the loop no longer than this, so that nobody notices.
constexpr int64_t kExpireSliceUs = 500;

}  // namespace

void Cron::expire() {
    if (!engine_.debug_switches().active_expire || engine_.keyspace().keeps_expired()) {
        more_to_expire_ = false;
        return;
    }
    keyspace::KeyspaceCounters& counters = engine_.keyspace().counters();
    const uint64_t before_us = counters.expire_cycle_microseconds;
    more_to_expire_ = engine_.keyspace().expire_due(kExpireSliceUs * expire_effort_);
    const uint64_t spent_us = counters.expire_cycle_microseconds - before_us;
    engine_.latency().record("expire-cycle", engine_.now_us() / 1000000,
                             static_cast<int64_t>(spent_us / 1000));
    engine_.effects().end_unit();
}

// Goes on with what commands had no time for.
void Cron::evict() {
    if (!engine_.memory_limit().evicting()) return;
    engine_.begin_batch();
    engine_.memory_limit().make_room();
}

void Cron::close_idle_clients() {
    if (net_.timeout <= 0) return;
    const int64_t oldest_ms = engine_.now_ms() - net_.timeout * 1000;
    engine_.sessions().for_each([&](engine::Session& session) {
        if (session.last_interaction_ms >= oldest_ms ||
            session.is(engine::kBlocked | engine::kSubscribed))
            return;
        log_verbose("Closing idle client");
        engine_.clients().close(session, engine::CloseMode::Now);
    });
}

// Who has been above a soft limit for too long is closed even if nothing more is said to it.
void Cron::check_output_limits() {
    engine_.sessions().for_each([&](engine::Session& session) {
        if (session.over_soft_limit_since_ms != 0) engine::Dispatch(engine_).check_output(session);
    });
}

void Cron::shrink_tables() {
    if (!engine_.debug_switches().table_resizing) return;
    keyspace::Keyspace& keyspace = engine_.keyspace();
    uint64_t lost = 0;
    for (int db = 0; db < keyspace.database_count(); ++db)
        lost += keyspace.database(db).keys_lost();
    const uint64_t before = std::exchange(keys_lost_, lost);  // It was more if one was flushed.
    uint64_t steps = kShrinkStepsPerTick;
    if (lost > before) steps += (lost - before) / kKeysLostPerShrinkStep;
    const uint64_t begin = CycleClock::now();
    for (; steps > 0; --steps) {
        auto& table = keyspace.database(shrink_db_).table();
        shrink_position_ = table.shrink_step(shrink_position_);
        if (shrink_position_ == 0) {
            shrink_db_ = (shrink_db_ + 1) % keyspace.database_count();
            if (shrink_db_ == 0) return;
        }
        if (CycleClock::to_nanoseconds(CycleClock::now() - begin) >= kShrinkSliceNs) return;
    }
}

// Gives memory without objects back to the system: after much was deleted, or when nobody asks for
// anything.
void Cron::trim_memory() {
    const int64_t now_ms = engine_.now_ms();
    if (now_ms < next_trim_ms_) return;
    next_trim_ms_ = now_ms + kTrimPeriodMs;
    const uint64_t used = used_bytes();
    used_since_trim_highest_ = std::max(used_since_trim_highest_, used);
    const uint64_t commands = engine_.counters().commands_processed;
    const uint64_t commands_since = commands - std::exchange(commands_at_trim_, commands);
    // Whoever only watches the server does not count.
    const bool quiet = commands_since <= kQuietCommands;
    if (quiet) pipeline_.drop_spares();
    if (quiet && !quiet_) pipeline_.tidy_threads();
    quiet_ = quiet;
    const bool idle = commands_since == 0;
    if (!idle && used_since_trim_highest_ < used + used / 8 + kSlackBytesMax) return;
    defragmenter_.trim();
    used_since_trim_highest_ = used;
}

void Cron::watch_keys() {
    engine::HotKeys& keys = engine_.hot_keys();
    if (!keys.enabled() || (engine_.conditions() & engine::kLoadingData) != 0) return;
    keys.refresh();
    keys.big_keys().walk();
}

void Cron::tick() {
    feed_watchdog(settings_.watchdog_period);
    close_idle_clients();
    check_output_limits();
    shrink_tables();
    trim_memory();
    engine_.pause().check(engine_);
    keyspace::Keyspace& keyspace = engine_.keyspace();
    keyspace.heap().collect();
    state_.memory.note(used_bytes(), engine_.now_ms() / 1000);
}

void Cron::slow_tick() {
    defragmenter_.decide();
    watch_keys();
    replication::LinkCache::close_unused(engine_);
    pipeline_.adjust_threads(engine_.now_ms());
    state_.sample_rates(engine_.time().monotonic_nanoseconds() / 1000,
                        engine_.counters().commands_processed);
}

// Does a slice if one is due; returns the microseconds until the next one is, or `wait_us`.
int64_t Cron::tidy_expiry_indexes(int64_t now_us, int64_t wait_us) {
    if (now_us >= next_tidy_us_) {
        const bool more = !engine_.debug_switches().cron_paused &&
                          engine_.keyspace().tidy_expiry_indexes(kSegmentsTidiedPerSlice);
        // With the other ticks where there is nothing to do, so that nobody wakes up for it.
        next_tidy_us_ = more ? now_us + kTidyEveryUs : next_slow_tick_us_;
    }
    return std::min(wait_us, next_tidy_us_ - now_us);
}

int64_t Cron::run() {
    const int64_t now_us = engine_.time().monotonic_nanoseconds() / 1000;
    did_something_ = now_us >= std::min({next_slow_tick_us_, next_tick_us_, next_tidy_us_}) ||
                     more_to_expire_ || more_to_free_;
    if (now_us >= next_slow_tick_us_) {
        slow_tick();
        next_slow_tick_us_ = now_us + kSlowTickUs;
    }
    if (now_us >= next_tick_us_) {
        engine_.begin_batch();
        if (!engine_.debug_switches().cron_paused) tick();
        expire();
        next_tick_us_ = now_us + 1000000 / std::max<int64_t>(settings_.hz, 1);
    } else if (more_to_expire_) {
        engine_.begin_batch();
        expire();
    }
    evict();
    more_to_free_ = engine_.keyspace().drain_condemned(kSegmentsFreedPerSlice);
    int64_t idle_us = std::max<int64_t>(std::min(next_tick_us_, next_slow_tick_us_) - now_us, 1);
    idle_us = tidy_expiry_indexes(now_us, idle_us);
    idle_us = defragmenter_.run(engine_.time().monotonic_nanoseconds() / 1000, idle_us);
    const int64_t wait_us = engine_.attend_waiting(idle_us);
    return more_to_expire_ || more_to_free_ || engine_.memory_limit().evicting() ? 0 : wait_us;
}

}  // namespace millrace::server
