// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/aof/value_commands.h"

#include <fmt/format.h>

#include <cerrno>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/numbers.h"
#include "persistence/aof/log_encoder.h"
#include "persistence/rdb/cursor.h"
#include "persistence/rdb/format.h"
#include "values/hash.h"
#include "values/list.h"
#include "values/set.h"
#include "values/sorted_set.h"
#include "values/stream.h"

namespace millrace::persistence::aof {
namespace {

using Words = std::initializer_list<std::string_view>;

void append(ByteBuffer& out, Words words) {
    append_command(out, {words.begin(), words.size()});
}

// One command for many items, as long as it may be, then the next.
class ItemCommands {
public:
    ItemCommands(ByteBuffer& out, std::string_view name, std::string_view key)
        : out_(out), name_(name), key_(key) {}
    ~ItemCommands() { end(); }
    ItemCommands(const ItemCommands&) = delete;
    ItemCommands& operator=(const ItemCommands&) = delete;

    void add(Words item) {
        for (std::string_view word : item) items_.emplace_back(word);
        if (++count_ == kItemsMax) end();
    }

private:
    static constexpr size_t kItemsMax = 64;

    void end() {
        if (count_ == 0) return;
        std::vector<std::string_view> words = {name_, key_};
        words.insert(words.end(), items_.begin(), items_.end());
        append_command(out_, words);
        items_.clear();
        count_ = 0;
    }

    ByteBuffer& out_;
    const std::string_view name_;
    const std::string_view key_;
    std::vector<std::string> items_;
    size_t count_ = 0;
};

void append_list(ByteBuffer& out, std::string_view key, const values::List& list) {
    ItemCommands commands(out, "RPUSH", key);
    auto cursor = list.first();
    values::ListRoom room;
    for (uint64_t i = 0; i < list.size(); ++i) {
        commands.add({list.view(cursor, room)});
        cursor = list.next(cursor, room);
    }
}

void append_set(ByteBuffer& out, std::string_view key, const values::Set& set) {
    ItemCommands commands(out, "SADD", key);
    set.for_each([&](std::string_view member) { commands.add({member}); });
}

void append_sorted_set(ByteBuffer& out, std::string_view key, const values::SortedSet& set) {
    ItemCommands commands(out, "ZADD", key);
    for (auto cursor = set.first(); cursor; cursor.next()) {
        char digits[kDoubleCharsMax];
        const size_t length = format_double(digits, cursor.score());
        commands.add({{digits, length}, cursor.member()});
    }
}

void append_hash(ByteBuffer& out, std::string_view key, const values::Hash& hash) {
    if (!hash.has_expiring_fields()) {
        ItemCommands commands(out, "HMSET", key);
        hash.for_each(values::Hash::kAnyTime, [&](std::string_view field, std::string_view value) {
            commands.add({field, value});
        });
        return;
    }
    {
        ItemCommands commands(out, "HMSET", key);
        hash.table()->for_each([&](const values::Member& member) {
            if (member.expire_at_ms() != keyspace::kNoExpiry) return;
            commands.add({member.name(), member.value()});
        });
    }
    hash.table()->for_each([&](const values::Member& member) {
        if (member.expire_at_ms() == keyspace::kNoExpiry) return;
        append(out, {"HSETEX", key, "PXAT", fmt::to_string(member.expire_at_ms()), "FIELDS", "1",
                     member.name(), member.value()});
    });
}

void append_pending(ByteBuffer& out, std::string_view key, std::string_view group,
                    const values::ConsumerGroup& pending) {
    for (const auto& [id, entry] : pending.pending()) {
        append(out, {"XCLAIM", key, group, entry.consumer->name, "0",
                     values::StreamIdText(id).view(), "TIME", fmt::to_string(entry.delivered_ms),
                     "RETRYCOUNT", fmt::to_string(entry.deliveries), "JUSTID", "FORCE"});
    }
}

void append_stream(ByteBuffer& out, std::string_view key, const values::Stream& stream) {
    for (auto cursor = stream.seek({}); cursor; cursor = stream.next(cursor)) {
        const values::StreamIdText id(cursor.id());
        std::vector<std::string> pairs;
        stream.for_each_pair(cursor, [&](std::string_view field, std::string_view value) {
            pairs.emplace_back(field);
            pairs.emplace_back(value);
        });
        std::vector<std::string_view> words = {"XADD", key, id.view()};
        words.insert(words.end(), pairs.begin(), pairs.end());
        append_command(out, words);
    }
    const values::StreamIdText last(stream.last_id());
    if (stream.size() == 0) {
        // An entry that goes at once makes an empty stream; its id may not be 0-0.
        const values::StreamIdText any(stream.last_id().is_zero() ? values::StreamId{0, 1}
                                                                  : stream.last_id());
        append(out, {"XADD", key, "MAXLEN", "0", any.view(), "x", "y"});
    }
    append(out, {"XSETID", key, last.view(), "ENTRIESADDED", fmt::to_string(stream.entries_added()),
                 "MAXDELETEDID", values::StreamIdText(stream.max_deleted_id()).view()});
    for (const auto& [name, group] : stream.groups()) {
        append(out, {"XGROUP", "CREATE", key, name, values::StreamIdText(group.last_id).view(),
                     "ENTRIESREAD", fmt::to_string(group.entries_read)});
        for (const auto& [consumer, state] : group.consumers()) {
            append(out, {"XGROUP", "CREATECONSUMER", key, name, consumer});
        }
        append_pending(out, key, name, group);
    }
}

template <typename T>
const T& as(const rdb::Value& value) {
    return static_cast<const T&>(*value.collection);
}

// Reads an RDB file that this server has just written.
class Converter {
public:
    Converter(std::string_view file, const values::GrowthRules& rules, rdb::ByteSink& sink)
        : in_(file), rules_{.growth = rules}, sink_(sink) {}

