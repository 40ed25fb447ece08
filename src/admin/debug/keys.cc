// SPDX-License-Identifier: BSD-3-Clause
//
// DEBUG OBJECT, SDSLEN, HTSTATS, HTSTATS-KEY, POPULATE: keys as they are kept.

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <string>

#include "admin/debug/subcommands.h"
#include "base/numbers.h"
#include "keyspace/collection.h"
#include "keyspace/entry_builder.h"
#include "values/list.h"

namespace millrace::admin::debug {

using namespace engine;
using keyspace::Entry;

namespace {

// --- OBJECT, SDSLEN ---

// Bytes of the value in an RDB file: an integer with its mark, or a length and the bytes.
size_t serialized_bytes(const Entry& entry) {
    if (entry.is_integer()) {
        const int64_t value = entry.integer();
        if (value >= INT8_MIN && value <= INT8_MAX) return 2;
        if (value >= INT16_MIN && value <= INT16_MAX) return 3;
        if (value >= INT32_MIN && value <= INT32_MAX) return 5;
        char digits[kIntegerCharsMax];
        return 1 + format_integer(digits, value);
    }
    const size_t bytes = entry.string_bytes();
    if (bytes < 64) return 1 + bytes;
    if (bytes < 16384) return 2 + bytes;
    return (bytes <= UINT32_MAX ? 5 : 9) + bytes;
}

std::string access_text(Call& call, const Entry& entry) {
    const keyspace::AccessClock& clock = call.keyspace().access_clock();
    if (clock.policy() == keyspace::AccessClock::Policy::Frequency) {
        return fmt::format(" lfu_freq:{} lfu_access_time_minutes:{}", clock.frequency(entry),
                           entry.access() >> 8);
    }
    return fmt::format(" lru:{} lru_seconds_idle:{}", entry.access(), clock.idle_seconds(entry));
}

// Of a large list.
std::string blocks_text(const values::PackedList& list, bool fast) {
    const double average =
        static_cast<double>(list.size()) / static_cast<double>(list.block_count());
    std::string text = fmt::format(
        " ql_nodes:{} ql_avg_node:{:.2f} ql_listpack_max:{} ql_compressed:{}", list.block_count(),
        average, list.limits().setting, list.compress_depth() != 0 ? 1 : 0);
    if (!fast) text += fmt::format(" ql_uncompressed_size:{}", list.plain_bytes());
    return text;
}

// Compat: also of a key whose time is over, and without making it go.
Status object(Call& call) {
    const auto position = call.database().find(call.arg(2), call.hash(2));
    if (!position) return errors::kNoSuchKey;
    const Entry* entry = position.element();
    const bool fast = call.count() == 4 && call.arg_is(3, "FAST");
    std::string text = fmt::format("Value at:{} refcount:1 encoding:{}",
                                   static_cast<const void*>(entry), encoding_name(*entry));
    if (!fast) text += fmt::format(" serializedlength:{}", serialized_bytes(*entry));
    text += access_text(call, *entry);
    if (entry->type() == keyspace::ValueType::List) {
        const auto& list = static_cast<const values::List&>(*entry->collection());
        if (list.packed() != nullptr) text += blocks_text(*list.packed(), fast);
    }
    call.reply().simple(text);
    return done();
}

// Key and value share one allocation, so what is left of it belongs to the value.
Status string_sizes(Call& call) {
    const Entry* entry = call.peek(2);
    if (entry == nullptr) return errors::kNoSuchKey;
    if (!entry->is_string() || entry->is_integer()) {
        return ErrorText{"ERR Not an sds encoded string."};
    }
    const keyspace::EntryBuilder& builder = call.keyspace().builder();
    const size_t bytes = entry->string_bytes();
    call.reply().simple(fmt::format(
        "key_sds_len:{} key_sds_avail:0 obj_alloc:{} val_sds_len:{} val_sds_avail:{} val_alloc:0",
        entry->key_bytes(), builder.memory_bytes(*entry), bytes,
        builder.string_capacity(*entry) - bytes));
    return done();
}

// --- HTSTATS ---

void append_table(std::string& out, uint64_t slots, uint64_t elements) {
    fmt::format_to(std::back_inserter(out),
                   "Hash table 0 stats (main hash table):\n table size: {}\n"
                   " number of entries: {}\n rehashing index: -1\n",
                   slots, elements);
}

// How far elements stand from the bucket where the search begins takes the place of chains.
void append_reach(std::string& out, const structures::HashTableStatistics& statistics) {
    uint64_t steps = 0;
    uint64_t longest = 0;
    for (uint64_t length = 0; length < statistics.kLengths; ++length) {
        if (statistics.lengths[length] == 0) continue;
        steps += length * statistics.lengths[length];
        longest = length;
    }
    const auto elements = static_cast<double>(std::max<uint64_t>(statistics.elements, 1));
    fmt::format_to(std::back_inserter(out),
                   " top-level buckets: {}\n child buckets: 0\n max chain length: {}\n"
                   " avg chain length: {:.6f}\n chain length distribution:\n",
                   statistics.buckets, longest, static_cast<double>(steps) / elements);
    for (uint64_t length = 0; length <= longest; ++length) {
        const uint64_t count = statistics.lengths[length];
        fmt::format_to(std::back_inserter(out), "   {}: {} ({:.2f}%)\n", length, count,
                       static_cast<double>(count) * 100 / elements);
    }
}

Status table_statistics(Call& call) {
    const int64_t number = TRY(call.integer(2));
    if (number < 0 || number >= call.keyspace().database_count()) {
        return ErrorText{"ERR Out of range database"};
    }
    constexpr uint64_t kBucketSlots = structures::HashBucket::kSlots;
    const keyspace::Database& database = call.keyspace().database(static_cast<int>(number));
    std::string text = "[Dictionary HT]\n";
    if (database.size() > 0) {
        const structures::HashTableStatistics statistics = database.table().statistics();
        append_table(text, statistics.buckets * kBucketSlots, statistics.elements);
        if (call.count() == 4 && call.arg_is(3, "FULL")) append_reach(text, statistics);
    }
    text += "[Expires HT]\n";
    // Compat: there is no such table here; what is shown is what one would be like.
    if (const uint64_t expiring = database.expiring(); expiring > 0) {
        append_table(text, std::bit_ceil(expiring / kBucketSlots + 1) * kBucketSlots, expiring);
    }
    call.reply().verbatim("txt", text);
    return done();
}

// No type with a table of its own exists yet, so this only tells why not.
Status value_table_statistics(Call& call) {
    if (call.peek(2) == nullptr) return errors::kNoSuchKey;
    return ErrorText{
        "ERR The value stored at the specified key is not represented using an hash table"};
}

// --- POPULATE ---

Result<uint64_t> count_from(Call& call, size_t at) {
    const auto number = parse_integer(call.arg(at));
    if (!number || *number < 0) return errors::kNotPositive;
    return static_cast<uint64_t>(*number);
}

Status populate(Call& call) {
    const uint64_t count = TRY(count_from(call, 2));
    const std::string prefix(call.count() > 3 ? call.arg(3) : "key");
    const uint64_t value_bytes = call.count() > 4 ? TRY(count_from(call, 4)) : 0;
    for (uint64_t i = 0; i < count; ++i) {
        const std::string key = fmt::format("{}:{}", prefix, i);
        KeyEdit edit = call.edit(key, call.db());
        if (edit.exists()) continue;
        std::string value = fmt::format("value:{}", i);
        if (value_bytes != 0) value.resize(value_bytes);
        edit.store_string(value, KeepExpiry::No);
        edit.commit(EventClass::String, "", 0);
    }
    call.propagate_nothing();
    call.reply().ok();
    return done();
}

constexpr Subcommand kKeysSubcommands[] = {
    {"OBJECT", 3, 4, object},
    {"SDSLEN", 3, 3, string_sizes},
    {"HTSTATS", 3, 4, table_statistics},
    {"HTSTATS-KEY", 3, 4, value_table_statistics},
    {"POPULATE", 3, 5, populate},
};

}  // namespace

std::span<const Subcommand> key_subcommands() {
    return kKeysSubcommands;
}

}  // namespace millrace::admin::debug
