// SPDX-License-Identifier: BSD-3-Clause
#include "admin/config_file.h"

namespace millrace::admin {

Status rewrite_config_file(engine::Engine& engine, WhatToWrite) {
    if (engine.server().facts.config_file.empty()) return kNoConfigFile;
    return kNoConfigFile;
}

}  // namespace millrace::admin
