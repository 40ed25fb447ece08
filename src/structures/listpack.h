// SPDX-License-Identifier: BSD-3-Clause
//
// A listpack: a sequence of short strings and integers in one block of memory, byte for byte as RDB
// files hold it. The compact form of small collections.
//
//     | total bytes: u32 | elements: u16 | element | element | ... | 0xFF |
//     element = | encoding, with the number or length | text | back length |
//
// Integers in canonical form (numbers.h) are stored as numbers. The back length, 1 to 5 bytes to be
// read from the right, is how many bytes of the element lie before it, so a listpack can be walked
// from either end. The count of elements stops at 65,535, which means "at least"; size() then
// walks.
//
// Finding and changing an element takes a walk and a move of all that is behind it: linear, but
// within a few cache lines as long as the owner keeps the listpack small.
//
// Owner:   whoever holds it; it moves, and copies only by clone().
// Threads: any, one at a time.
// Limits:  kBytesMax for the whole; callers ask fits() before they add what a client sent.
// Invariants: check_invariants(). Views and positions end with the next change. Arguments are not
// parts of this listpack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace millrace::structures {

class Listpack {
public:
    using Position = uint32_t;  // Offset in the blob.
    static constexpr Position kNone = 0;
    static constexpr size_t kBytesMax = size_t{1} << 30;
    // Where the first element stands, if there is one.
    static constexpr Position kFirst = 6;

    // An element is a number, or a text.
    struct Element {
        std::string_view text;
        int64_t number;
        bool is_number;
    };

    Listpack();
    ~Listpack();
    Listpack(Listpack&& other) noexcept;
    Listpack& operator=(Listpack&& other) noexcept;

    // A copy of bytes from outside, after a check of every one of them.
    static Result<Listpack> from_blob(std::span<const char> blob);
    // One whose blob `write` puts into a span of `bytes` bytes: what blob() was once.
    template <typename Write>
    static Listpack restored(size_t bytes, Write&& write) {
        Listpack pack(bytes);
        write(std::span<char>(pack.data_, bytes));
        return pack;
    }
    Listpack clone() const;

    std::span<const char> blob() const { return {data_, bytes()}; }
    // Where the blob begins, without looking at it.
    const char* data() const { return data_; }
    size_t bytes() const;
    // What the block of memory really holds.
    size_t memory_bytes() const;
    size_t size() const;
    // Whether size() is a look, not a walk.
    bool knows_size() const;
    bool empty() const { return bytes() == kBytesMin; }
    // Whether elements of `added` bytes of text altogether, at most `count`, can still come in.
    bool fits(size_t added, size_t count = 1) const;

    // kNone past either end. A negative index counts from the end.
    Position first() const { return at_offset(kHeaderBytes); }
    Position last() const { return before(static_cast<Position>(bytes() - 1)); }
    Position next(Position at) const;
    Position previous(Position at) const { return before(at); }
    Position at(int64_t index) const;

    Element get(Position at) const;
    // Zero if it is a text.
    int64_t number(Position at) const;
    // The text, or the number formatted into `digits`.
    std::string_view view(Position at, char (&digits)[24]) const;
    // Whether the element is `text`.
    bool equals(Position at, std::string_view text) const;

    // Adds an element in front of `before` (kNone: at the end) and tells where it is.
    Position insert(Position before, std::string_view text);
    Position insert_number(Position before, int64_t number);
    Position append(std::string_view text) { return insert(kNone, text); }
    Position replace(Position at, std::string_view text);
    Position replace_number(Position at, int64_t number);
    class Appender;
    // Returns the position of what follows, kNone at the end. `count` may exceed what is there.
    Position erase(Position at) { return erase(at, 1); }
    Position erase(Position at, size_t count);
    void clear();

    // The first element from `from` on that is `text`. `skip` elements are jumped over between two
    // comparisons: with 1 it looks at the fields of field-value pairs only.
    Position find(std::string_view text, Position from, size_t skip = 0) const;

    // What an element takes.
    static size_t encoded_bytes(std::string_view text);

    void check_invariants() const;

private:
    friend class DensePack;  // Makes one of its own bytes.

    static constexpr size_t kHeaderBytes = kFirst;
    static constexpr size_t kBytesMin = kHeaderBytes + 1;
    static constexpr size_t kCountUnknown = 65535;
    struct Encoded;

    explicit Listpack(size_t capacity);
    Position at_offset(Position offset) const;
    Position after(Position at) const;
    Position before(Position at) const;
    Position splice(Position at, size_t removed, const Encoded& encoded);
    bool wants_new_block(size_t old_bytes, size_t new_bytes) const;
    void move_tail(Position at, size_t removed, size_t added);
    void set_bytes(size_t bytes);
    void add_to_count(int64_t difference);
    static Status check(std::string_view blob);

    char* data_;
};

// Adds elements at the end, several at a time: all are there when it goes.
class Listpack::Appender {
public:
    explicit Appender(Listpack& pack) : pack_(pack) {}
    ~Appender() { flush(); }
    Appender(const Appender&) = delete;
    Appender& operator=(const Appender&) = delete;

    void text(std::string_view text);
    void number(int64_t number);

private:
    void add(const Encoded& encoded);
    void flush();

    Listpack& pack_;
    size_t count_ = 0;
    size_t used_ = 0;
    char bytes_[256];
};

}  // namespace millrace::structures
