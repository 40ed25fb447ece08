// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/write_refusals.h"

#include <utility>

namespace millrace::persistence {

void WriteRefusals::set(Reason reason, std::string error) {
    errors_[static_cast<size_t>(reason)] = std::move(error);
    engine_.set_condition(engine::kWritesRefused, !text().empty());
}

std::string_view WriteRefusals::text() const {
    for (const std::string& error : errors_) {
        if (!error.empty()) return error;
    }
    return {};
}

}  // namespace millrace::persistence
