// SPDX-License-Identifier: BSD-3-Clause
//
// What a collection holds, in one pointer: while it is small the one block of memory with all of
// its elements, and later an object that leads to them. The lowest bit tells which.
//
// `Small` is a class that is nothing but the pointer to its block: a listpack, for instance.
//
// Owner:   the collection.
// Threads: as its owner.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "base/assert.h"

namespace millrace::structures {

template <typename Small, typename Large>
class SmallOrLarge {
    static_assert(sizeof(Small) == sizeof(uintptr_t));

public:
    SmallOrLarge() : SmallOrLarge(Small()) {}
    explicit SmallOrLarge(Small small) { new (word_) Small(std::move(small)); }
    explicit SmallOrLarge(std::unique_ptr<Large> large) { put(std::move(large)); }
    ~SmallOrLarge() { end(); }
    SmallOrLarge(const SmallOrLarge&) = delete;
    SmallOrLarge& operator=(const SmallOrLarge&) = delete;

    bool is_large() const { return (word() & kLarge) != 0; }
    Small& small() {
        DCHECK(!is_large());
        return *std::launder(reinterpret_cast<Small*>(word_));
    }
    const Small& small() const { return const_cast<SmallOrLarge*>(this)->small(); }
    Large& large() const {
        DCHECK(is_large());
        return *reinterpret_cast<Large*>(word() - kLarge);
    }
    Large* large_or_null() const { return is_large() ? &large() : nullptr; }
    // The block or the object, without a look at it.
    const void* target() const { return reinterpret_cast<const void*>(word() & ~kLarge); }

    // In place of what there is, which goes.
    void become(Small small) {
        end();
        new (word_) Small(std::move(small));
    }
    void become(std::unique_ptr<Large> large) {
        end();
        put(std::move(large));
    }

private:
    static constexpr uintptr_t kLarge = 1;

    uintptr_t word() const {
        uintptr_t word;
        std::memcpy(&word, word_, sizeof word);
        return word;
    }
    void put(std::unique_ptr<Large> large) {
        static_assert(alignof(Large) > kLarge);
        const uintptr_t word = reinterpret_cast<uintptr_t>(large.release()) + kLarge;
        std::memcpy(word_, &word, sizeof word);
    }
    void end() {
        if (is_large()) {
            delete &large();
        } else {
            small().~Small();
        }
    }

    alignas(Small) unsigned char word_[sizeof(uintptr_t)];
};

}  // namespace millrace::structures
