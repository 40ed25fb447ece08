// SPDX-License-Identifier: BSD-3-Clause
//
// The large form of a list: a chain of listpacks of bounded size. What does not fit into a listpack
// of that size has a block of its own, as it is.
//
// Where elements go, when blocks are split and when neighbours are joined is Valkey's choice: the
// number of blocks decides when a list becomes small again, and it is what RDB files hold.
//
// Owner:   List.
// Threads: main thread; destroyed on any.
// Invariants: no block is empty; check_invariants().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "structures/counted_chain.h"
#include "structures/listpack.h"

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
    structures::Listpack pack;
    std::unique_ptr<std::string> single;  // Instead of the pack: one large element.

    size_t bytes() const { return single != nullptr ? single->size() : pack.bytes(); }
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
    ~PackedList();

    uint64_t size() const { return chain_.elements(); }
    size_t block_count() const { return chain_.links(); }
    const ListBlock* first_block() const { return static_cast<ListBlock*>(chain_.first()); }
    static const ListBlock* next_block(const ListBlock& block) {
        return static_cast<ListBlock*>(block.next);
    }
    const BlockLimits& limits() const { return limits_; }

    void push(End end, std::string_view text);
    // Adds a whole block at the end.
    void append(structures::Listpack pack);
    void append_single(std::string_view text);

    ListCursor at(uint64_t index) const;
    ListCursor first() const;
    ListCursor last() const;
    ListCursor next(ListCursor cursor) const;
    ListCursor previous(ListCursor cursor) const;

    void insert(ListCursor cursor, Side side, std::string_view text);
    void replace(ListCursor cursor, std::string_view text);
    ListCursor erase(ListCursor cursor);  // The element that follows.
    void erase_range(uint64_t from, uint64_t count);

    // The only block, if it may go on as a small list; empty otherwise.
    bool may_become_small(const BlockLimits& limits, SmallList most) const;
    structures::Listpack take_only_block();

    std::unique_ptr<PackedList> clone() const;
    size_t memory_bytes(size_t samples) const;
    void check_invariants() const;

private:
    ListBlock& add_block(structures::ChainLink* behind, std::string_view text);
    void remove_block(ListBlock& block);
    bool has_room(const ListBlock* block, size_t bytes) const;
    void insert_single(ListCursor cursor, Side side, std::string_view text);
    void insert_into_full(ListCursor cursor, Side side, std::string_view text);
    ListBlock& split_off(ListBlock& block, structures::Listpack::Position from, Side side);
    void join_around(ListBlock& center);
    ListBlock* join(ListBlock* left, ListBlock* right);
    void put(ListBlock& block, structures::Listpack::Position before, std::string_view text);

    BlockLimits limits_;
    structures::CountedChain chain_;
};

}  // namespace millrace::values
