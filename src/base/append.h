// SPDX-License-Identifier: BSD-3-Clause
//
// Appends texts, single characters and whole numbers to a string, for what is written often and
// has no use for a format that has to be read:
//
//     append(line, "id=", id, " db=", database);
//
// Threads: any.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/numbers.h"

namespace millrace {
namespace append_detail {

template <typename T>
concept Text = std::convertible_to<const T&, std::string_view>;
template <typename T>
concept Number = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>;

// How many chars a part takes at most, and that it takes what put() gives back.
inline size_t room_of(char) {
    return 1;
}
template <Text T>
size_t room_of(const T& text) {
    return std::string_view(text).size();
}
template <Number T>
size_t room_of(T) {
    return kIntegerCharsMax;
}

inline char* put(char* out, char letter) {
    *out = letter;
    return out + 1;
}
template <Text T>
char* put(char* out, const T& text) {
    const std::string_view view(text);
    return out + view.copy(out, view.size());
}
template <Number T>
char* put(char* out, T value) {
    if constexpr (std::is_signed_v<T>) return out + format_integer(out, value);
    return out + format_unsigned(out, static_cast<uint64_t>(value));
}

}  // namespace append_detail

template <typename... Parts>
void append(std::string& out, const Parts&... parts) {
    const size_t before = out.size();
    out.resize(before + (append_detail::room_of(parts) + ...));
    char* end = out.data() + before;
    ((end = append_detail::put(end, parts)), ...);
    out.resize(static_cast<size_t>(end - out.data()));
}

}  // namespace millrace
