// SPDX-License-Identifier: BSD-3-Clause
#include "base/lzf.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/bytes.h"

namespace millrace {
namespace {

constexpr unsigned kHashBitsMin = 8;
constexpr unsigned kHashBitsMax = 13;
// After so many places in vain the steps become longer, by one for each as many again: what has no
// repetitions is given up sooner.
constexpr size_t kPatience = 32;
constexpr size_t kLiteralsMax = 32;
constexpr size_t kOffsetMax = 1 << 13;
constexpr size_t kMatchMin = 3;
constexpr size_t kMatchMax = 264;
constexpr size_t kShortMatchMax = 8;

class Compressor {
public:
    Compressor(std::string_view bytes, std::span<char> out)
        : in_(bytes), out_(out), hash_bits_(hash_bits_for(bytes.size())) {
        std::fill_n(seen_at_.begin(), size_t{1} << hash_bits_, 0);
    }

    size_t run() {
        size_t at = 0;
        while (at + kMatchMin < in_.size()) {
            const size_t from = last_place(at);
            if (from == kNowhere) {
                at += 1 + (at - literal_from_) / kPatience;
                continue;
            }
            const size_t length = match_length(from, at);
            if (!put_literals(at) || !put_reference(at - from - 1, length)) return 0;
            const size_t end = at + length;
            for (++at; at < end && at + kMatchMin < in_.size(); ++at) (void)last_place(at);
            at = literal_from_ = end;
        }
        return put_literals(in_.size()) ? size_ : 0;
    }

private:
    static constexpr size_t kNowhere = SIZE_MAX;

    // A table twice as large as the text: clearing more takes longer than it helps.
    static unsigned hash_bits_for(size_t bytes) {
        return std::clamp(static_cast<unsigned>(std::bit_width(bytes)) + 1, kHashBitsMin,
                          kHashBitsMax);
    }

    // The three bytes at a place that has one more behind them.
    uint32_t three_at(size_t at) const {
        return load_little_endian<uint32_t>(in_.data() + at) << 8;
    }

    // An earlier place with the same three bytes within reach; remembers `at` for the next one.
    size_t last_place(size_t at) {
        const uint32_t three = three_at(at);
        uint32_t& place = seen_at_[(three * 2654435761u) >> (32 - hash_bits_)];
        const uint32_t before = std::exchange(place, static_cast<uint32_t>(at) + 1);
        if (before == 0) return kNowhere;
        const size_t from = before - 1;
        return at - from <= kOffsetMax && three_at(from) == three ? from : kNowhere;
    }

    size_t match_length(size_t from, size_t at) const {
        const size_t longest = std::min(kMatchMax, in_.size() - at);
        size_t length = kMatchMin;
        while (length < longest && in_[from + length] == in_[at + length]) ++length;
        return length;
    }

    bool put_literals(size_t end) {
        while (literal_from_ < end) {
            const size_t count = std::min(kLiteralsMax, end - literal_from_);
            if (out_.size() - size_ < count + 1) return false;
            out_[size_++] = static_cast<char>(count - 1);
            std::memcpy(out_.data() + size_, in_.data() + literal_from_, count);
            size_ += count;
            literal_from_ += count;
        }
        return true;
    }

    bool put_reference(size_t offset, size_t length) {
        if (out_.size() - size_ < 3) return false;
        const bool is_short = length <= kShortMatchMax;
        const size_t code = is_short ? length - 2 : 7;
        out_[size_++] = static_cast<char>(code << 5 | offset >> 8);
        if (!is_short) out_[size_++] = static_cast<char>(length - 9);
        out_[size_++] = static_cast<char>(offset & 0xff);
        return true;
    }

    std::string_view in_;
    std::span<char> out_;
    size_t size_ = 0;
    size_t literal_from_ = 0;
    const unsigned hash_bits_;
    // Where each hash of three bytes was seen last, plus one; so much of it as the hash has bits.
    std::array<uint32_t, 1 << kHashBitsMax> seen_at_;
};

}  // namespace

size_t lzf_compress(std::string_view bytes, std::span<char> out) {
    if (bytes.empty() || bytes.size() >= UINT32_MAX) return 0;
    return Compressor(bytes, out).run();
}

bool lzf_decompress(std::string_view bytes, std::span<char> out) {
    ByteReader in(bytes);
    size_t made = 0;
    while (!in.at_end()) {
        const unsigned control = in.read_byte();
        if (control < kLiteralsMax) {
            const std::string_view literals = in.read_bytes(control + 1);
            if (in.failed() || literals.size() > out.size() - made) return false;
            std::memcpy(out.data() + made, literals.data(), literals.size());
            made += literals.size();
            continue;
        }
        size_t length = (control >> 5) + 2;
        if (length == 9) length += in.read_byte();
        const size_t offset = (size_t{control & 0x1f} << 8 | in.read_byte()) + 1;
        if (in.failed() || offset > made || length > out.size() - made) return false;
        // Byte by byte: what is copied may be what has just been written.
        for (size_t i = 0; i < length; ++i, ++made) out[made] = out[made - offset];
    }
    return made == out.size();
}

}  // namespace millrace
