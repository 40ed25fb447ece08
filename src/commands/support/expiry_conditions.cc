// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/expiry_conditions.h"

#include <string>

#include "base/token.h"
#include "commands/support/text.h"

namespace millrace::commands::support {

namespace {

constexpr ErrorText kNxWithOthers{
    "ERR NX and XX, GT or LT options at the same time are not compatible"};
constexpr ErrorText kGtWithLt{"ERR GT and LT options at the same time are not compatible"};

}  // namespace

Result<ExpiryConditions> parse_expiry_conditions(const engine::Call& call, size_t from, size_t to) {
    ExpiryConditions conditions;
    for (size_t at = from; at < to; ++at) {
        if (call.arg_is(at, "NX")) {
            conditions.nx = true;
        } else if (call.arg_is(at, "XX")) {
            conditions.xx = true;
        } else if (call.arg_is(at, "GT")) {
            conditions.gt = true;
        } else if (call.arg_is(at, "LT")) {
            conditions.lt = true;
        } else {
            return Error("ERR Unsupported option " + std::string(until_zero(call.arg(at))));
        }
    }
    if (conditions.nx && (conditions.xx || conditions.gt || conditions.lt)) return kNxWithOthers;
    if (conditions.gt && conditions.lt) return kGtWithLt;
    return conditions;
}

}  // namespace millrace::commands::support
