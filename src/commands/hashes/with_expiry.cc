// SPDX-License-Identifier: BSD-3-Clause
//
// HGETEX, HSETEX: fields together with their expiry.

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "commands/support/expiry.h"
#include "commands/support/hash_fields.h"
#include "commands/support/text.h"
#include "commands/support/values.h"
#include "engine/command.h"
#include "values/hash.h"

namespace millrace::commands::hashes::with_expiry {
namespace {

using namespace engine;
using namespace support;
using values::Hash;

Status hgetex(Call& call);
Status hsetex(Call& call);

constexpr KeySpec kHgetexKeys[] = {{.first = 1, .flags = kRW | kKeyAccess | kKeyUpdate}};
constexpr Arg kHgetexExpirationArgs[] = {
    {.name = "seconds", .type = ArgType::Integer, .token = "EX"},
    {.name = "milliseconds", .type = ArgType::Integer, .token = "PX"},
    {.name = "unix-time-seconds", .type = ArgType::UnixTime, .token = "EXAT"},
    {.name = "unix-time-milliseconds", .type = ArgType::UnixTime, .token = "PXAT"},
    {.name = "persist", .type = ArgType::PureToken, .token = "PERSIST"},
};
constexpr Arg kHgetexFieldsArgs[] = {
    {.name = "numfields", .type = ArgType::Integer, .key_spec = 0},
    {.name = "field", .type = ArgType::String, .flags = kMultiple},
};
constexpr Arg kHgetexArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "expiration",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kHgetexExpirationArgs},
    {.name = "fields", .type = ArgType::Block, .token = "FIELDS", .children = kHgetexFieldsArgs},
};
constexpr KeySpec kHsetexKeys[] = {{.first = 1, .flags = kRW | kKeyInsert}};
constexpr Arg kHsetexKeyConditionArgs[] = {
    {.name = "nx", .type = ArgType::PureToken, .token = "NX"},
    {.name = "xx", .type = ArgType::PureToken, .token = "XX"},
};
constexpr Arg kHsetexFieldsConditionArgs[] = {
    {.name = "fnx", .type = ArgType::PureToken, .token = "FNX"},
    {.name = "fxx", .type = ArgType::PureToken, .token = "FXX"},
};
constexpr Arg kHsetexExpirationArgs[] = {
    {.name = "seconds", .type = ArgType::Integer, .token = "EX"},
    {.name = "milliseconds", .type = ArgType::Integer, .token = "PX"},
    {.name = "unix-time-seconds", .type = ArgType::UnixTime, .token = "EXAT"},
    {.name = "unix-time-milliseconds", .type = ArgType::UnixTime, .token = "PXAT"},
    {.name = "keepttl", .type = ArgType::PureToken, .token = "KEEPTTL"},
};
constexpr Arg kHsetexFieldsDataArgs[] = {
    {.name = "field", .type = ArgType::String},
    {.name = "value", .type = ArgType::String},
};
constexpr Arg kHsetexFieldsArgs[] = {
    {.name = "numfields", .type = ArgType::Integer, .key_spec = 0},
    {.name = "data", .type = ArgType::Block, .flags = kMultiple, .children = kHsetexFieldsDataArgs},
};
constexpr Arg kHsetexArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "key-condition",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kHsetexKeyConditionArgs},
    {.name = "fields-condition",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kHsetexFieldsConditionArgs},
    {.name = "expiration",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kHsetexExpirationArgs},
    {.name = "fields", .type = ArgType::Block, .token = "FIELDS", .children = kHsetexFieldsArgs},
};

constexpr CommandSpec kCommands[] = {
    {.name = "HGETEX",
     .summary = "Gets the values of fields and changes when they expire.",
     .since = "9.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields named.",
     .arity = -5,
     .flags = kWrite | kFast,
     .keys = kHgetexKeys,
     .args = kHgetexArgs,
     .run = hgetex},
    {.name = "HSETEX",
     .summary = "Sets fields, with an expiry and conditions if wanted.",
     .since = "9.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields to set.",
     .arity = -6,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kHsetexKeys,
     .args = kHsetexArgs,
     .run = hsetex},
};

using Names = std::vector<std::string_view>;

// What is to become of the expiry: at most one of these; the time stands at an argument.
struct ExpiryOption {
    bool persists = false;
    bool keeps = false;
    std::optional<TimeForm> form = {};
    size_t time_at = 0;
};

