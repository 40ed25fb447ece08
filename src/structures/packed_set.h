// SPDX-License-Identifier: BSD-3-Clause
//
// The small form of a set: an intset or a listpack, in one pointer to either block.
//
// The block tells which it is. Both begin with 32 bits: an intset with its width, 2, 4 or 8; a
// listpack with its size, which is 7 when it is empty and 9 or more when it is not.
//
// Owner:   Set.
// Threads: as the set.
#pragma once

#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include "base/bytes.h"
#include "structures/intset.h"
#include "structures/listpack.h"

namespace millrace::structures {

class PackedSet {
public:
    PackedSet() : PackedSet(Intset()) {}
    explicit PackedSet(Intset integers) { new (pointer_) Intset(std::move(integers)); }
    explicit PackedSet(Listpack members) { new (pointer_) Listpack(std::move(members)); }
    PackedSet(PackedSet&& other) noexcept {
        if (other.is_integers()) {
            new (pointer_) Intset(std::move(other.integers()));
        } else {
            new (pointer_) Listpack(std::move(other.pack()));
        }
    }
    PackedSet& operator=(PackedSet&&) = delete;
    ~PackedSet() {
        if (is_integers()) {
            integers().~Intset();
        } else {
            pack().~Listpack();
        }
    }

    bool is_integers() const {
        const char* block;
        std::memcpy(&block, pointer_, sizeof block);
        if (block == nullptr) return false;  // It has moved.
        const auto first = load_little_endian<uint32_t>(block);
        return first == 2 || first == 4 || first == 8;
    }
    // Of the one that it is.
    Intset& integers() { return *std::launder(reinterpret_cast<Intset*>(pointer_)); }
    const Intset& integers() const {
        return *std::launder(reinterpret_cast<const Intset*>(pointer_));
    }
    Listpack& pack() { return *std::launder(reinterpret_cast<Listpack*>(pointer_)); }
    const Listpack& pack() const {
        return *std::launder(reinterpret_cast<const Listpack*>(pointer_));
    }

private:
    static_assert(sizeof(Intset) == sizeof(char*));
    static_assert(sizeof(Listpack) == sizeof(char*));

    alignas(char*) unsigned char pointer_[sizeof(char*)];
};

}  // namespace millrace::structures
