// SPDX-License-Identifier: BSD-3-Clause
//
// The names of the categories of commands, by which rules grant and refuse many at once.
//
// Threads: constants, read anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace millrace::engine::acl {

struct Category {
    uint32_t bit;
    std::string_view name;  // With its '@'.
};

// In the order in which Valkey lists them.
std::span<const Category> categories();

// The bit of the category of this name, without '@' and in any case.
std::optional<uint32_t> category_of(std::string_view name);

}  // namespace millrace::engine::acl
