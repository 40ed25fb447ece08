// SPDX-License-Identifier: BSD-3-Clause
//
// The dense form of a listpack that is not going to change soon: the same elements in fewer bytes,
// to be read as it is, and to be made the very same listpack again.
//
// A listpack spends two bytes and more on each element besides its text: what begins it, and the
// back length. Here no element has a back length, and a run of elements of one shape (texts of one
// length, numbers of one width) has one description for all of them, which takes over what they
// begin with in common: the encoding at least, and of short texts what is the same in them, too.
//
//     | rest: pointer | cut: u16 | bytes: u16 | listpack's bytes: u16 | elements: u16 | item ...
//     item = | element without its back length |
//          | 0xF5 | elements: u16 | size: u16 | shared: u8 | shared bytes | tail | tail | ...
//
// A hundred texts "user:00000000" to "user:00000099" are one run that shares `| 0x8d | user:000000`
// and has a hundred tails of two bytes; of random texts a run shares the encoding, one byte.
//
// Elements of a run are found by their number. Otherwise reading goes forward; stepping back out of
// an item, and finding the n-th element, is a walk over the items, of which the maker of a pack
// says how many he allows.
//
// The allocator rounds sizes up by as much as a quarter, which can eat all that is won. Where it
// would, the bytes from offset `cut` on are in a second block, `rest`, so that the first one is of
// a size that is not rounded. The cut is between two items or two tails.
//
// Owner:   whoever holds it; it moves, and copies only by clone().
// Threads: it never changes, so any number may read it.
// Limits:  listpacks of up to kPlainBytesMax.
// Invariants: check_invariants(). A position is that of an item, with the number of the element in
// it above.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "structures/listpack.h"

namespace millrace::structures {

class DensePack {
public:
    using Position = Listpack::Position;
    static constexpr Position kNone = Listpack::kNone;
    static constexpr size_t kPlainBytesMax = 65535;

    // None: what is false.
    DensePack() = default;
    // None if that takes more than `items_max` items, or does not save a sixteenth.
    static DensePack of(const Listpack& pack, size_t items_max);
    ~DensePack();
    DensePack(DensePack&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
    DensePack& operator=(DensePack&& other) noexcept {
        std::swap(data_, other.data_);
        return *this;
    }

    explicit operator bool() const { return data_ != nullptr; }
    DensePack clone() const;
    // The listpack that it was made of, byte for byte.
    Listpack expand() const;

    size_t size() const;
    // Of the listpack.
    size_t plain_bytes() const;
    size_t memory_bytes() const;

    // As those of Listpack.
    Position first() const { return kHeaderBytes; }
    Position last() const;
    Position next(Position at) const;
    Position previous(Position at) const;
    Position at(int64_t index) const;
    std::string_view view(Position at, char (&digits)[24]) const;
    bool equals(Position at, std::string_view text) const;
    // Zero if it is a text.
    int64_t number(Position at) const;

    size_t index_of(Position at) const;
    size_t items() const;
    void check_invariants() const;

private:
    class Writer;
    struct Run;
    struct Item {
        uint32_t count;  // Elements in it.
        uint32_t end;
    };
    static constexpr uint32_t kHeaderBytes = 16;

    void set_extent(size_t bytes, size_t cut, char* rest);
    DensePack copy_cut_at(size_t cut) const;
    size_t good_cut() const;
    char* expand_run(const Run& run, char* out, const char* out_end) const;

    uint32_t bytes() const;
    uint32_t cut() const;
    char* rest() const;
    const char* address(uint32_t offset) const;
    uint32_t block_end(uint32_t offset) const;
    ptrdiff_t quick_tails(uint32_t offset, uint32_t width) const;
    Item item_at(uint32_t offset) const;
    Run run_at(uint32_t offset) const;
    const char* tail_of(const Run& run, Position at) const;
    int64_t number_in(const Run& run, Position at) const;
    Position last_before(uint32_t end) const;

    char* data_ = nullptr;
};

}  // namespace millrace::structures
