// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/strings.h"

namespace millrace::commands::support {

using namespace engine;
using keyspace::ExpiryRoom;
using keyspace::kNoExpiry;

void write_string(Call& call, KeyEdit& edit, size_t key_at, size_t value_at,
                  const WriteOptions& options) {
    int64_t at_ms = options.expire_at_ms;
    if (options.expiry == WriteOptions::Expiry::Keep) at_ms = edit.expire_at_ms();
    const bool expires = at_ms != kNoExpiry;

    keyspace::Entry* fresh =
        call.take_entry(key_at, value_at, expires ? ExpiryRoom::Yes : ExpiryRoom::No);
    if (expires) fresh->set_expire_at_ms(at_ms);
    edit.store(fresh);
    edit.commit(EventClass::String, "set");
    if (options.expiry == WriteOptions::Expiry::Set) {
        call.engine().emit(EventClass::Generic, "expire", call.arg(key_at), call.db());
    }
}

void store_text(Call& call, KeyEdit& edit, std::string_view text) {
    const int64_t at_ms = edit.expire_at_ms();
    const ExpiryRoom room = at_ms == kNoExpiry ? ExpiryRoom::No : ExpiryRoom::Yes;
    const auto form = keyspace::form_by_size(edit.key().size(), text.size(), room);
    keyspace::Entry* fresh =
        call.keyspace().builder().blank_string(edit.key(), text.size(), text.size(), room, form);
    text.copy(fresh->mutable_string(), text.size());
    if (at_ms != kNoExpiry) fresh->set_expire_at_ms(at_ms);
    edit.store(fresh);
}

}  // namespace millrace::commands::support
