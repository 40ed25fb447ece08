// SPDX-License-Identifier: BSD-3-Clause
//
// MIGRATE: keys move to another server, which gets them with RESTORE.
//
// The server waits for the other one, as Valkey does. There is no cache of connections: each
// command opens its own.

#include <algorithm>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/numbers.h"
#include "base/token.h"
#include "engine/command.h"
#include "engine/key_positions.h"
#include "persistence/rdb/payload.h"
#include "replication/blocking_link.h"

namespace millrace::replication::commands::migrate {
namespace {

using namespace engine;

Status migrate(Call& call);

constexpr KeySpec kMigrateKeys[] = {
    {.first = 3, .flags = kRW | kKeyAccess | kKeyDelete},
    {.search = KeySearch::Keyword,
     .keyword = "KEYS",
     .keyword_from = -2,
     .last = -1,
     .flags = kRW | kKeyAccess | kKeyDelete | kKeyIncomplete},
};
constexpr Arg kKeySelectorArgs[] = {
    {"key", ArgType::Key, 0},
    {.name = "empty-string", .type = ArgType::PureToken, .token = ""},
};
constexpr Arg kAuth2Args[] = {{"username", ArgType::String}, {"password", ArgType::String}};
constexpr Arg kAuthenticationArgs[] = {
    {.name = "auth",
     .type = ArgType::String,
     .token = "AUTH",
     .since = "4.0.7",
     .display = "password"},
    {.name = "auth2",
     .type = ArgType::Block,
     .token = "AUTH2",
     .children = kAuth2Args,
     .since = "6.0.0"},
};
constexpr Arg kMigrateArgs[] = {
    {"host", ArgType::String},
    {"port", ArgType::Integer},
    {.name = "key-selector", .type = ArgType::OneOf, .children = kKeySelectorArgs},
    {"destination-db", ArgType::Integer},
    {"timeout", ArgType::Integer},
    {.name = "copy",
     .type = ArgType::PureToken,
     .token = "COPY",
     .flags = kOptional,
     .since = "3.0.0"},
    {.name = "replace",
     .type = ArgType::PureToken,
     .token = "REPLACE",
     .flags = kOptional,
     .since = "3.0.0"},
    {.name = "authentication",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kAuthenticationArgs},
    {.name = "keys",
     .type = ArgType::Key,
     .key_spec = 1,
     .token = "KEYS",
     .flags = kOptional | kMultiple,
     .since = "3.0.6",
     .display = "key"},
};
constexpr std::string_view kMigrateTips[] = {"nondeterministic_output"};
constexpr HistoryEntry kMigrateHistory[] = {
    {"3.0.0", "New options `COPY` and `REPLACE`."},
    {"3.0.6", "New option `KEYS`."},
    {"4.0.7", "New option `AUTH`."},
    {"6.0.0", "New option `AUTH2`."},
};

// A password may be "KEYS", so options are read from the front.
bool find_migrated_keys(std::span<const std::string_view> arguments, KeyPositions& found) {
    constexpr uint32_t kFlags = kRW | kKeyAccess | kKeyDelete;
    for (size_t at = 6; at < arguments.size(); ++at) {
        if (is_token(arguments[at], "AUTH")) {
            ++at;
        } else if (is_token(arguments[at], "AUTH2")) {
            at += 2;
        } else if (is_token(arguments[at], "KEYS")) {
            if (!arguments[3].empty()) return false;
            for (++at; at < arguments.size(); ++at) found.add(static_cast<int>(at), kFlags);
            return true;
        }
    }
    found.add(3, kFlags);
    return true;
}

constexpr CommandSpec kCommands[] = {
    {.name = "MIGRATE",
     .summary = "Moves keys to another server.",
     .since = "2.6.0",
     .group = Group::Generic,
     .complexity = "That of DUMP and DEL here and RESTORE there, and O(N) for the bytes sent.",
     .arity = -6,
     .flags = kWrite,
     .acl = kAclDangerous,
     .keys = kMigrateKeys,
     .args = kMigrateArgs,
     .tips = kMigrateTips,
     .history = kMigrateHistory,
     .find_keys = find_migrated_keys,
     .run = migrate},
};

constexpr ErrorText kNotConnected{"IOERR error or timeout connecting to the client"};
constexpr ErrorText kNotSent{"IOERR error or timeout writing to target instance"};
constexpr ErrorText kNotAnswered{"IOERR error or timeout reading to target instance"};
constexpr ErrorText kKeyAndKeys{
    "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"};

struct Order {
    bool copy = false;
    bool replace = false;
    std::string_view user;
    std::string_view password;
    bool has_password = false;
    size_t first_key = 3;
    size_t end_key = 4;
    int64_t timeout_ms = 0;
};

Result<Order> parse(Call& call) {
    Order order;
    for (size_t at = 6; at < call.count(); ++at) {
        const size_t left = call.count() - at - 1;
        if (call.arg_is(at, "COPY")) {
            order.copy = true;
        } else if (call.arg_is(at, "REPLACE")) {
            order.replace = true;
        } else if (call.arg_is(at, "AUTH") && left >= 1) {
            order.password = call.arg(++at);
            order.has_password = true;
            call.redact(at);
        } else if (call.arg_is(at, "AUTH2") && left >= 2) {
            order.user = call.arg(++at);
            call.redact(at);
            order.password = call.arg(++at);
            order.has_password = true;
            call.redact(at);
        } else if (call.arg_is(at, "KEYS")) {
            if (!call.arg(3).empty()) return kKeyAndKeys;
            order.first_key = at + 1;
            order.end_key = call.count();
            break;
        } else {
            return errors::kSyntax;
        }
    }
    order.timeout_ms = TRY(call.integer(5));
    (void)TRY(call.integer(4));
    if (order.timeout_ms <= 0) order.timeout_ms = 1000;
    return order;
}

// What is sent, and the arguments of the keys in the order of the answers.
struct Parcel {
    std::string bytes;
    std::vector<size_t> keys;
    size_t answers_before = 0;  // Of AUTH and SELECT.
};

void open_parcel(Call& call, const Order& order, Parcel& parcel) {
    if (order.has_password) {
        std::vector<std::string_view> words = {"AUTH"};
        if (!order.user.empty()) words.push_back(order.user);
        words.push_back(order.password);
        append_command(parcel.bytes, words);
        ++parcel.answers_before;
    }
    const std::string_view select[] = {"SELECT", call.arg(4)};
    append_command(parcel.bytes, select);
    ++parcel.answers_before;
}

void add_key(Call& call, const Order& order, size_t at, Parcel& parcel) {
    const keyspace::Entry* entry = call.peek(at);
    if (entry == nullptr) return;
    int64_t ttl_ms = 0;
    if (entry->expire_at_ms() != keyspace::kNoExpiry) {
        // 0 would mean that it never expires.
        ttl_ms = std::max<int64_t>(entry->expire_at_ms() - call.now_ms(), 1);
    }
    const PersistenceControl* persistence = call.engine().persistence();
    persistence::rdb::BufferSink payload;
    persistence::rdb::write_payload(payload, *entry,
                                    persistence == nullptr || persistence->compresses());
    char digits[kIntegerCharsMax];
    std::vector<std::string_view> words = {
        "RESTORE", call.arg(at), {digits, format_integer(digits, ttl_ms)}, payload.view()};
    if (order.replace) words.emplace_back("REPLACE");
    append_command(parcel.bytes, words);
    parcel.keys.push_back(at);
}

// The keys that have arrived leave, and are propagated as deleted.
void drop_arrived(Call& call, const std::vector<size_t>& arrived) {
    std::vector<std::string_view> words = {"DEL"};
    for (size_t at : arrived) {
        KeyEdit edit = call.edit(at);
        if (!edit.exists()) continue;  // Named twice.
        edit.remove();
        edit.commit(EventClass::Generic, "del");
        words.push_back(call.arg(at));
    }
    if (words.size() > 1) {
        call.propagate_as(words);
    } else {
        call.propagate_nothing();
    }
}

// Reads all answers; the first error that the other server gave is the reply.
Status read_answers(BlockingLink& link, const Parcel& parcel, std::vector<size_t>& arrived) {
    std::string error;
    for (size_t number = 0; number < parcel.answers_before + parcel.keys.size(); ++number) {
        auto answer = link.receive();
        if (!answer.ok()) return kNotAnswered;
        if (answer->is_error()) {
            if (error.empty()) error = answer->text;
        } else if (number >= parcel.answers_before) {
            arrived.push_back(parcel.keys[number - parcel.answers_before]);
        }
    }
    if (error.empty()) return done();
    return Error("ERR Target instance replied with error: " + error);
}

Status migrate(Call& call) {
    const Order order = TRY(parse(call));
    Parcel parcel;
    open_parcel(call, order, parcel);
    for (size_t at = order.first_key; at < order.end_key; ++at) add_key(call, order, at, parcel);
    if (parcel.keys.empty()) {
        call.propagate_nothing();
        call.reply().simple("NOKEY");
        return done();
    }
    BlockingLink link;
    const std::string host(call.arg(1));
    const std::string port(call.arg(2));
    if (!link.open(host, port, order.timeout_ms).ok()) return kNotConnected;
    if (!link.send(parcel.bytes).ok()) return kNotSent;
    std::vector<size_t> arrived;
    Status answered = read_answers(link, parcel, arrived);
    if (order.copy) {
        call.propagate_nothing();
    } else {
        drop_arrived(call, arrived);
    }
    if (!answered.ok()) return answered.take_error();
    call.reply().ok();
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::replication::commands::migrate
