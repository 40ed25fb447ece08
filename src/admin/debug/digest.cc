// SPDX-License-Identifier: BSD-3-Clause
//
// DEBUG DIGEST, DIGEST-VALUE: 40 hexadecimal digits for a dataset or a value, the same as Valkey's
// for the same data.
//
// The digest of a value chains its type and its content, and adds a mark if it expires. That of a
// dataset chains the number of each database that has keys, and adds the digest of each key, which
// chains the name before the value.

#include "admin/debug/subcommands.h"
#include "base/numbers.h"
#include "keyspace/value_digest.h"

namespace millrace::admin::debug {

using namespace engine;
using keyspace::ValueDigest;

namespace {

void chain_string(ValueDigest& digest, const keyspace::Entry& entry) {
    if (!entry.is_integer()) return digest.chain(entry.string());
    char digits[kIntegerCharsMax];
    digest.chain({digits, format_integer(digits, entry.integer())});
}

void chain_value(ValueDigest& digest, const keyspace::Entry& entry) {
    digest.chain_number(type_number(entry.type()));
    if (entry.is_string()) {
        chain_string(digest, entry);
    } else {
        entry.collection()->digest(digest);
    }
    if (entry.expire_at_ms() != keyspace::kNoExpiry) digest.add("!!expire!!");
}

void add_database(ValueDigest& dataset, keyspace::Database& database) {
    uint64_t position = 0;
    do {
        position = database.table().visit_elements(position, [&](keyspace::Database::Position at) {
            const keyspace::Entry& entry = *at.element();
            ValueDigest digest;
            digest.chain(entry.key());
            chain_value(digest, entry);
            dataset.add(digest);
        });
    } while (position != 0);
}

Status digest_dataset(Call& call) {
    ValueDigest dataset;
    for (int db = 0; db < call.keyspace().database_count(); ++db) {
        keyspace::Database& database = call.keyspace().database(db);
        if (database.size() == 0) continue;
        dataset.chain_number(static_cast<uint32_t>(db));
        add_database(dataset, database);
    }
    call.reply().simple(dataset.text());
    return done();
}

// Values past their time count as well: a replica and its primary agree although one of them has
// not removed them yet.
Status digest_values(Call& call) {
    call.reply().array(call.count() - 2);
    for (std::string_view key : call.arguments().subspan(2)) {
        ValueDigest digest;
        const auto position = call.database().find(key, call.keyspace().hash(key));
        if (position) chain_value(digest, *position.element());
        call.reply().simple(digest.text());
    }
    return done();
}

constexpr Subcommand kDigestSubcommands[] = {
    {"DIGEST", 2, 2, digest_dataset},
    {"DIGEST-VALUE", 2, SIZE_MAX, digest_values},
};

}  // namespace

std::span<const Subcommand> digest_subcommands() {
    return kDigestSubcommands;
}

}  // namespace millrace::admin::debug
