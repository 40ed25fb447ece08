// SPDX-License-Identifier: BSD-3-Clause
//
// Reads the elements of the RDB format from bytes that cannot be trusted: the one place that moves
// forward in them.
//
// A failure is for good, as in ByteReader: what is read afterwards is zero or empty, so decoders
// test failed() before they use a record and in every loop. No length is believed that the bytes
// that are left could not hold, so nothing large is ever allocated in vain.
//
// Owner:   whoever loads. Views are good as long as the bytes, or until the Scratch is used again.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/bytes.h"
#include "base/numbers.h"
#include "persistence/rdb/format.h"

namespace millrace::persistence::rdb {

// Where a string lies that is not in the bytes as it is.
struct Scratch {
    ByteBuffer bytes;
    char digits[kIntegerCharsMax];
};

class Cursor {
public:
    explicit Cursor(std::string_view bytes)
        : begin_(bytes.data()), bytes_(bytes.size()), in_(bytes) {}

    bool failed() const { return in_.failed(); }
    // What was wrong first; empty as long as nothing is.
    std::string_view what() const { return what_.empty() && failed() ? "cut off" : what_; }
    void fail(std::string_view what) {
        if (!failed()) what_ = what;
        in_.fail();
    }
    size_t left() const { return in_.left(); }
    bool at_end() const { return in_.at_end(); }
    size_t offset() const { return bytes_ - in_.left(); }
    // What has been read from `from` on.
    std::string_view taken(size_t from) const { return {begin_ + from, offset() - from}; }

    uint8_t byte() { return in_.read_byte(); }
    uint64_t little_endian_64() { return in_.read_little_endian<uint64_t>(); }
    uint32_t little_endian_32() { return in_.read_little_endian<uint32_t>(); }
    uint64_t big_endian_64() { return in_.read_big_endian<uint64_t>(); }
    double number();
    // The old form of scores.
    double number_as_text();
    std::string_view raw(size_t bytes) { return in_.read_bytes(bytes); }
    uint64_t length();
    // How many of something follow that takes `bytes_min` bytes at least.
    uint64_t count(size_t bytes_min);
    std::string_view string(Scratch& scratch);

private:
    struct Length {
        uint64_t value;
        bool is_encoding;
    };
    Length read_length();
    std::string_view compressed(Scratch& scratch);

    const char* begin_;
    size_t bytes_;
    ByteReader in_;
    std::string_view what_;
};

}  // namespace millrace::persistence::rdb
