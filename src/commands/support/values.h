// SPDX-License-Identifier: BSD-3-Clause
//
// What commands on collections share.
//
// Threads: main thread.
#pragma once

#include "engine/call.h"
#include "values/growth_rules.h"

namespace millrace::commands::support {

// What a collection must know when this command adds to it.
inline values::GrowthRules growth_rules(engine::Call& call) {
    return {call.keyspace().encodings(), call.keyspace().seed()};
}

// For counts of arguments that an arity cannot describe.
Error wrong_arity(const engine::Call& call);

}  // namespace millrace::commands::support
