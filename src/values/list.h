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
#include "structures/small_or_large.h"
#include "values/packed_list.h"

namespace millrace::values {

class List final : public keyspace::Collection {
public:
    static constexpr keyspace::ValueType kType = keyspace::ValueType::List;

    List() = default;
    explicit List(structures::Listpack pack) : form_(std::move(pack)) {}
    explicit List(std::unique_ptr<PackedList> large) : form_(std::move(large)) {}

    keyspace::ValueType type() const override { return kType; }
    std::string_view encoding() const override { return is_large() ? "quicklist" : "listpack"; }
    uint64_t size() const override { return is_large() ? large().size() : pack().size(); }
    size_t memory_bytes(size_t samples) const override;
    std::unique_ptr<keyspace::Collection> clone() const override;
    std::unique_ptr<keyspace::Collection> freeze() override;
    void thaw() override {
        if (is_large()) large().thaw();
    }
    size_t blocks() const override { return 2 + (is_large() ? large().blocks() : 0); }
    void digest(keyspace::ValueDigest& digest) const override;
    const void* contents() const override { return form_.target(); }

    // --- form ---

    // Becomes large if `count` elements of `bytes` altogether are too much for a small list.
    void make_room(ListSettings settings, size_t bytes, size_t count);
    // Is large from here on, whatever it holds, until settle().
    void become_large(ListSettings settings) { enlarge(settings); }
    // Becomes small if what is left is little enough.
    void settle(ListSettings settings, SmallList most = SmallList::HalfFull);
    // Null while it is small.
    const PackedList* packed() const { return form_.large_or_null(); }
    const structures::Listpack& pack() const { return form_.small(); }  // While it is.
    // For whoever loads one: block by block.
    void load_block(ListSettings settings, structures::Listpack pack);
    void load_single(ListSettings settings, std::string_view text);

    // --- elements ---

    ListCursor at(int64_t index, ListRoom& room) const;  // Negative: from the end.
    ListCursor first() const {
        return is_large() ? large().first() : ListCursor{nullptr, pack().first()};
    }
    ListCursor last() const {
        return is_large() ? large().last() : ListCursor{nullptr, pack().last()};
    }
    ListCursor next(ListCursor cursor, ListRoom& room) const {
        return is_large() ? large().next(cursor, room)
                          : ListCursor{nullptr, pack().next(cursor.at)};
    }
    ListCursor previous(ListCursor cursor, ListRoom& room) const {
        return is_large() ? large().previous(cursor, room)
                          : ListCursor{nullptr, pack().previous(cursor.at)};
    }
    // Good until `room` is used again.
    std::string_view view(ListCursor cursor, ListRoom& room) const {
        if (cursor.block == nullptr) return pack().view(cursor.at, room.digits);
        if (cursor.block->text == nullptr) return cursor.block->pack.view(cursor.at, room.digits);
        return room.open(*cursor.block).view(cursor.at, room.digits);
    }
    bool equals(ListCursor cursor, std::string_view text, ListRoom& room) const;

    // --- changes ---

    void push(End end, std::string_view text) {
        if (is_large()) {
            large().push(end, text);
        } else {
            form_.small().insert(end == End::Head ? pack().first() : structures::Listpack::kNone,
                                 text);
        }
    }
    void insert(ListCursor cursor, Side side, std::string_view text);
    void replace(ListCursor cursor, std::string_view text);
    // The element that follows.
    ListCursor erase(ListCursor cursor);
    void erase_range(uint64_t from, uint64_t count);
    // Up to `most` elements that are `text`, beginning at an end; tells how many.
    uint64_t erase_equal(std::string_view text, uint64_t most, End from);

    void check_invariants() const;

private:
    PackedList& enlarge(ListSettings settings);

    bool is_large() const { return form_.is_large(); }
    PackedList& large() const { return form_.large(); }

    structures::SmallOrLarge<structures::Listpack, PackedList> form_;
};

}  // namespace millrace::values
