// SPDX-License-Identifier: BSD-3-Clause
//
// A list: one listpack while it is small, a PackedList when it is not. The caller says when a
// change of form is due, because Valkey's moments depend on the command: make_room() before
// elements are added or replaced, settle() after elements went.
//
// Owner:   the entry of its key.
// Threads: main thread; destroyed on any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "keyspace/collection.h"
#include "structures/listpack.h"
#include "values/packed_list.h"

namespace millrace::values {

class List final : public keyspace::Collection {
public:
    static constexpr keyspace::ValueType kType = keyspace::ValueType::List;

    List() = default;

    keyspace::ValueType type() const override { return kType; }
    std::string_view encoding() const override { return large_ ? "quicklist" : "listpack"; }
    uint64_t size() const override { return large_ ? large_->size() : pack_.size(); }
    size_t memory_bytes(size_t samples) const override;
    std::unique_ptr<keyspace::Collection> clone() const override;
    std::unique_ptr<keyspace::Collection> freeze() override;
    void thaw() override {
        if (large_) large_->thaw();
    }
    size_t blocks() const override { return 2 + (large_ ? large_->blocks() : 0); }
    void digest(keyspace::ValueDigest& digest) const override;
    const void* contents() const override {
        return large_ != nullptr ? static_cast<const void*>(large_.get()) : pack_.data();
    }

    // --- form ---

    // Becomes large if `count` elements of `bytes` altogether are too much for a small list.
    void make_room(int64_t listpack_size_setting, size_t bytes, size_t count);
    // Is large from here on, whatever it holds, until settle().
    void become_large(int64_t listpack_size_setting) { enlarge(listpack_size_setting); }
    // Becomes small if what is left is little enough.
    void settle(int64_t listpack_size_setting, SmallList most = SmallList::HalfFull);
    // Null while it is small.
    const PackedList* packed() const { return large_.get(); }
    const structures::Listpack& pack() const { return pack_; }
    // For whoever loads one: block by block.
    void load_block(int64_t listpack_size_setting, structures::Listpack pack);
    void load_single(int64_t listpack_size_setting, std::string_view text);

    // --- elements ---

    ListCursor at(int64_t index) const;  // Negative: from the end.
    ListCursor first() const {
        return large_ ? large_->first() : ListCursor{nullptr, pack_.first()};
    }
    ListCursor last() const { return large_ ? large_->last() : ListCursor{nullptr, pack_.last()}; }
    ListCursor next(ListCursor cursor) const {
        return large_ ? large_->next(cursor) : ListCursor{nullptr, pack_.next(cursor.at)};
    }
    ListCursor previous(ListCursor cursor) const {
        return large_ ? large_->previous(cursor) : ListCursor{nullptr, pack_.previous(cursor.at)};
    }
    // The text, or the number formatted into `digits`.
    std::string_view view(ListCursor cursor, char (&digits)[24]) const {
        if (cursor.block == nullptr) return pack_.view(cursor.at, digits);
        if (cursor.block->single != nullptr) return *cursor.block->single;
        return cursor.block->pack.view(cursor.at, digits);
    }
    bool equals(ListCursor cursor, std::string_view text) const;

    // --- changes ---

    void push(End end, std::string_view text) {
        if (large_) {
            large_->push(end, text);
        } else {
            pack_.insert(end == End::Head ? pack_.first() : structures::Listpack::kNone, text);
        }
    }
    void insert(ListCursor cursor, Side side, std::string_view text);
    void replace(ListCursor cursor, std::string_view text);
    // The same element, where it will be changed: of the cursors into its block those taken from
    // here on stay good when it is erased, if they are of what precedes it.
    ListCursor own(ListCursor cursor) { return large_ ? large_->own(cursor) : cursor; }
    // The element that follows.
    ListCursor erase(ListCursor cursor);
    void erase_range(uint64_t from, uint64_t count);

    void check_invariants() const;

private:
    PackedList& enlarge(int64_t setting);

    structures::Listpack pack_;  // Without a block of memory while the list is large.
    std::unique_ptr<PackedList> large_;
};

}  // namespace millrace::values
