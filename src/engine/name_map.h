// SPDX-License-Identifier: BSD-3-Clause
//
// A hash map by name that is searched with views: std::unordered_map, so what it holds stays put.
//
// Threads: those of its owner.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace millrace::engine {

struct NameHash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
};

template <typename Value>
using NameMap = std::unordered_map<std::string, Value, NameHash, std::equal_to<>>;

}  // namespace millrace::engine
