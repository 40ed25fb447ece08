// SPDX-License-Identifier: BSD-3-Clause
//
// Bytes of any kind as compressed ones, against a decoder that is as plain as the format; and as
// text, which comes back from its compressed form.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/lzf.h"

using namespace millrace;

namespace {

// All that the bytes stand for, or none if they are damaged or stand for more than `most`.
std::optional<std::string> decode(std::string_view bytes, size_t most) {
    std::string out;
    for (size_t at = 0; at < bytes.size();) {
        const auto control = static_cast<uint8_t>(bytes[at++]);
        if (control < 32) {
            const size_t count = control + size_t{1};
            if (count > bytes.size() - at || count > most - out.size()) return std::nullopt;
            out += bytes.substr(at, count);
            at += count;
            continue;
        }
        size_t count = (control >> 5) + size_t{2};
        if (control >> 5 == 7) {
            if (at == bytes.size()) return std::nullopt;
            count += static_cast<uint8_t>(bytes[at++]);
        }
        if (at == bytes.size()) return std::nullopt;
        const size_t back = ((control & 31u) << 8 | static_cast<uint8_t>(bytes[at++])) + size_t{1};
        if (back > out.size() || count > most - out.size()) return std::nullopt;
        for (size_t i = 0; i < count; ++i) out += out[out.size() - back];
    }
    return out;
}

void check_decoder(std::string_view bytes, size_t size) {
    std::vector<char> out(size);
    const bool sound = lzf_decompress(bytes, out);
    const auto expected = decode(bytes, size);
    CHECK(sound == (expected.has_value() && expected->size() == size));
    if (sound) CHECK(std::string_view(out.data(), size) == *expected);
}

void check_round_trip(std::string_view text, size_t room) {
    std::vector<char> packed(room);
    const size_t size = lzf_compress(text, packed);
    CHECK(size <= room);
    if (size == 0) return;
    CHECK(text.size() <= kLzfRatioMax * size);
    std::vector<char> out(text.size());
    CHECK(lzf_decompress({packed.data(), size}, out));
    CHECK(std::equal(out.begin(), out.end(), text.begin()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
    const size_t asked = data[0] | size_t{data[1]} << 8;
    check_decoder(bytes, asked);
    if (const auto whole = decode(bytes, size_t{1} << 20)) check_decoder(bytes, whole->size());
    check_round_trip(bytes, asked);
    check_round_trip(bytes, bytes.size() + bytes.size() / 16 + 64);
    std::string repeated;
    for (size_t i = 0; i < asked % 300; ++i) repeated += bytes.substr(0, 1 + i % 17);
    check_round_trip(repeated, repeated.size());
    return 0;
}
