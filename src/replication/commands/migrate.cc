// SPDX-License-Identifier: BSD-3-Clause
//
// MIGRATE: keys move to another server, which gets them with RESTORE.
//
// The server waits for the other one, as Valkey does, on a connection that is kept for a while. One
// that turns out to be broken before any key has been answered for is opened anew, once.

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/numbers.h"
#include "base/token.h"
#include "engine/command.h"
#include "engine/key_positions.h"
#include "persistence/rdb/payload.h"
#include "replication/link_cache.h"

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
    int64_t database = 0;
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
    order.database = TRY(call.integer(4));
    if (order.timeout_ms <= 0) order.timeout_ms = 1000;
    return order;
}

// What is sent, and the arguments of the keys in the order of the answers.
struct Parcel {
    std::string bytes;
    std::vector<size_t> keys;
};

// What goes before the parcel; how many answers come of it.
size_t write_greeting(Call& call, const Order& order, bool selects, std::string& out) {
    size_t answers = 0;
    if (order.has_password) {
        std::vector<std::string_view> words = {"AUTH"};
        if (!order.user.empty()) words.push_back(order.user);
        words.push_back(order.password);
        append_command(out, words);
        ++answers;
    }
    if (selects) {
        const std::string_view select[] = {"SELECT", call.arg(4)};
        append_command(out, select);
        ++answers;
    }
    return answers;
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

// How an attempt ended, where the connection broke.
struct Broken {
    ErrorText reply;
    bool may_retry = false;  // Nothing was answered, and it was not for lack of time.
};

bool ran_out_of_time(const Error& error) {
    return error.code() == ETIMEDOUT;
}

// Sends the parcel and reads all answers; the first error that the other server gave goes to
// `refusal`.
std::optional<Broken> deliver(KeptLink& to, Call& call, const Order& order, const Parcel& parcel,
                              std::vector<size_t>& arrived, std::string& refusal) {
    std::string greeting;
    const size_t before = write_greeting(call, order, to.database != order.database, greeting);
    to.database = -1;
    Status sent = to.link.send(greeting);
    if (sent.ok()) sent = to.link.send(parcel.bytes);
    if (!sent.ok()) return Broken{kNotSent, !ran_out_of_time(sent.error())};
    for (size_t number = 0; number < before + parcel.keys.size(); ++number) {
        auto answer = to.link.receive();
        if (!answer.ok()) {
            const bool may_retry = number <= before && refusal.empty();
            return Broken{kNotAnswered, may_retry && !ran_out_of_time(answer.error())};
        }
        if (answer->is_error()) {
            if (refusal.empty()) refusal = answer->text;
        } else if (number >= before) {
            arrived.push_back(parcel.keys[number - before]);
        }
    }
    if (refusal.empty()) to.database = order.database;
    return std::nullopt;
}

// The keys that the other server has afterwards go to `arrived`, whatever the outcome.
Status send_keys(Call& call, const Order& order, const Parcel& parcel,
                 std::vector<size_t>& arrived) {
    LinkCache& links = LinkCache::of(call.engine());
    const std::string host(call.arg(1));
    const std::string port(call.arg(2));
    for (bool first = true;; first = false) {
        const auto opened = links.open(host, port, order.timeout_ms);
        if (!opened.ok()) return kNotConnected;
        std::string refusal;
        const auto broken = deliver(*opened.value(), call, order, parcel, arrived, refusal);
        if (broken) {
            links.close(host, port);
            if (first && broken->may_retry) continue;
            return broken->reply;
        }
        if (refusal.empty()) return done();
        return Error("ERR Target instance replied with error: " + refusal);
    }
}

Status migrate(Call& call) {
    const Order order = TRY(parse(call));
    Parcel parcel;
    for (size_t at = order.first_key; at < order.end_key; ++at) add_key(call, order, at, parcel);
    if (parcel.keys.empty()) {
        call.propagate_nothing();
        call.reply().simple("NOKEY");
        return done();
    }
    std::vector<size_t> arrived;
    Status answered = send_keys(call, order, parcel, arrived);
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
