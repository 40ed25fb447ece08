// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/settings.h"

namespace millrace::scripting {

void register_settings(config::Registry& registry, Settings& settings) {
    registry.add_bool(
        "lua-enable-insecure-api", settings.lua_enable_insecure_api,
        {.alias = "lua-enable-deprecated-api", .flags = config::kHidden | config::kProtected});
}

}  // namespace millrace::scripting
