// SPDX-License-Identifier: BSD-3-Clause
//
// INFO keyspace: a line for each database with keys.

#include <fmt/format.h>

#include "admin/info/sections.h"

namespace millrace::admin::info {

void register_keyspace_section(observe::InfoRegistry& info, engine::Engine& engine) {
    info.add("keyspace", "Keyspace", observe::InfoRegistry::kDefault,
             [&engine](observe::InfoWriter& out) {
                 const keyspace::Keyspace& keyspace = engine.keyspace();
                 for (int db = 0; db < keyspace.database_count(); ++db) {
                     const keyspace::Database& database = keyspace.database(db);
                     if (database.size() == 0) continue;
                     out.field(
                         fmt::format("db{}", db),
                         fmt::format("keys={},expires={},avg_ttl={},keys_with_volatile_items={}",
                                     database.size(), database.expiring(),
                                     database.average_ttl_ms(engine.now_ms()),
                                     database.with_expiring_members()));
                 }
             });
}

}  // namespace millrace::admin::info
