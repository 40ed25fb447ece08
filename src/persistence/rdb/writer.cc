// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/rdb/writer.h"

#include <bit>
#include <limits>

#include "base/bytes.h"
#include "base/crc64.h"
#include "base/lzf.h"
#include "base/numbers.h"

namespace millrace::persistence::rdb {
namespace {

template <typename T>
bool fits(int64_t number) {
    return number >= std::numeric_limits<T>::min() && number <= std::numeric_limits<T>::max();
}

template <typename T>
std::string_view encode(char (&out)[9], uint8_t encoding, int64_t number) {
    out[0] = static_cast<char>(kEncoded | encoding);
    store_little_endian<T>(out + 1, static_cast<T>(number));
    return {out, 1 + sizeof(T)};
}

}  // namespace

void Writer::raw(std::string_view bytes) {
    pending_.append(bytes);
    if (pending_.size() >= kFlushedFrom) (void)flush();
}

Status Writer::flush() {
    if (status_.ok() && !pending_.empty()) {
        if (options_.checksum) checksum_ = crc64(checksum_, pending_.view());
        status_ = sink_.write(pending_.view());
    }
    flushed_ += pending_.size();
    pending_.clear();
    if (status_.ok()) return done();
    return Error(std::string(status_.error().text()), status_.error().code());
}

void Writer::length(uint64_t value) {
    char out[9];
    if (value < 1u << 6) return byte(static_cast<uint8_t>(value));
    if (value < 1u << 14) {
        store_big_endian<uint16_t>(out, static_cast<uint16_t>(value | uint64_t{kLength14} << 8));
        return raw({out, 2});
    }
    const bool fits_32 = value <= UINT32_MAX;
    out[0] = static_cast<char>(fits_32 ? kLength32 : kLength64);
    if (fits_32) {
        store_big_endian<uint32_t>(out + 1, static_cast<uint32_t>(value));
        return raw({out, 5});
    }
    store_big_endian<uint64_t>(out + 1, value);
    raw({out, 9});
}

bool Writer::try_integer(int64_t number) {
    char out[9];
    if (fits<int8_t>(number)) {
        raw(encode<int8_t>(out, kEncodedInt8, number));
    } else if (fits<int16_t>(number)) {
        raw(encode<int16_t>(out, kEncodedInt16, number));
    } else if (fits<int32_t>(number)) {
        raw(encode<int32_t>(out, kEncodedInt32, number));
    } else {
        return false;
    }
    return true;
}

bool Writer::try_compressed(std::string_view text) {
    compressed_.clear();
    const size_t room = text.size() - kCompressionGainMin;
    char* const out = compressed_.prepare(room);
    const size_t size = lzf_compress(text, {out, room});
    if (size == 0) return false;
    compressed({out, size}, text.size());
    return true;
}

void Writer::compressed(std::string_view lzf, size_t plain_bytes) {
    byte(kEncoded | kEncodedLzf);
    length(lzf.size());
    length(plain_bytes);
    raw(lzf);
}

void Writer::string(std::string_view text) {
    if (text.size() <= kEncodedDigitsMax) {
        const auto number = parse_integer(text);
        if (number && try_integer(*number)) return;
    }
    if (options_.compress && text.size() >= kCompressedFrom) {
        if (options_.compress_later != nullptr) {
            options_.compress_later->push_back({written(), text.size()});
            return raw(text);
        }
        if (try_compressed(text)) return;
    }
    length(text.size());
    raw(text);
}

void Writer::string(int64_t number) {
    if (try_integer(number)) return;
    char digits[kIntegerCharsMax];
    const size_t size = format_integer(digits, number);
    length(size);
    raw({digits, size});
}

void Writer::little_endian(uint64_t value) {
    char out[8];
    store_little_endian(out, value);
    raw({out, 8});
}

void Writer::big_endian(uint64_t value) {
    char out[8];
    store_big_endian(out, value);
    raw({out, 8});
}

void Writer::number(double value) {
    little_endian(std::bit_cast<uint64_t>(value));
}

}  // namespace millrace::persistence::rdb
