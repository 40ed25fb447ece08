// SPDX-License-Identifier: BSD-3-Clause
//
// HyperLogLogs as values of string keys.
//
// Threads: main thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "commands/support/strings.h"
#include "keyspace/entry.h"
#include "structures/hyperloglog.h"

namespace millrace::commands::support {

inline constexpr ErrorText kNoSketch{"WRONGTYPE Key is not a valid HyperLogLog string value."};
inline constexpr ErrorText kCorruptSketch{"INVALIDOBJ Corrupted HLL object detected"};

// The bytes of a string that looks like a sketch; what follows the header may still be damaged.
inline Result<std::string_view> sketch_of(const keyspace::Entry& entry) {
    if (entry.is_integer() || !structures::hyperloglog::is_sketch(entry.string())) {
        return kNoSketch;
    }
    return entry.string();
}

// Compat: commands that only look at a sketch take its value out of the embedded form, too.
inline void unembed_sketch(engine::Call& call, engine::KeyEdit& edit) {
    if (!call.keyspace().may_be_referenced(*edit.entry()))
        edit.entry()->set_form(keyspace::StringForm::Raw);
}

// Puts the sketch in the place of the value; the caller commits.
inline void store_sketch(engine::Call& call, engine::KeyEdit& edit, std::string_view bytes) {
    store_text(call, edit, bytes);
    edit.entry()->set_form(keyspace::StringForm::Raw);
}

}  // namespace millrace::commands::support
