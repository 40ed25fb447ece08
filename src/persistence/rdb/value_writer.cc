// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/rdb/value_writer.h"

#include "keyspace/collection.h"
#include "values/hash.h"
#include "values/list.h"
#include "values/set.h"
#include "values/sorted_set.h"
#include "values/stream.h"

namespace millrace::persistence::rdb {
namespace {

using keyspace::Collection;
using keyspace::ValueType;

std::string_view view(std::span<const char> blob) {
    return {blob.data(), blob.size()};
}

void write(Writer& writer, const values::List& list) {
    if (list.packed() == nullptr) {
        writer.length(1);
        writer.length(kBlockPacked);
        writer.string(view(list.pack().blob()));
        return;
    }
    structures::Listpack opened;
    writer.length(list.packed()->block_count());
    list.packed()->for_each_block([&](const values::ListBlock& block) {
        writer.length(block.is_single() ? kBlockPlain : kBlockPacked);
        // Compat: what is squeezed is written so, whatever `rdbcompression` says.
        if (block.is_squeezed()) {
            writer.compressed(block.text->stored(), block.text->bytes());
        } else {
            writer.string(block.is_single() ? block.text->stored() : view(block.pack.blob(opened)));
        }
    });
}

void write(Writer& writer, const values::Set& set) {
    if (const auto* numbers = set.integers()) return writer.string(view(numbers->blob()));
    if (const auto* members = set.pack()) return writer.string(view(members->blob()));
    writer.length(set.size());
    set.for_each([&](std::string_view member) { writer.string(member); });
}

// From the highest to the lowest, so that whoever loads one always inserts at the front.
void write(Writer& writer, const values::SortedSet& set) {
    if (const auto* pack = set.listpack()) return writer.string(view(pack->blob()));
    writer.length(set.size());
    for (auto cursor = set.last(); cursor; cursor.previous()) {
        writer.string(cursor.member());
        writer.number(cursor.score());
    }
}

bool has_expiries(const values::Hash& hash) {
    return hash.table() != nullptr && hash.table()->expiring() > 0;
}

void write(Writer& writer, const values::Hash& hash) {
    if (const auto* pack = hash.pack()) return writer.string(view(pack->blob()));
    const bool expiries = has_expiries(hash);
    writer.length(hash.size());
    hash.table()->for_each([&](const values::Member& member) {
        writer.string(member.name());
        writer.string(member.value());
        if (expiries) writer.little_endian(static_cast<uint64_t>(member.expire_at_ms()));
    });
}

// --- streams ---

void write_id(Writer& writer, const values::StreamId& id) {
    writer.length(id.ms);
    writer.length(id.number);
}

// In an order that sorts: as the keys of blocks, and in tables of pending entries.
void write_sortable_id(Writer& writer, const values::StreamId& id) {
    writer.big_endian(id.ms);
    writer.big_endian(id.number);
}

void write_consumer(Writer& writer, const values::Consumer& consumer) {
    writer.string(consumer.name);
    writer.little_endian(static_cast<uint64_t>(consumer.seen_ms));
    writer.little_endian(static_cast<uint64_t>(consumer.active_ms));
    writer.length(consumer.pending.size());
    consumer.pending.for_each([&](const values::StreamId& id) { write_sortable_id(writer, id); });
}

void write_group(Writer& writer, std::string_view name, const values::ConsumerGroup& group) {
    writer.string(name);
    write_id(writer, group.last_id);
    writer.length(static_cast<uint64_t>(group.entries_read));
    writer.length(group.pending().size());
    group.pending().for_each([&](const values::PendingItem& item) {
        write_sortable_id(writer, item.first);
        writer.little_endian(static_cast<uint64_t>(item.second.delivered_ms));
        writer.length(item.second.deliveries);
    });
    writer.length(group.consumers().size());
    for (const auto& [key, consumer] : group.consumers()) write_consumer(writer, consumer);
}

void write(Writer& writer, const values::Stream& stream) {
    structures::Listpack opened;
    writer.length(stream.block_count());
    stream.for_each_block([&](const values::StreamId& id, const structures::SealablePack& pack) {
        writer.length(2 * sizeof(uint64_t));
        write_sortable_id(writer, id);
        writer.string(view(pack.blob(opened)));
    });
    writer.length(stream.size());
    write_id(writer, stream.last_id());
    write_id(writer, stream.first_id());
    write_id(writer, stream.max_deleted_id());
    writer.length(stream.entries_added());
    writer.length(stream.groups().size());
    for (const auto& [name, group] : stream.groups()) write_group(writer, name, group);
}

template <typename T>
const T& as(const Collection& collection) {
    return static_cast<const T&>(collection);
}

Type type_of(const values::Set& set) {
    if (set.integers() != nullptr) return Type::SetIntset;
    return set.pack() != nullptr ? Type::SetListpack : Type::Set;
}

Type type_of(const values::Hash& hash) {
    if (hash.pack() != nullptr) return Type::HashListpack;
    return has_expiries(hash) ? Type::HashWithExpiries : Type::Hash;
}

}  // namespace

Type type_of(const Collection& collection) {
    switch (collection.type()) {
        case ValueType::String:
            break;
        case ValueType::List:
            return Type::ListListpacks;
        case ValueType::Set:
            return type_of(as<values::Set>(collection));
        case ValueType::SortedSet:
            return as<values::SortedSet>(collection).listpack() != nullptr ? Type::SortedSetListpack
                                                                           : Type::SortedSet;
        case ValueType::Hash:
            return type_of(as<values::Hash>(collection));
        case ValueType::Stream:
            return Type::Stream3;
    }
    return Type::String;
}

Type type_of(const keyspace::Entry& entry) {
    return entry.is_string() ? Type::String : type_of(*entry.collection());
}

void write_value(Writer& writer, const Collection& collection) {
    switch (collection.type()) {
        case ValueType::String:
            return;
        case ValueType::List:
            return write(writer, as<values::List>(collection));
        case ValueType::Set:
            return write(writer, as<values::Set>(collection));
        case ValueType::SortedSet:
            return write(writer, as<values::SortedSet>(collection));
        case ValueType::Hash:
            return write(writer, as<values::Hash>(collection));
        case ValueType::Stream:
            return write(writer, as<values::Stream>(collection));
    }
}

void write_value(Writer& writer, const keyspace::Entry& entry) {
    if (!entry.is_string()) return write_value(writer, *entry.collection());
    if (entry.is_integer()) return writer.string(entry.integer());
    writer.string(entry.string());
}

}  // namespace millrace::persistence::rdb