// Takes the option at `at`, and moves on to its last word. False: it is another one, or does not go
// with one before it.
bool parse_expiry_option(const Call& call, size_t& at, size_t end, ExpiryOption& option) {
    if (const auto form = time_form(call, at)) {
        const bool contradicts =
            option.persists || option.keeps || (option.form && option.form != form);
        if (contradicts || at + 1 >= end) return false;
        option.form = form;
        option.time_at = ++at;
        return true;
    }
    if (option.form) return false;
    if (call.arg_is(at, "PERSIST")) {
        option.persists = true;
        return !option.keeps;
    }
    if (!call.arg_is(at, "KEEPTTL")) return false;
    option.keeps = true;
    return !option.persists;
}

Result<ExpiryOption> parse_hgetex(const Call& call, size_t end) {
    ExpiryOption option;
    for (size_t at = 2; at < end; ++at) {
        if (!parse_expiry_option(call, at, end, option) || option.keeps) {
            return errors::kSyntax;
        }
    }
    return option;
}

// Which of the fields are there and satisfy `wanted` (their expiry).
template <typename Wanted>
Names choose(Call& call, const Hash& hash, const FieldWords& fields, Wanted&& wanted) {
    Names names;
    for (size_t i = 0; i < fields.count; ++i) {
        const std::string_view field = call.arg(fields.first + i);
        const auto at_ms = hash.expiry(field, call.keyspace().now_ms());
        if (at_ms && wanted(*at_ms)) names.push_back(field);
    }
    return names;
}

// Each once, in the order in which they came first.
Names distinct(const Names& names) {
    std::unordered_set<std::string_view> seen;
    Names kept;
    for (const auto name : names) {
        if (seen.insert(name).second) kept.push_back(name);
    }
    return kept;
}

void persist(Call& call, const FieldWords& fields) {
    KeyEdit edit = call.edit(1);
    Hash& hash = *edit.value<Hash>();
    const Names names = distinct(
        choose(call, hash, fields, [](int64_t at_ms) { return at_ms != keyspace::kNoExpiry; }));
    if (names.empty()) return;
    for (const auto name : names) hash.set_expiry(name, keyspace::kNoExpiry, growth_rules(call));
    edit.members_changed();
    edit.commit(EventClass::Hash, "hpersist", names.size());
    propagate_fields(call, "HPERSIST", {}, names);
}

void expire(Call& call, const FieldWords& fields, int64_t at_ms) {
    KeyEdit edit = call.edit(1);
    Hash& hash = *edit.value<Hash>();
    const Names names = choose(call, hash, fields, [](int64_t) { return true; });
    if (names.empty()) return;
    if (has_passed(call, at_ms)) return expire_fields_at_once(call, edit, distinct(names));
    for (const auto name : names) hash.set_expiry(name, at_ms, growth_rules(call));
    edit.members_changed();
    edit.commit(EventClass::Hash, "hexpire", names.size());
    propagate_fields(call, "HPEXPIREAT", IntegerText(at_ms).view(), names);
}

Status hgetex(Call& call) {
    const size_t word = TRY(find_fields(call, 2));
    const ExpiryOption option = TRY(parse_hgetex(call, word));
    const FieldWords fields = TRY(fields_behind(call, word, 1));
    const Hash* hash = TRY(call.read<Hash>(1));
    int64_t at_ms = keyspace::kNoExpiry;
    if (option.form) at_ms = TRY(field_moment(call, option.time_at, *option.form));

    const bool goes = option.form && has_passed(call, at_ms);
    std::unordered_set<std::string_view> named;
    call.reply().array(fields.count);
    for (size_t i = 0; i < fields.count; ++i) {
        values::Text value;
        const std::string_view field = call.arg(fields.first + i);
        // Compat: a field that goes is not there when it is named again.
        const bool gone = goes && !named.insert(field).second;
        if (hash != nullptr && !gone && hash->get(field, call.keyspace().now_ms(), value)) {
            call.reply().bulk(value.view());
        } else {
            call.reply().null();
        }
    }
    if (hash == nullptr) return done();
    if (option.persists) persist(call, fields);
    if (option.form) expire(call, fields, at_ms);
    return done();
}

struct HsetexOptions {
    std::optional<bool> key_exists = {};    // NX or XX: what must be.
    std::optional<bool> fields_exist = {};  // FNX or FXX.
    ExpiryOption expiry;
};

bool require(std::optional<bool>& condition, bool value) {
    if (condition && *condition != value) return false;
    condition = value;
    return true;
}

