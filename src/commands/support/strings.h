// SPDX-License-Identifier: BSD-3-Clause
//
// What commands on plain strings share: answering one, writing one.
//
// Threads: main thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "commands/support/write_options.h"
#include "engine/call.h"

namespace millrace::commands::support {

// The string as a bulk, or null.
inline void reply_string(engine::Call& call, keyspace::Entry* entry) {
    if (entry == nullptr) {
        call.reply().null();
    } else {
        call.reply().value(*entry);
    }
}

// Puts argument `value_at` in place of whatever `edit` found, with the expiry that the options ask for, and
// commits. The key is argument `key_at`.
void write_string(engine::Call& call, engine::KeyEdit& edit, size_t key_at, size_t value_at,
                  const WriteOptions& options);

// Puts `text` in the place of the value and keeps the expiry; the caller commits.
// Compat: it stays text, even where it is an integer (OBJECT ENCODING tells).
void store_text(engine::Call& call, engine::KeyEdit& edit, std::string_view text);

}  // namespace millrace::commands::support
