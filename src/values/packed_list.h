// SPDX-License-Identifier: BSD-3-Clause
//
// The large form of a list: a chain of listpacks of bounded size. What does not fit into a listpack
// of that size has a block of its own, as it is.
//
// Blocks that are far enough from both ends are sealed (sealable_pack.h), until they change. Two at
// either end are not, so that a list that grows and shrinks by turns does not seal and open the
// same block time and again: in between lies a whole block's worth of pushes or pops.
//
// Where elements go, when blocks are split and when neighbours are joined is Valkey's choice: the
// number of blocks decides when a list becomes small again, and it is what RDB files hold.
//
// While there is a frozen version, a block that it has is replaced by a copy before it changes.
// What is one element is never copied.
//
// Owner:   List.
// Threads: main thread; destroyed on any. A version is read, by for_each_block(), on any.
// Invariants: no block is empty; check_invariants().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "structures/counted_chain.h"
#include "structures/listpack.h"
#include "structures/sealable_pack.h"

namespace millrace::values {

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
};

enum class End : uint8_t { Head, Tail };
enum class Side : uint8_t { Before, After };

struct ListBlock : structures::ChainLink {
    using Position = structures::Listpack::Position;

    structures::SealablePack pack;
    std::unique_ptr<std::string> single;  // Instead of the pack: one large element.

    size_t bytes() const { return single != nullptr ? single->size() : pack.bytes(); }
    // Cursors in it; that of a block which is one element says nothing.
    Position first() const { return single != nullptr ? kSinglePosition : pack.first(); }
    Position last() const { return single != nullptr ? kSinglePosition : pack.last(); }

private:
    static constexpr Position kSinglePosition = 1;
};

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
    explicit PackedList(const BlockLimits& limits) : limits_(limits) {}
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

    void push(End end, std::string_view text);
    // Adds a whole block at the end.
    void append(structures::SealablePack pack);
    void append_single(std::string_view text);

    ListCursor at(uint64_t index) const;
    ListCursor first() const;
    ListCursor last() const;
    ListCursor next(ListCursor cursor) const;
    ListCursor previous(ListCursor cursor) const;

    void insert(ListCursor where, Side side, std::string_view text);
    void replace(ListCursor where, std::string_view text);
    ListCursor erase(ListCursor cursor);  // The element that follows.
    void erase_range(uint64_t from, uint64_t count);

    // The only block, if it may go on as a small list; empty otherwise.
    bool may_become_small(const BlockLimits& limits, SmallList most) const;
    structures::Listpack take_only_block();

    // The same element, in a block that no version has.
    ListCursor own(ListCursor cursor);

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
    void remove_block(ListBlock& block);
    ListBlock& own(ListBlock& block);
    void seal(structures::ChainLink* link);
    void leave(ListBlock& block);
    ListBlock* first_block() const { return static_cast<ListBlock*>(chain_.first()); }
    static ListCursor first_from(structures::ChainLink* link);
    static ListCursor last_from(structures::ChainLink* link);
    bool has_room(const ListBlock* block, size_t bytes) const;
    void insert_single(ListCursor cursor, Side side, std::string_view text);
    void insert_into_full(ListCursor cursor, Side side, std::string_view text);
    ListBlock& split_off(ListBlock& block, structures::Listpack::Position from, Side side);
    void join_around(ListBlock& center);
    ListBlock* join(ListBlock* left, ListBlock* right);
    void put(ListBlock& block, structures::Listpack::Position before, std::string_view text);

    BlockLimits limits_;
    structures::CountedChain chain_;
    PackedList* version_ = nullptr;                     // The one that is being read.
    std::unique_ptr<structures::Leftovers> leftovers_;  // Of a version.
};

}  // namespace millrace::values
