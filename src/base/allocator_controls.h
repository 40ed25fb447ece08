// SPDX-License-Identifier: BSD-3-Clause
//
// The values of the general allocator by their names ("arenas.page", "version"), as jemalloc
// documents them under mallctl; for DEBUG MALLCTL.
//
// Owner:   nobody; there is no state here.
// Threads: any.
// Limits:  only decay times, background threads and the epoch can be set: a wrong number in most
// others would be taken for an address. Only those are read as texts that are known to be texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace millrace {

// False in builds with sanitizers, which have another allocator.
bool allocator_has_controls();

// The value before; sets it to `fresh` if that is given. An error's code is an errno.
Result<int64_t> allocator_number(const std::string& name, std::optional<int64_t> fresh);

Result<std::string> allocator_text(const std::string& name);

}  // namespace millrace
