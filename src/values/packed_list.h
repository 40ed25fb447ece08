// SPDX-License-Identifier: BSD-3-Clause
//
// The large form of a list: a chain of listpacks of bounded size. What does not fit into a listpack
// of that size has a block of its own, as it is.
//
// Blocks that are far enough from both ends are sealed (sealable_pack.h), until they change. Two at
// either end are not, so that a list that grows and shrinks by turns does not seal and open the
// same block time and again: in between lies a whole block's worth of pushes or pops.
//
// With a depth that is not zero the user has chosen (`list-compress-depth`) how many blocks at
// either end stay as they are: those further in are squeezed when they come to lie there, and after
// they changed. What LZF does not make smaller is sealed like any other.
//
// Where elements go, when blocks are split and when neighbours are joined is Valkey's choice: the
// number of blocks decides when a list becomes small again, and it is what RDB files hold.
//
// While there is a frozen version, a block that it has is replaced by a copy before it changes.
// What is one element is never copied.
//
// Owner:   List.
// Threads: main thread; destroyed on any. A version is read, by for_each_block(), on any.
// Invariants: no block is empty, those at the ends are not squeezed; check_invariants().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "structures/counted_chain.h"
#include "structures/listpack.h"
#include "structures/sealable_pack.h"
#include "values/list_block.h"

namespace millrace::values {

// How a list is kept from when it becomes large: the settings as they are then.
struct ListSettings {
    ListSettings(int64_t max_listpack_size, int64_t depth = 0)  // NOLINT: a size alone is one.
        : listpack_size(max_listpack_size), compress_depth(depth) {}

    int64_t listpack_size;   // `list-max-listpack-size`
    int64_t compress_depth;  // `list-compress-depth`
};

// What `list-max-listpack-size` allows a block: bytes, or elements.
struct BlockLimits {
    static BlockLimits of(int64_t setting);
    bool exceeded_by(size_t bytes, size_t count) const;
    // Half of them, without the bound in bytes that goes with a bound of elements.
    bool half_exceeded_by(size_t bytes, size_t count) const;
    // Whether an element must have a block of its own.
    bool is_large(size_t bytes) const;

    size_t bytes_max = 0;  // 0: `count_max` counts.
    size_t count_max = 0;
    int16_t setting = 0;  // As DEBUG OBJECT shows it.
};

enum class End : uint8_t { Head, Tail };
enum class Side : uint8_t { Before, After };

// Erases up to `most` elements that are `text` from `at` on, away from an end; tells how many.
uint64_t erase_equal(structures::Listpack& pack, structures::Listpack::Position at,
                     std::string_view text, uint64_t most, End from);

// An element of a list of either form. Good until the next change of the list.
struct ListCursor {
    ListBlock* block = nullptr;  // Null in the small form.
    structures::Listpack::Position at = structures::Listpack::kNone;

    explicit operator bool() const { return at != structures::Listpack::kNone; }
};

// How much a large list may hold to become small: half of what a small one may, so that it does not
// change to and fro; all of that where it has just been loaded.
enum class SmallList : uint8_t { HalfFull, Full };

class PackedList {
public:
    explicit PackedList(ListSettings settings);
    // A frozen version; freeze() makes it.
    PackedList(structures::AsVersion as_version, const PackedList& original);
    ~PackedList();

    uint64_t size() const { return chain_.elements(); }
    size_t block_count() const { return chain_.links(); }
    // In order.
    template <typename Visitor>
    void for_each_block(Visitor&& visitor) const {
        chain_.for_each([&](const structures::ChainLink& link) {
            visitor(static_cast<const ListBlock&>(link));
        });
    }
    const BlockLimits& limits() const { return limits_; }
    uint32_t compress_depth() const { return depth_; }
    // Of all blocks, were they neither sealed nor squeezed.
    size_t plain_bytes() const;

    void push(End end, std::string_view text);
    // Adds a whole block at the end.
    void append(structures::SealablePack pack);
    void append_single(std::string_view text);

    ListCursor at(uint64_t index, ListRoom& room) const;
    ListCursor first() const { return first_from(chain_.first()); }
    ListCursor last() const;
    ListCursor next(ListCursor cursor, ListRoom& room) const {
        const ListBlock& block = *cursor.block;
        const auto at =
            block.text == nullptr ? block.pack.next(cursor.at) : room.open(block).after(cursor.at);
        if (at != structures::Listpack::kNone) return {cursor.block, at};
        return first_from(block.next);
    }
    ListCursor previous(ListCursor cursor, ListRoom& room) const;

    void insert(ListCursor where, Side side, std::string_view text);
    void replace(ListCursor where, std::string_view text);
    ListCursor erase(ListCursor cursor);  // The element that follows.
    void erase_range(uint64_t from, uint64_t count);
    // Up to `most` elements that are `text`, beginning at an end; tells how many.
    uint64_t erase_equal(std::string_view text, uint64_t most, End from);

    // The only block, if it may go on as a small list; empty otherwise.
    bool may_become_small(const BlockLimits& limits, SmallList most) const;
    structures::Listpack take_only_block();

    std::unique_ptr<PackedList> clone() const;
    // The list as it is now, for another thread to read: one at a time, until thaw(). It outlives
    // that, and knows in memory_bytes() and blocks() of what it alone still has.
    std::unique_ptr<PackedList> freeze();
    void thaw();
    // How many allocations its destructor frees.
    size_t blocks() const;
    size_t memory_bytes(size_t samples) const;
    void check_invariants() const;

private:
    ListBlock& add_block(structures::ChainLink* behind, std::string_view text);
    void append(ListBlock& fresh, uint32_t count);
    void remove_block(ListBlock& block);
    ListBlock& own(ListBlock& block);
    ListCursor own(ListCursor cursor);
    void leave(ListBlock& block);

    structures::ChainLink* from_end(End end, size_t steps) const;
    bool is_inner(const structures::ChainLink* link) const;
    void seal(structures::ChainLink* link);
    void squeeze(structures::ChainLink* link);
    void settle_end(End end);
    void open_ends();
    void tidy(structures::ChainLink* center);

    ListBlock* first_block() const { return static_cast<ListBlock*>(chain_.first()); }
    static ListCursor first_from(structures::ChainLink* link) {
        if (link == nullptr) return {};
        auto* const block = static_cast<ListBlock*>(link);
        return {block, block->first()};
    }
    bool has_room(const ListBlock* block, size_t bytes) const;
    ListBlock& put_beside(ListCursor cursor, Side side, std::string_view text);
    ListBlock& insert_single(ListCursor cursor, Side side, std::string_view text);
    ListBlock& insert_into_full(ListCursor cursor, Side side, std::string_view text);
    ListBlock& put_instead(ListCursor cursor, std::string_view text);
    uint64_t erase_equal_in(ListBlock& block, std::string_view text, uint64_t most, End from);
    ListBlock& split_off(ListBlock& block, structures::Listpack::Position from, Side side);
    ListBlock& join_around(ListBlock& center);
    ListBlock* join(ListBlock* left, ListBlock* right);
    void put(ListBlock& block, structures::Listpack::Position before, std::string_view text);

    BlockLimits limits_;
    uint32_t depth_ = 0;
    structures::CountedChain chain_;
    PackedList* version_ = nullptr;                     // The one that is being read.
    std::unique_ptr<structures::Leftovers> leftovers_;  // Of a version.
};

}  // namespace millrace::values
