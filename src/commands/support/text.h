// SPDX-License-Identifier: BSD-3-Clause
//
// Numbers and string values as bytes, without an allocation.
//
// Threads: any; both belong to whoever made them.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/numbers.h"
#include "keyspace/entry.h"

namespace millrace::commands::support {

// The decimal digits of an integer.
class IntegerText {
public:
    explicit IntegerText(int64_t value) : bytes_(digits_, format_integer(digits_, value)) {}
    IntegerText(const IntegerText&) = delete;
    IntegerText& operator=(const IntegerText&) = delete;
    std::string_view view() const { return bytes_; }

private:
    char digits_[kIntegerCharsMax];
    std::string_view bytes_;
};

// The bytes of a string value, whichever way it is kept; good until the entry changes.
class StringText {
public:
    explicit StringText(const keyspace::Entry& entry)
        : bytes_(entry.is_integer()
                     ? std::string_view(digits_, format_integer(digits_, entry.integer()))
                     : entry.string()) {}
    StringText(const StringText&) = delete;
    StringText& operator=(const StringText&) = delete;
    std::string_view view() const { return bytes_; }

private:
    char digits_[kIntegerCharsMax];
    std::string_view bytes_;
};

}  // namespace millrace::commands::support
