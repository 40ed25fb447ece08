// SPDX-License-Identifier: BSD-3-Clause
//
// A ring between two threads: one pushes, one pops. Head and tail stand on lines of their own, and
// each side keeps a copy of the other's index, so that in a steady state a push or pop touches one
// shared line.
//
// The tail is stored and loaded with sequential consistency, because Parking compares it with its
// own word (Dekker's pattern), and ThreadSanitizer does not model fences.
//
// Owner:   whoever connects the two threads.
// Threads: push() on the producer, pop() and empty() on the consumer.
// Limits:  kCapacity elements, a power of two; nobody ever waits for room (rule R8): push() says
// no.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <utility>

namespace millrace::threads {

template <typename T, size_t kCapacity>
class SpscRing {
    static_assert(std::has_single_bit(kCapacity));

public:
    bool push(T value) {
        const size_t tail = tail_.load(std::memory_order_relaxed);
        if (tail - head_seen_ == kCapacity) {
            head_seen_ = head_.load(std::memory_order_acquire);
            if (tail - head_seen_ == kCapacity) return false;
        }
        slots_[tail % kCapacity] = std::move(value);
        tail_.store(tail + 1, std::memory_order_seq_cst);
        return true;
    }

    // On the producer: whether push() would succeed.
    bool has_room() {
        const size_t tail = tail_.load(std::memory_order_relaxed);
        if (tail - head_seen_ < kCapacity) return true;
        head_seen_ = head_.load(std::memory_order_acquire);
        return tail - head_seen_ < kCapacity;
    }

    bool pop(T& value) {
        const size_t head = head_.load(std::memory_order_relaxed);
        if (head == tail_seen_) {
            tail_seen_ = tail_.load(std::memory_order_acquire);
            if (head == tail_seen_) return false;
        }
        value = std::move(slots_[head % kCapacity]);
        head_.store(head + 1, std::memory_order_release);
        return true;
    }

    // On the consumer, before it parks.
    bool empty() const {
        return head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_seq_cst);
    }

private:
    alignas(128) std::atomic<size_t> head_{0};
    size_t tail_seen_ = 0;  // The consumer's.
    alignas(128) std::atomic<size_t> tail_{0};
    size_t head_seen_ = 0;  // The producer's.
    alignas(128) std::array<T, kCapacity> slots_{};
};

}  // namespace millrace::threads
