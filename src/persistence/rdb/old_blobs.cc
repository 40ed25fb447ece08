// SPDX-License-Identifier: BSD-3-Clause
//
//     ziplist: bytes u32 | offset of the last element u32 | elements u16 | element ... | 0xFF
//     element: bytes of the one before (1, or 0xFE and 4) | encoding | text or number
//     zipmap:  pairs u8 | { length | field | length | unused u8 | value | unused bytes } ... | 0xFF
#include "persistence/rdb/old_blobs.h"

#include "base/bytes.h"
#include "base/numbers.h"

namespace millrace::persistence::rdb {
namespace {

constexpr uint8_t kEnd = 0xff;
constexpr uint8_t kLongLength = 0xfe;
constexpr size_t kZiplistHeaderBytes = 10;
constexpr unsigned kCountUnknown = 65535;
constexpr unsigned kPairsUnknown = 254;

int64_t read_int24(ByteReader& in) {
    const uint32_t low = in.read_little_endian<uint16_t>();
    return int64_t{static_cast<int8_t>(in.read_byte())} * 65536 + low;
}

// The number that an element is, by its encoding.
int64_t read_number(ByteReader& in, uint8_t encoding) {
    switch (encoding) {
        case 0xc0:
            return in.read_little_endian<int16_t>();
        case 0xd0:
            return in.read_little_endian<int32_t>();
        case 0xe0:
            return in.read_little_endian<int64_t>();
        case 0xf0:
            return read_int24(in);
        case 0xfe:
            return in.read_little_endian<int8_t>();
        default:
            break;
    }
    if (encoding > 0xf0 && encoding < 0xfe) return encoding - 0xf1;
    in.fail();
    return 0;
}

std::string_view read_text(ByteReader& in, uint8_t encoding) {
    const unsigned low = encoding & 0x3fu;
    switch (encoding >> 6) {
        case 0:
            return in.read_bytes(low);
        case 1:
            return in.read_bytes(low << 8 | in.read_byte());
        default:
            return in.read_bytes(in.read_big_endian<uint32_t>());
    }
}

void read_element(ByteReader& in, const ElementVisitor& visit) {
    const uint8_t encoding = in.read_byte();
    if (in.failed()) return;
    if (encoding < 0xc0) {
        const std::string_view text = read_text(in, encoding);
        if (!in.failed()) visit(text);
        return;
    }
    const int64_t number = read_number(in, encoding);
    if (in.failed()) return;
    char digits[kIntegerCharsMax];
    visit({digits, format_integer(digits, number)});
}

size_t read_back_length(ByteReader& in) {
    const uint8_t first = in.read_byte();
    return first == kLongLength ? in.read_little_endian<uint32_t>() : first;
}

uint64_t read_zipmap_length(ByteReader& in) {
    const uint8_t first = in.read_byte();
    if (first == kEnd) in.fail();
    if (first != kLongLength) return first;
    const uint32_t length = in.read_little_endian<uint32_t>();
    if (length < kLongLength) in.fail();  // Has a short form, which all writers use.
    return length;
}

bool at_end_mark(const ByteReader& in) {
    return in.left() == 1 && static_cast<uint8_t>(in.rest()[0]) == kEnd;
}

}  // namespace

bool read_ziplist(std::string_view blob, const ElementVisitor& visit) {
    ByteReader in(blob);
    const uint32_t bytes = in.read_little_endian<uint32_t>();
    const uint32_t last_offset = in.read_little_endian<uint32_t>();
    const unsigned announced = in.read_little_endian<uint16_t>();
    if (in.failed() || bytes != blob.size()) return false;
    size_t before = 0;
    size_t at = kZiplistHeaderBytes;
    size_t last_at = at;
    size_t count = 0;
    while (!in.failed() && !at_end_mark(in)) {
        if (in.left() == 0 || read_back_length(in) != before) return false;
        read_element(in, visit);
        last_at = at;
        const size_t after = blob.size() - in.left();
        before = after - at;
        at = after;
        ++count;
    }
    if (in.failed() || last_offset != last_at) return false;
    return announced == kCountUnknown || announced == count;
}

bool read_zipmap(std::string_view blob, const ElementVisitor& visit) {
    ByteReader in(blob);
    const unsigned announced = in.read_byte();
    size_t count = 0;
    while (!in.failed() && !at_end_mark(in)) {
        const uint64_t field_bytes = read_zipmap_length(in);
        const std::string_view field = in.read_bytes(field_bytes);
        const uint64_t value_bytes = read_zipmap_length(in);
        const uint8_t unused = in.read_byte();
        const std::string_view value = in.read_bytes(value_bytes);
        in.skip(unused);
        if (in.failed()) return false;
        visit(field);
        visit(value);
        ++count;
    }
    return !in.failed() && (announced >= kPairsUnknown || announced == count);
}

}  // namespace millrace::persistence::rdb