Result<HsetexOptions> parse_hsetex(const Call& call, size_t end) {
    HsetexOptions options;
    for (size_t at = 2; at < end; ++at) {
        bool good = false;
        if (call.arg_is(at, "NX")) {
            good = require(options.key_exists, false);
        } else if (call.arg_is(at, "XX")) {
            good = require(options.key_exists, true);
        } else if (call.arg_is(at, "FNX")) {
            good = require(options.fields_exist, false);
        } else if (call.arg_is(at, "FXX")) {
            good = require(options.fields_exist, true);
        } else {
            good = parse_expiry_option(call, at, end, options.expiry) &&
                   !options.expiry.persists;
        }
        if (!good) return errors::kSyntax;
    }
    return options;
}

bool fields_as_wanted(Call& call, const HsetexOptions& options, const FieldWords& fields,
                      const Hash* hash) {
    if (!options.fields_exist) return true;
    for (size_t i = 0; i < fields.count; ++i) {
        const std::string_view field = call.arg(fields.first + 2 * i);
        const bool exists = hash != nullptr && hash->contains(field, call.keyspace().now_ms());
        if (exists != *options.fields_exist) return false;
    }
    return true;
}

// Compat: fields that are set to be gone at once are announced as if they had been there.
void set_passed(Call& call, KeyEdit& edit, const FieldWords& fields) {
    Hash& hash = edit.value_or_make<Hash>();
    Names names;
    for (size_t i = 0; i < fields.count; ++i) {
        const std::string_view field = call.arg(fields.first + 2 * i);
        if (hash.contains(field, Hash::kAnyTime)) names.push_back(field);
    }
    call.keyspace().counters().expired_members += fields.count - names.size();
    call.engine().emit(EventClass::Hash, "hset", call.arg(1), call.db());
    call.engine().emit(EventClass::Hash, "hexpire", call.arg(1), call.db());
    expire_fields_at_once(call, edit, names);
}

void propagate_set(Call& call, const FieldWords& fields, const ExpiryOption& option, int64_t at_ms,
                   const Names& due) {
    if (!call.propagates()) return;
    // A replica must not keep the expiry of a field that is past its time here.
    if (option.keeps && !due.empty()) {
        Names words = {"HDEL", call.arg(1)};
        words.insert(words.end(), due.begin(), due.end());
        call.propagate_as(words);
    }
    const IntegerText moment(at_ms);
    Names words = {"HSETEX", call.arg(1)};
    if (option.form) words.insert(words.end(), {"PXAT", moment.view()});
    if (option.keeps) words.push_back("KEEPTTL");
    for (size_t at = fields.word; at < call.count(); ++at) words.push_back(call.arg(at));
    call.propagate_as(words);
}

void set_fields(Call& call, KeyEdit& edit, const FieldWords& fields, const ExpiryOption& option,
                int64_t at_ms) {
    Hash& hash = edit.value_or_make<Hash>();
    const values::GrowthRules rules = growth_rules(call);
    hash.prepare(call.arguments().subspan(fields.first), rules);
    Names due;
    for (size_t i = 0; i < fields.count; ++i) {
        const std::string_view field = call.arg(fields.first + 2 * i);
        const auto before =
            hash.set(field, call.arg(fields.first + 2 * i + 1), rules,
                     {.now_ms = call.keyspace().now_ms(),
                      .keep_expiry = option.keeps,
                      .expire_at_ms = at_ms});
        if (before == values::FieldBefore::Due) due.push_back(field);
    }
    if (!due.empty()) fields_were_due(call, edit, due.size());
    edit.members_changed();
    edit.commit(EventClass::Hash, "hset", fields.count);
    if (option.form) call.engine().emit(EventClass::Hash, "hexpire", call.arg(1), call.db());
    propagate_set(call, fields, option, at_ms, due);
}

Status hsetex(Call& call) {
    const size_t word = TRY(find_fields(call, 2));
    const HsetexOptions options = TRY(parse_hsetex(call, word));
    const FieldWords fields = TRY(fields_behind(call, word, 2));
    KeyEdit edit = TRY(call.edit(1, Hash::kType));
    if (options.key_exists && *options.key_exists != edit.exists()) {
        call.reply().integer(0);
        return done();
    }
    int64_t at_ms = keyspace::kNoExpiry;
    if (options.expiry.form) {
        at_ms = TRY(field_moment(call, options.expiry.time_at, *options.expiry.form));
    }
    if (!fields_as_wanted(call, options, fields, edit.value<Hash>())) {
        call.reply().integer(0);
        return done();
    }
    if (options.expiry.form && has_passed(call, at_ms)) {
        set_passed(call, edit, fields);
    } else {
        set_fields(call, edit, fields, options.expiry, at_ms);
    }
    call.reply().integer(1);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::hashes::with_expiry
