// SPDX-License-Identifier: BSD-3-Clause
//
// Experiment 2: what one record of 64 bytes from another core costs the main thread, when it comes
// in a ring of pointers to batches and when the ring itself holds the records.
//
// The producer is pinned to core 1, the consumer to core 0. "drain" fills the ring first and then
// times the consumer alone, so the figure is the consumer's own cost; "stream" runs both at once.

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <memory>

#include "measuring.h"

namespace millrace::experiments {
namespace {

constexpr size_t kRecords = 2048;  // In flight at most: 64 batches of 32.

struct alignas(64) Record {
    std::array<uint64_t, 8> word;
};

// One writer, one reader; each side keeps the other's index until it seems to be in the way.
template <typename T, size_t kSlots>
class Ring {
public:
    size_t room() {
        if (kSlots - (tail_ - head_seen_) == 0) head_seen_ = head_.load(std::memory_order_acquire);
        return kSlots - (tail_ - head_seen_);
    }
    T& next_free(size_t offset) { return slots_[(tail_ + offset) % kSlots]; }
    void publish(size_t count) {
        tail_ += count;
        tail_shared_.store(tail_, std::memory_order_release);
    }
    size_t available() {
        if (tail_seen_ == head_own_) tail_seen_ = tail_shared_.load(std::memory_order_acquire);
        return tail_seen_ - head_own_;
    }
    T& next(size_t offset) { return slots_[(head_own_ + offset) % kSlots]; }
    void release(size_t count) {
        head_own_ += count;
        head_.store(head_own_, std::memory_order_release);
    }

private:
    alignas(128) std::atomic<uint64_t> tail_shared_{0};
    alignas(128) uint64_t tail_ = 0;
    uint64_t head_seen_ = 0;
    alignas(128) std::atomic<uint64_t> head_{0};
    alignas(128) uint64_t head_own_ = 0;
    uint64_t tail_seen_ = 0;
    alignas(128) std::array<T, kSlots> slots_{};
};

struct Batch {
    alignas(64) uint64_t count;
    std::array<Record, 32> record;
};

void fill(Record& record, uint64_t value) {
    for (uint64_t& word : record.word) word = value++;
}

uint64_t use(const Record& record) {
    uint64_t sum = 0;
    for (uint64_t word : record.word) sum += word;
    return sum;
}

// Batches go there and come back, as between an I/O thread and the main thread.
class PointerPath {
public:
    explicit PointerPath(size_t batch) : batch_(batch), pool_(kRecords / batch) {
        for (Batch& each : pool_) free_.push_back(&each);
    }
    bool produce() {
        while (back_.available() > 0) {
            free_.push_back(back_.next(0));
            back_.release(1);
        }
        if (free_.empty()) return false;
        Batch* batch = free_.back();
        free_.pop_back();
        for (size_t i = 0; i < batch_; ++i) fill(batch->record[i], value_++);
        batch->count = batch_;
        there_.next_free(0) = batch;
        there_.publish(1);
        return true;
    }
    size_t consume(uint64_t& sum) {
        if (there_.available() == 0) return 0;
        Batch* batch = there_.next(0);
        const size_t count = batch->count;
        for (size_t i = 0; i < count; ++i) sum += use(batch->record[i]);
        there_.release(1);
        back_.next_free(0) = batch;
        back_.publish(1);
        return count;
    }

private:
    const size_t batch_;
    std::vector<Batch> pool_;
    alignas(128) std::vector<Batch*> free_;
    uint64_t value_ = 0;
    Ring<Batch*, kRecords> there_;
    Ring<Batch*, kRecords> back_;
};

// Records are copied into the ring, `batch` at a time.
class RecordPath {
public:
    explicit RecordPath(size_t batch) : batch_(batch) {}
    bool produce() {
        if (ring_.room() < batch_) return false;
        for (size_t i = 0; i < batch_; ++i) fill(ring_.next_free(i), value_++);
        ring_.publish(batch_);
        return true;
    }
    size_t consume(uint64_t& sum) {
        const size_t count = std::min(ring_.available(), batch_);
        if (count == 0) return 0;
        for (size_t i = 0; i < count; ++i) sum += use(ring_.next(i));
        ring_.release(count);
        return count;
    }

private:
    const size_t batch_;
    alignas(128) uint64_t value_ = 0;
    Ring<Record, kRecords> ring_;
};

enum class Phase : int { Fill, Drain, Stream, Stop };

template <typename Path>
void produce_until_stopped(Path& path, std::atomic<Phase>& phase) {
    pin_to_core(1);
    for (;;) {
        const Phase now = phase.load(std::memory_order_acquire);
        if (now == Phase::Stop) return;
        if (now == Phase::Drain || path.produce()) {
            if (now == Phase::Drain) relax();
            continue;
        }
        Phase expected = Phase::Fill;  // Never overwrites Stop.
        phase.compare_exchange_strong(expected, Phase::Drain);
        relax();
    }
}

template <typename Path>
void drain(benchmark::State& state) {
    auto path = std::make_unique<Path>(static_cast<size_t>(state.range(0)));
    std::atomic<Phase> phase{Phase::Fill};
    pin_to_core(0);
    std::thread producer([&] { produce_until_stopped(*path, phase); });
    uint64_t sum = 0;
    std::vector<double> costs;
    for (auto _ : state) {
        while (phase.load(std::memory_order_acquire) != Phase::Drain) relax();
        size_t records = 0;
        const int64_t begin = wall_ns();
        while (size_t count = path->consume(sum)) records += count;
        costs.push_back(static_cast<double>(wall_ns() - begin) / static_cast<double>(records));
        phase.store(Phase::Fill, std::memory_order_release);
    }
    phase.store(Phase::Stop, std::memory_order_release);
    producer.join();
    benchmark::DoNotOptimize(sum);
    state.counters["ns_per_record"] = median(costs);
}

template <typename Path>
void stream(benchmark::State& state) {
    auto path = std::make_unique<Path>(static_cast<size_t>(state.range(0)));
    std::atomic<Phase> phase{Phase::Stream};
    pin_to_core(0);
    std::thread producer([&] { produce_until_stopped(*path, phase); });
    uint64_t sum = 0;
    std::vector<double> costs;
    for (auto _ : state) {
        size_t records = 0;
        const int64_t begin = wall_ns();
        while (records < kRecords) {
            const size_t count = path->consume(sum);
            if (count == 0) relax();
            records += count;
        }
        costs.push_back(static_cast<double>(wall_ns() - begin) / static_cast<double>(records));
    }
    phase.store(Phase::Stop, std::memory_order_release);
    producer.join();
    benchmark::DoNotOptimize(sum);
    state.counters["ns_per_record"] = median(costs);
}

void drain_pointers(benchmark::State& state) {
    drain<PointerPath>(state);
}
void drain_records(benchmark::State& state) {
    drain<RecordPath>(state);
}
void stream_pointers(benchmark::State& state) {
    stream<PointerPath>(state);
}
void stream_records(benchmark::State& state) {
    stream<RecordPath>(state);
}

BENCHMARK(drain_pointers)->ArgName("batch")->Arg(1)->Arg(8)->Arg(32)->UseRealTime();
BENCHMARK(drain_records)->ArgName("batch")->Arg(1)->Arg(8)->Arg(32)->UseRealTime();
BENCHMARK(stream_pointers)->ArgName("batch")->Arg(1)->Arg(8)->Arg(32)->UseRealTime();
BENCHMARK(stream_records)->ArgName("batch")->Arg(1)->Arg(8)->Arg(32)->UseRealTime();

}  // namespace
}  // namespace millrace::experiments
