// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/rdb/cursor.h"

#include <bit>
#include <limits>

#include "base/lzf.h"

namespace millrace::persistence::rdb {
namespace {

constexpr uint8_t kFormMask = 0xc0;
// The old form of scores: a length, or one of these.
constexpr uint8_t kTextNan = 253;
constexpr uint8_t kTextInfinity = 254;
constexpr uint8_t kTextMinusInfinity = 255;

}  // namespace

auto Cursor::read_length() -> Length {
    const uint8_t first = byte();
    switch (first & kFormMask) {
        case 0:
            return {first, false};
        case kLength14:
            return {uint64_t{first & 0x3fu} << 8 | byte(), false};
        case kEncoded:
            return {first & 0x3fu, true};
    }
    if (first == kLength32) return {in_.read_big_endian<uint32_t>(), false};
    if (first == kLength64) return {in_.read_big_endian<uint64_t>(), false};
    fail("unknown form of a length");
    return {0, false};
}

uint64_t Cursor::length() {
    const Length length = read_length();
    if (!length.is_encoding) return length.value;
    fail("a length was expected");
    return 0;
}

uint64_t Cursor::count(size_t bytes_min) {
    const uint64_t value = length();
    if (value <= left() / bytes_min) return value;
    fail("more elements than bytes");
    return 0;
}

std::string_view Cursor::compressed(Scratch& scratch) {
    const uint64_t packed_bytes = length();
    const uint64_t bytes = length();
    const std::string_view packed = raw(packed_bytes);
    if (failed()) return {};
    if (bytes / kLzfRatioMax > packed.size()) {
        fail("no compression is that good");
        return {};
    }
    scratch.bytes.clear();
    char* const out = scratch.bytes.prepare(bytes);
    if (!lzf_decompress(packed, {out, bytes})) {
        fail("bad compressed string");
        return {};
    }
    return {out, bytes};
}

std::string_view Cursor::string(Scratch& scratch) {
    const Length length = read_length();
    if (!length.is_encoding) return raw(length.value);
    int64_t number = 0;
    switch (length.value) {
        case kEncodedInt8:
            number = in_.read_little_endian<int8_t>();
            break;
        case kEncodedInt16:
            number = in_.read_little_endian<int16_t>();
            break;
        case kEncodedInt32:
            number = in_.read_little_endian<int32_t>();
            break;
        case kEncodedLzf:
            return compressed(scratch);
        default:
            fail("unknown encoding of a string");
            return {};
    }
    return {scratch.digits, format_integer(scratch.digits, number)};
}

double Cursor::number() {
    return std::bit_cast<double>(little_endian_64());
}

double Cursor::number_as_text() {
    const uint8_t bytes = byte();
    if (bytes == kTextNan) return std::numeric_limits<double>::quiet_NaN();
    if (bytes == kTextInfinity) return std::numeric_limits<double>::infinity();
    if (bytes == kTextMinusInfinity) return -std::numeric_limits<double>::infinity();
    const auto value = parse_double(raw(bytes));
    if (!value) fail("a score that is no number");
    return value.value_or(0);
}

}  // namespace millrace::persistence::rdb
