// SPDX-License-Identifier: BSD-3-Clause
//
// Looks settings up in the registry.

#include "admin/setting_value.h"

#include "base/numbers.h"

namespace millrace::admin {

std::string setting_text(engine::Engine& engine, std::string_view name,
                         std::string_view otherwise) {
    const config::Setting* setting = engine.config().find(name);
    return setting != nullptr ? setting->print() : std::string(otherwise);
}

int64_t setting_integer(engine::Engine& engine, std::string_view name, int64_t otherwise) {
    const config::Setting* setting = engine.config().find(name);
    return setting != nullptr ? parse_integer(setting->print()).value_or(otherwise) : otherwise;
}

bool setting_is_on(engine::Engine& engine, std::string_view name) {
    return setting_text(engine, name, "no") == "yes";
}

}  // namespace millrace::admin
