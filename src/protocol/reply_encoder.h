// SPDX-License-Identifier: BSD-3-Clause
//
// Replies to clients in wire form, RESP2 and RESP3.
//
// encode_...() append to a buffer. write_...() are for those who have the memory already; each
// returns the end of what it wrote. Where the two protocols differ, the function takes the version,
// 2 or 3.
//
// Threads: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/assert.h"
#include "base/byte_buffer.h"
#include "base/numbers.h"

namespace millrace::protocol {

inline constexpr size_t kHeaderBytesMax = 1 + kIntegerCharsMax + 2;
inline constexpr size_t kBulkBytesAround = kHeaderBytesMax + 2;

namespace encoder_detail {

// Numbers below this have their line ready, in 8 bytes, with a place for the type at the front.
inline constexpr size_t kReadyLines = 1024;

struct ReadyLine {
    char bytes[8];
};

inline constexpr auto kLines = [] {
    std::array<ReadyLine, kReadyLines> lines{};
    for (size_t number = 0; number < kReadyLines; ++number) {
        char* at = lines[number].bytes;
        *at++ = '$';
        for (size_t unit = 1000; unit > 0; unit /= 10) {
            if (number >= unit || unit == 1) *at++ = static_cast<char>('0' + number / unit % 10);
        }
        *at++ = '\r';
        *at++ = '\n';
    }
    return lines;
}();

// memcpy() without a call for the short texts that most elements are.
inline void copy_text(char* out, const char* text, size_t bytes) {
    if (bytes > 32) {
        std::memcpy(out, text, bytes);
    } else if (bytes > 16) {
        std::memcpy(out, text, 16);
        std::memcpy(out + bytes - 16, text + bytes - 16, 16);
    } else if (bytes >= 8) {
        std::memcpy(out, text, 8);
        std::memcpy(out + bytes - 8, text + bytes - 8, 8);
    } else {
        for (size_t at = 0; at < bytes; ++at) out[at] = text[at];
    }
}

inline char* write_line_end(char* out) {
    std::memcpy(out, "\r\n", 2);
    return out + 2;
}

}  // namespace encoder_detail

// The type, the number, and the line end: the start of a bulk, an array and so on. `out` has room
// for kHeaderBytesMax.
inline char* write_header(char* out, char type, uint64_t number) {
    if (number < encoder_detail::kReadyLines) [[likely]] {
        std::memcpy(out, encoder_detail::kLines[number].bytes, 8);
        *out = type;
        return out + 4 + (number >= 10) + (number >= 100) + (number >= 1000);
    }
    *out++ = type;
    return encoder_detail::write_line_end(out + format_unsigned(out, number));
}

// `out` has room for kHeaderBytesMax.
inline char* write_integer(char* out, int64_t value) {
    if (value >= 0) return write_header(out, ':', static_cast<uint64_t>(value));
    *out++ = ':';
    return encoder_detail::write_line_end(out + format_integer(out, value));
}

// `out` has room for the bytes and kBulkBytesAround.
inline char* write_bulk(char* out, std::string_view bytes) {
    out = write_header(out, '$', bytes.size());
    encoder_detail::copy_text(out, bytes.data(), bytes.size());
    return encoder_detail::write_line_end(out + bytes.size());
}

inline void encode_header(ByteBuffer& out, char type, uint64_t number) {
    char* const at = out.prepare(kHeaderBytesMax);
    out.commit(static_cast<size_t>(write_header(at, type, number) - at));
}

inline void encode_integer(ByteBuffer& out, int64_t value) {
    char* const at = out.prepare(kHeaderBytesMax);
    out.commit(static_cast<size_t>(write_integer(at, value) - at));
}

inline void encode_bulk(ByteBuffer& out, std::string_view bytes) {
    char* const at = out.prepare(bytes.size() + kBulkBytesAround);
    out.commit(static_cast<size_t>(write_bulk(at, bytes) - at));
}

// One line of text. CR and LF cannot be part of it and become spaces.
inline void encode_line(ByteBuffer& out, char type, std::string_view text) {
    char* const begin = out.prepare(text.size() + 3);
    char* at = begin;
    *at++ = type;
    for (const char byte : text) *at++ = byte == '\r' || byte == '\n' ? ' ' : byte;
    out.commit(static_cast<size_t>(encoder_detail::write_line_end(at) - begin));
}

inline void encode_simple(ByteBuffer& out, std::string_view text) {
    encode_line(out, '+', text);
}

// `text` begins with the code, such as "ERR". Compat: line ends behind it go, others become spaces.
inline void encode_error(ByteBuffer& out, std::string_view text) {
    while (text.ends_with('\r') || text.ends_with('\n')) text.remove_suffix(1);
    encode_line(out, '-', text);
}

inline void encode_null(ByteBuffer& out, int version) {
    out.append(version == 2 ? std::string_view("$-1\r\n") : std::string_view("_\r\n"));
}

inline void encode_null_array(ByteBuffer& out, int version) {
    out.append(version == 2 ? std::string_view("*-1\r\n") : std::string_view("_\r\n"));
}

inline void encode_boolean(ByteBuffer& out, bool value, int version) {
    if (version == 2) return encode_integer(out, value);
    out.append(value ? std::string_view("#t\r\n") : std::string_view("#f\r\n"));
}

inline void encode_double(ByteBuffer& out, double value, int version) {
    char text[kDoubleCharsMax];
    const std::string_view shown(text, format_double(text, value));
    if (version == 2) return encode_bulk(out, shown);
    encode_line(out, ',', shown);
}

// `digits` may begin with '-'.
inline void encode_big_number(ByteBuffer& out, std::string_view digits, int version) {
    if (version == 2) return encode_bulk(out, digits);
    encode_line(out, '(', digits);
}

// `format` has three letters, such as "txt".
inline void encode_verbatim(ByteBuffer& out, std::string_view format, std::string_view text,
                            int version) {
    if (version == 2) return encode_bulk(out, text);
    DCHECK(format.size() == 3);
    encode_header(out, '=', text.size() + 4);
    out.append(format);
    out.append(':');
    out.append(text);
    out.append("\r\n");
}

// The headers of replies with parts; the parts follow.
inline void encode_array(ByteBuffer& out, size_t count) {
    encode_header(out, '*', count);
}

inline void encode_map(ByteBuffer& out, size_t pairs, int version) {
    version == 2 ? encode_header(out, '*', pairs * 2) : encode_header(out, '%', pairs);
}

inline void encode_set(ByteBuffer& out, size_t count, int version) {
    encode_header(out, version == 2 ? '*' : '~', count);
}

inline void encode_push(ByteBuffer& out, size_t count, int version) {
    encode_header(out, version == 2 ? '*' : '>', count);
}

// Only in RESP3; the reply that it belongs to follows.
inline void encode_attribute(ByteBuffer& out, size_t pairs) {
    encode_header(out, '|', pairs);
}

}  // namespace millrace::protocol
