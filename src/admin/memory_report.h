// SPDX-License-Identifier: BSD-3-Clause
//
// What MEMORY DOCTOR and MEMORY MALLOC-STATS say, in words.
//
// Threads: any; touches only its arguments.
#pragma once

#include <string>

#include "admin/memory_overview.h"

namespace millrace::admin {

std::string diagnose_memory(const MemoryOverview& memory);
std::string describe_allocator(const MemoryOverview& memory, std::string_view allocator);

}  // namespace millrace::admin
