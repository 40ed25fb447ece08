// SPDX-License-Identifier: BSD-3-Clause
//
// The id of a stream's entry: a time in milliseconds and a number within it.
//
// Threads: any; a value.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string_view>

#include "base/numbers.h"

namespace millrace::values {

struct StreamId {
    static constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
    // What a formatted id takes at most.
    static constexpr size_t kCharsMax = 48;

    uint64_t ms = 0;
    uint64_t number = 0;

    auto operator<=>(const StreamId&) const = default;
    bool is_zero() const { return ms == 0 && number == 0; }

    static constexpr StreamId highest() { return {kMax, kMax}; }

    // The id right after or before this one; false if there is none.
    bool increment() {
        if (*this == highest()) return false;
        if (++number == 0) ++ms;
        return true;
    }
    bool decrement() {
        if (is_zero()) return false;
        if (number-- == 0) --ms;
        return true;
    }
};

// As structures::IdTree wants it.
inline const StreamId& id_of(const StreamId& id) {
    return id;
}

// "ms-number".
class StreamIdText {
public:
    explicit StreamIdText(const StreamId& id) {
        size_ = format_unsigned(chars_, id.ms);
        chars_[size_++] = '-';
        size_ += format_unsigned(chars_ + size_, id.number);
    }
    StreamIdText(const StreamIdText&) = delete;
    StreamIdText& operator=(const StreamIdText&) = delete;
    std::string_view view() const { return {chars_, size_}; }

private:
    char chars_[StreamId::kCharsMax];
    size_t size_;
};

}  // namespace millrace::values
