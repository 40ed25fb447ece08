// SPDX-License-Identifier: BSD-3-Clause
//
// Bytes in one allocation, as they are or squeezed by LZF, with a word about what they are.
//
// Owner:   whoever holds it; it moves, and copies only by clone().
// Threads: it never changes, so any number may read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/memory.h"

namespace millrace::structures {

class SqueezableText {
public:
    struct Free {
        void operator()(SqueezableText* text) const { deallocate(text); }
    };
    using Owner = std::unique_ptr<SqueezableText, Free>;

    static Owner plain(std::string_view text, bool mark);
    // Null if that does not save enough.
    static Owner squeezed(std::string_view text, bool mark);
    Owner clone() const { return make(stored(), bytes_, mark_, is_squeezed_); }
    // The same, not squeezed.
    Owner expanded() const;
    // Fills `out`, of bytes(), with what was squeezed.
    void expand(std::span<char> out) const;

    bool is_squeezed() const { return is_squeezed_; }
    bool mark() const { return mark_; }
    // When it is not squeezed.
    size_t bytes() const { return bytes_; }
    size_t memory_bytes() const { return usable_bytes(this); }
    // What is kept.
    std::string_view stored() const {
        return {reinterpret_cast<const char*>(this + 1), stored_bytes_};
    }

private:
    SqueezableText(size_t stored, size_t bytes, bool mark, bool is_squeezed)
        : stored_bytes_(stored), bytes_(bytes), mark_(mark), is_squeezed_(is_squeezed) {}
    static Owner make(size_t stored, size_t bytes, bool mark, bool is_squeezed);
    static Owner make(std::string_view stored, size_t bytes, bool mark, bool is_squeezed);
    char* data() { return reinterpret_cast<char*>(this + 1); }

    size_t stored_bytes_;
    size_t bytes_;
    bool mark_;
    bool is_squeezed_;
};

}  // namespace millrace::structures