    Status run();

private:
    static constexpr size_t kPartBytes = size_t{64} << 10;

    Status take_key(uint8_t type);
    Status write_out();

    rdb::Cursor in_;
    const rdb::ReadRules rules_;
    rdb::ByteSink& sink_;
    rdb::Scratch key_scratch_;
    rdb::Scratch value_scratch_;
    ByteBuffer out_;
    int64_t expire_at_ms_ = keyspace::kNoExpiry;
};

Status Converter::write_out() {
    TRY(sink_.write(out_.view()));
    out_.clear();
    return done();
}

Status Converter::take_key(uint8_t type) {
    const std::string key(in_.string(key_scratch_));
    const rdb::Value value = TRY(rdb::read_value(in_, type, rules_, value_scratch_));
    append_value(out_, key, value);
    if (expire_at_ms_ != keyspace::kNoExpiry) {
        append(out_, {"PEXPIREAT", key, fmt::to_string(expire_at_ms_)});
    }
    expire_at_ms_ = keyspace::kNoExpiry;
    return done();
}

Status Converter::run() {
    using rdb::Opcode;
    (void)in_.raw(rdb::kHeaderBytes);
    for (;;) {
        const uint8_t code = in_.byte();
        if (in_.failed()) return Error("The snapshot for the AOF base is damaged", EIO);
        if (rdb::is_value_type(code)) {
            TRY(take_key(code));
            if (out_.size() >= kPartBytes) TRY(write_out());
            continue;
        }
        switch (static_cast<Opcode>(code)) {
            case Opcode::End:
                return write_out();
            case Opcode::ExpireMilliseconds:
                expire_at_ms_ = static_cast<int64_t>(in_.little_endian_64());
                break;
            case Opcode::SelectDatabase:
                append(out_, {"SELECT", fmt::to_string(in_.length())});
                break;
            case Opcode::Function:
                append(out_, {"FUNCTION", "LOAD", in_.string(value_scratch_)});
                break;
            case Opcode::Aux:
                (void)in_.string(key_scratch_);
                (void)in_.string(value_scratch_);
                break;
            case Opcode::ResizeDatabase:
                (void)in_.length();
                (void)in_.length();
                break;
            case Opcode::SlotInfo:
                for (int i = 0; i < 3; ++i) (void)in_.length();
                break;
            case Opcode::Idle:
                (void)in_.length();
                break;
            case Opcode::Frequency:
                (void)in_.byte();
                break;
            default:
                return Error("The snapshot for the AOF base holds something unknown", EIO);
        }
    }
}

}  // namespace

void append_value(ByteBuffer& out, std::string_view key, const rdb::Value& value) {
    if (value.collection == nullptr) return append(out, {"SET", key, value.text});
    switch (value.collection->type()) {
        case keyspace::ValueType::List:
            return append_list(out, key, as<values::List>(value));
        case keyspace::ValueType::Set:
            return append_set(out, key, as<values::Set>(value));
        case keyspace::ValueType::SortedSet:
            return append_sorted_set(out, key, as<values::SortedSet>(value));
        case keyspace::ValueType::Hash:
            return append_hash(out, key, as<values::Hash>(value));
        case keyspace::ValueType::Stream:
            return append_stream(out, key, as<values::Stream>(value));
        case keyspace::ValueType::String:
            return;
    }
}

Status write_as_commands(std::string_view rdb_file, const values::GrowthRules& rules,
                         rdb::ByteSink& sink) {
    return Converter(rdb_file, rules, sink).run();
}

}  // namespace millrace::persistence::aof
