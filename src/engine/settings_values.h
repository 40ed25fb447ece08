// SPDX-License-Identifier: BSD-3-Clause
//
// The settings of the engine whose words need a parser of their own.
//
// Threads: main thread.
#pragma once

#include <string>
#include <vector>

#include "config/registry.h"
#include "engine/settings.h"

namespace millrace::engine::settings_values {

config::CustomOptions<OutputLimits> output_limits();
config::CustomOptions<std::vector<double>> percentiles();
config::CustomOptions<uint32_t> event_classes();

}  // namespace millrace::engine::settings_values
