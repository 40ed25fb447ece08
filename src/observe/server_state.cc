// SPDX-License-Identifier: BSD-3-Clause
//
// Samples rates and resets counters.

#include "observe/server_state.h"

namespace millrace::observe {

void ThreadUsages::reset() {
    for (ThreadUsage& thread : threads_) {
        for (OwnedCounter* counter :
             {&thread.reads, &thread.writes, &thread.polls, &thread.accepts, &thread.frees,
              &thread.batches, &thread.batch_commands, &thread.input_bytes, &thread.output_bytes}) {
            counter->forget();
        }
    }
}

void ServerState::sample_rates(int64_t monotonic_us, uint64_t commands_processed) {
    constexpr uint64_t kPerSecond = 1000000;
    const auto now = static_cast<uint64_t>(monotonic_us);
    rates.commands.sample(commands_processed, now, kPerSecond);
    rates.input_bytes.sample(threads.total(&ThreadUsage::input_bytes), now, kPerSecond);
    rates.output_bytes.sample(threads.total(&ThreadUsage::output_bytes), now, kPerSecond);
    rates.loop_cycles.sample(loop.cycles, now, kPerSecond);
    rates.loop_duration_us.sample(loop.duration_us, loop.cycles, 1);
}

void ServerState::reset_statistics() {
    net.connections_received = 0;
    net.connections_rejected = 0;
    net.closed_for_input_limit = 0;
    net.closed_for_output_limit = 0;
    net.clients_evicted = 0;
    loop = LoopCounters();
    defrag = {.running_percent = defrag.running_percent};
    threads.reset();
    rates = RateMeters();
}

}  // namespace millrace::observe
