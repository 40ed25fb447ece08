// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/relocation.h"

#include <cstdint>

namespace millrace::commands::support {

using namespace engine;
using keyspace::Entry;
using keyspace::ExpiryRoom;
using keyspace::kNoExpiry;

namespace {

ExpiryRoom room_of(const Entry& original) {
    return original.expire_at_ms() != kNoExpiry ? ExpiryRoom::Yes : ExpiryRoom::No;
}

KeyEdit place_entry(Call& call, Entry* fresh, Place place) {
    KeyEdit destination = call.edit(place.key, place.db);
    // Compat: what is in the way is deleted first, so the value is announced as a new key.
    if (destination.exists()) destination.remove();
    destination.store(fresh);
    return destination;
}

}  // namespace

void relocate(Call& call, KeyEdit& source, Place place) {
    Entry* original = source.take();
    source.commit(EventClass::Generic, {}, 0);
    Entry* fresh = call.keyspace().builder().rekey(*original, place.key, room_of(*original));
    place_entry(call, fresh, place).commit(EventClass::Generic, {});
    call.keyspace().retire(original);
}

void duplicate(Call& call, const Entry& original, Place place, std::string_view event) {
    Entry* fresh = call.keyspace().builder().copy(original, place.key, room_of(original));
    place_entry(call, fresh, place).commit(EventClass::Generic, event);
}

Result<int> database_argument(Call& call, size_t at) {
    const int64_t number = TRY(call.integer(at, INT32_MIN, INT32_MAX));
    if (number < 0 || number >= call.keyspace().database_count()) {
        return errors::kDatabaseOutOfRange;
    }
    return static_cast<int>(number);
}

}  // namespace millrace::commands::support
