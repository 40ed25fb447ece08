// SPDX-License-Identifier: BSD-3-Clause
//
// A listpack that can be sealed: made a DensePack while nothing changes it, for less memory. It is
// read alike in both forms; open() makes it a listpack again before it changes.
//
// Owner:   whoever holds it; it moves, and copies only by clone().
// Threads: any, one at a time; reading changes nothing.
// Invariants: check_invariants(). Positions end when it is sealed and when it is opened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "structures/dense_pack.h"
#include "structures/listpack.h"

namespace millrace::structures {

class SealablePack {
public:
    using Position = Listpack::Position;
    static constexpr Position kNone = Listpack::kNone;
    static constexpr size_t kAnyItems = DensePack::kPlainBytesMax;

    SealablePack() = default;
    explicit SealablePack(Listpack pack) : plain_(std::move(pack)) {}

    bool is_sealed() const { return static_cast<bool>(dense_); }
    // If it takes no more than `items_max` items and saves enough.
    void seal(size_t items_max) {
        if (is_sealed()) return;
        dense_ = DensePack::of(plain_, items_max);
        if (is_sealed()) const Listpack gone = std::move(plain_);
    }
    Listpack& open() {
        if (is_sealed()) [[unlikely]] {
            plain_ = dense_.expand();
            const DensePack gone = std::move(dense_);
        }
        return plain_;
    }
    // While it is not sealed.
    Listpack& plain() { return plain_; }
    const Listpack& plain() const { return plain_; }

    SealablePack clone() const {
        return is_sealed() ? SealablePack(dense_.clone()) : SealablePack(plain_.clone());
    }
    SealablePack open_copy() const {
        return SealablePack(is_sealed() ? dense_.expand() : plain_.clone());
    }
    // The bytes of the listpack, which are made in `room` if need be.
    std::span<const char> blob(Listpack& room) const {
        if (!is_sealed()) return plain_.blob();
        room = dense_.expand();
        return room.blob();
    }

    // Of the listpack.
    size_t bytes() const { return is_sealed() ? dense_.plain_bytes() : plain_.bytes(); }
    size_t size() const { return is_sealed() ? dense_.size() : plain_.size(); }
    // What it takes as it is.
    size_t memory_bytes() const {
        return is_sealed() ? dense_.memory_bytes() : plain_.memory_bytes();
    }

    Position first() const { return is_sealed() ? dense_.first() : plain_.first(); }
    Position last() const { return is_sealed() ? dense_.last() : plain_.last(); }
    Position next(Position at) const { return is_sealed() ? dense_.next(at) : plain_.next(at); }
    Position previous(Position at) const {
        return is_sealed() ? dense_.previous(at) : plain_.previous(at);
    }
    Position at(int64_t index) const { return is_sealed() ? dense_.at(index) : plain_.at(index); }
    std::string_view view(Position at, char (&digits)[24]) const {
        return is_sealed() ? dense_.view(at, digits) : plain_.view(at, digits);
    }
    // Zero if it is a text.
    int64_t number(Position at) const {
        return is_sealed() ? dense_.number(at) : plain_.number(at);
    }
    bool equals(Position at, std::string_view text) const {
        return is_sealed() ? dense_.equals(at, text) : plain_.equals(at, text);
    }
    // How many elements stand before one; of a sealed pack.
    size_t index_of(Position at) const { return dense_.index_of(at); }

    void check_invariants() const {
        is_sealed() ? dense_.check_invariants() : plain_.check_invariants();
    }

private:
    explicit SealablePack(DensePack dense) : dense_(std::move(dense)) { drop_plain(); }
    void drop_plain() { const Listpack gone = std::move(plain_); }

    Listpack plain_;  // Holds nothing while it is sealed.
    DensePack dense_;
};

}  // namespace millrace::structures
