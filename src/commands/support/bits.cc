// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/bits.h"

#include <algorithm>

#include "base/bit_count.h"
#include "base/bytes.h"
#include "base/numbers.h"

namespace millrace::commands::support {
namespace {

constexpr ErrorText kBadOffset{"ERR bit offset is not an integer or out of range"};

uint8_t byte_at(std::string_view bytes, size_t at) {
    return static_cast<uint8_t>(bytes[at]);
}

}  // namespace

uint64_t count_bits(std::string_view bytes, uint64_t begin, uint64_t end) {
    uint64_t total = 0;
    while (begin < end && (begin & 7) != 0) total += bit_at(bytes, begin++) ? 1 : 0;
    while (begin < end && (end & 7) != 0) total += bit_at(bytes, --end) ? 1 : 0;
    return total + count_set_bits(bytes.substr(begin >> 3, (end - begin) >> 3));
}

uint64_t find_bit(std::string_view bytes, uint64_t begin, uint64_t end, bool wanted) {
    const uint8_t skipped_byte = wanted ? 0 : 0xff;
    const uint64_t skipped_word = wanted ? 0 : ~uint64_t{0};
    while (begin < end) {
        if ((begin & 7) == 0) {  // Whole words and bytes without the bit.
            while (begin + 64 <= end &&
                   load_little_endian<uint64_t>(&bytes[begin >> 3]) == skipped_word)
                begin += 64;
            while (begin + 8 <= end && byte_at(bytes, begin >> 3) == skipped_byte) begin += 8;
            if (begin >= end) break;
        }
        if (bit_at(bytes, begin) == wanted) return begin;
        ++begin;
    }
    return end;
}

Result<uint64_t> bit_offset(const engine::Call& call, size_t at, uint64_t width) {
    std::string_view text = call.arg(at);
    const bool in_fields = width != 0 && text.starts_with('#');
    if (in_fields) text.remove_prefix(1);
    const auto number = parse_integer(text);
    if (!number) return kBadOffset;
    // Compat: the product of a number of fields and their width wraps around.
    const uint64_t offset = static_cast<uint64_t>(*number) * (in_fields ? width : 1);
    if (offset > INT64_MAX || (offset >> 3) >= call.settings().proto_max_bulk_bytes)
        return kBadOffset;
    return offset;
}

}  // namespace millrace::commands::support
