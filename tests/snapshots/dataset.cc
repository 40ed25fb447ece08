// SPDX-License-Identifier: BSD-3-Clause
#include "dataset.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "persistence/rdb/value_writer.h"
#include "values/hash.h"
#include "values/set.h"

namespace millrace::test {

using keyspace::Entry;
using keyspace::ValueType;

std::string describe(const Entry& entry) {
    std::string text =
        fmt::format("{} expires {} ", keyspace::type_name(entry.type()), entry.expire_at_ms());
    std::set<std::string> parts;
    if (entry.type() == ValueType::Set) {
        static_cast<const values::Set*>(entry.collection())->for_each([&](std::string_view member) {
            parts.emplace(member);
        });
    } else if (entry.type() == ValueType::Hash) {
        const auto& hash = *static_cast<const values::Hash*>(entry.collection());
        hash.for_each(values::Hash::kAnyTime, [&](std::string_view field, std::string_view value) {
            const auto at = hash.expiry(field, values::Hash::kAnyTime);
            parts.emplace(fmt::format("{}={}@{}", field, value, at.value_or(0)));
        });
    } else {
        persistence::rdb::BufferSink sink;
        persistence::rdb::Writer writer(sink, {.compress = false, .checksum = false});
        persistence::rdb::write_value(writer, entry);
        EXPECT_TRUE(writer.flush().ok());
        return text + std::string(sink.view());
    }
    for (const std::string& part : parts) text += part + ",";
    return text;
}

Dataset describe(keyspace::Keyspace& keyspace) {
    Dataset dataset;
    for (int db = 0; db < keyspace.database_count(); ++db) {
        uint64_t position = 0;
        const auto visit = [&](keyspace::Database::Position at) {
            const Entry& entry = *at.element();
            dataset[{db, std::string(entry.key())}] = describe(entry);
        };
        do {
            position = keyspace.database(db).table().visit_segment(position, visit);
        } while (position != 0);
    }
    return dataset;
}

}  // namespace millrace::test
