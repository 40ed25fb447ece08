// SPDX-License-Identifier: BSD-3-Clause
#include "structures/squeezable_text.h"

#include <cstring>
#include <new>

#include "base/assert.h"
#include "base/lzf.h"

namespace millrace::structures {
namespace {

// Compat: what is shorter is not squeezed, and what saves less does not stay so.
constexpr size_t kSqueezedFrom = 48;
constexpr size_t kGainMin = 9;

}  // namespace

SqueezableText::Owner SqueezableText::make(size_t stored, size_t bytes, bool mark,
                                           bool is_squeezed) {
    void* const room = allocate(sizeof(SqueezableText) + stored);
    return Owner(new (room) SqueezableText(stored, bytes, mark, is_squeezed));
}

SqueezableText::Owner SqueezableText::make(std::string_view stored, size_t bytes, bool mark,
                                           bool is_squeezed) {
    Owner made = make(stored.size(), bytes, mark, is_squeezed);
    stored.copy(made->data(), stored.size());
    return made;
}

SqueezableText::Owner SqueezableText::plain(std::string_view text, bool mark) {
    return make(text, text.size(), mark, false);
}

SqueezableText::Owner SqueezableText::squeezed(std::string_view text, bool mark) {
    if (text.size() < kSqueezedFrom) return nullptr;
    const size_t room = text.size() - kGainMin;
    const auto out = std::make_unique_for_overwrite<char[]>(room);
    const size_t size = lzf_compress(text, {out.get(), room});
    if (size == 0) return nullptr;
    return make({out.get(), size}, text.size(), mark, true);
}

SqueezableText::Owner SqueezableText::expanded() const {
    Owner made = make(bytes_, bytes_, mark_, false);
    expand({made->data(), bytes_});
    return made;
}

void SqueezableText::expand(std::span<char> out) const {
    CHECK(lzf_decompress(stored(), out));
}

}  // namespace millrace::structures
