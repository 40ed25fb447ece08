// SPDX-License-Identifier: BSD-3-Clause
//
// What LATENCY DOCTOR and MEMORY DOCTOR say of single keys.
//
// Threads: any; touches only its arguments.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/hot_keys.h"

namespace millrace::admin {

// Which key takes much of the time, or sends or gets most of the bytes; "" if none stands out.
std::string describe_hot_keys(const engine::HotKeys::Window& window);

// Whether one of the keys takes much of the memory; "" if none does.
std::string describe_big_keys(const std::vector<keyspace::BigKeys::Item>& keys,
                              uint64_t dataset_bytes);

}  // namespace millrace::admin
