// SPDX-License-Identifier: BSD-3-Clause
//
// A slab in its smallest useful form, to compare general allocators with: fine classes, slabs of 64
// KiB that one thread owns, and chains of objects that other threads give back.
//
//   slab:  [owner, class] [object] [object] ...       an object finds its slab by masking its
//   address
//
// Owner:   the thread that allocates; it alone touches the free lists.
// Threads: free_remote() from any thread, with a whole chain at a time; everything else is the
// owner's. Limits:  objects of at most 1 KiB; empty slabs are kept, never given back.
#pragma once

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace millrace::experiments {

class SmallSlab {
public:
    static constexpr size_t kSlabBytes = 64 * 1024;
    static constexpr size_t kHeaderBytes = 64;
    static constexpr size_t kClasses = 16 + 28;  // 8 apart to 128, 32 apart to 1024.

    struct Object {
        Object* next;
    };

    static constexpr size_t class_of(size_t bytes) {
        return bytes <= 128 ? (bytes + 7) / 8 - 1 : 16 + (bytes - 128 + 31) / 32 - 1;
    }
    static constexpr size_t class_bytes(size_t index) {
        return index < 16 ? (index + 1) * 8 : 128 + (index - 16 + 1) * 32;
    }

    void* allocate(size_t bytes) {
        const size_t index = class_of(bytes);
        Object* object = free_[index];
        if (object == nullptr) object = refill(index);
        free_[index] = object->next;
        return object;
    }

    void free_local(void* address) {
        auto* object = static_cast<Object*>(address);
        Object*& list = free_[header_of(address).class_index];
        object->next = list;
        list = object;
    }

    // Collects objects of one owner at another thread and returns them with one exchange.
    struct Chain {
        Object* first = nullptr;
        Object* last = nullptr;
        void add(void* address) {
            auto* object = static_cast<Object*>(address);
            object->next = first;
            if (first == nullptr) last = object;
            first = object;
        }
    };
    void free_remote(Chain& chain) {
        if (chain.first == nullptr) return;
        Object* head = remote_.load(std::memory_order_relaxed);
        do {
            chain.last->next = head;
        } while (!remote_.compare_exchange_weak(head, chain.first, std::memory_order_release));
        chain = Chain{};
    }

private:
    struct Header {
        SmallSlab* owner;
        size_t class_index;
    };

    static Header& header_of(void* address) {
        const auto at = reinterpret_cast<uintptr_t>(address);
        return *reinterpret_cast<Header*>(at & ~(kSlabBytes - 1));
    }

    Object* refill(size_t index) {
        Object* object = remote_.exchange(nullptr, std::memory_order_acquire);
        while (object != nullptr) {
            Object* next = object->next;
            free_local(object);
            object = next;
        }
        if (free_[index] == nullptr) add_slab(index);
        return free_[index];
    }

    void add_slab(size_t index) {
        constexpr size_t kChunk = size_t{4} << 20;
        if (chunk_left_ < kSlabBytes) {
            void* address = mmap(nullptr, kChunk + kSlabBytes, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (address == MAP_FAILED) std::abort();
            const auto at = reinterpret_cast<uintptr_t>(address);
            chunk_ = reinterpret_cast<char*>((at + kSlabBytes - 1) & ~(kSlabBytes - 1));
            chunk_left_ = kChunk;
        }
        char* slab = chunk_;
        chunk_ += kSlabBytes;
        chunk_left_ -= kSlabBytes;
        *reinterpret_cast<Header*>(slab) = {this, index};
        const size_t bytes = class_bytes(index);
        const size_t count = (kSlabBytes - kHeaderBytes) / bytes;
        for (size_t i = count; i > 0; --i) free_local(slab + kHeaderBytes + (i - 1) * bytes);
    }

    std::array<Object*, kClasses> free_{};
    char* chunk_ = nullptr;
    size_t chunk_left_ = 0;
    alignas(128) std::atomic<Object*> remote_{nullptr};
};

}  // namespace millrace::experiments
