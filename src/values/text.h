// SPDX-License-Identifier: BSD-3-Clause
//
// An element of a collection as text, wherever the collection keeps it and as what: a view of the
// element, or the digits of a number.
//
// Owner:   whoever asks for elements. The text is good until the collection changes.
// Threads: any.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/numbers.h"
#include "structures/listpack.h"

namespace millrace::values {

class Text {
public:
    Text() = default;
    Text(const Text&) = delete;
    Text& operator=(const Text&) = delete;

    std::string_view view() const { return view_; }
    void set(std::string_view text) { view_ = text; }
    void set(int64_t number) { view_ = {digits_, format_integer(digits_, number)}; }
    void set(const structures::Listpack& pack, structures::Listpack::Position at) {
        view_ = pack.view(at, digits_);
    }

private:
    std::string_view view_;
    char digits_[24];
};

}  // namespace millrace::values
