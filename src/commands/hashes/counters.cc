// SPDX-License-Identifier: BSD-3-Clause
//
// HINCRBY, HINCRBYFLOAT: numbers kept in fields.

#include <cmath>
#include <cstdint>
#include <string>

#include "base/numbers.h"
#include "commands/support/hash_fields.h"
#include "commands/support/text.h"
#include "commands/support/values.h"
#include "engine/command.h"
#include "values/hash.h"

namespace millrace::commands::hashes::counters {
namespace {

using namespace engine;
using namespace support;
using values::Hash;

Status hincrby(Call& call);
Status hincrbyfloat(Call& call);

constexpr KeySpec kHincrbyKeys[] = {{.first = 1, .flags = kRW | kKeyAccess | kKeyUpdate}};
constexpr Arg kHincrbyArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "field", .type = ArgType::String},
    {.name = "increment", .type = ArgType::Integer},
};
constexpr Arg kHincrbyfloatArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "field", .type = ArgType::String},
    {.name = "increment", .type = ArgType::Double},
};

constexpr CommandSpec kCommands[] = {
    {.name = "HINCRBY",
     .summary = "Adds an integer to the number in a field; a missing one counts as 0.",
     .since = "2.0.0",
     .group = Group::Hash,
     .complexity = "O(1)",
     .arity = 4,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kHincrbyKeys,
     .args = kHincrbyArgs,
     .element = 2,
     .run = hincrby},
    {.name = "HINCRBYFLOAT",
     .summary = "Adds a floating point number to the number in a field; a missing one counts as 0.",
     .since = "2.6.0",
     .group = Group::Hash,
     .complexity = "O(1)",
     .arity = 4,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kHincrbyKeys,
     .args = kHincrbyfloatArgs,
     .element = 2,
     .run = hincrbyfloat},
};

constexpr ErrorText kValueNotInteger{"ERR hash value is not an integer"};
constexpr ErrorText kValueNotFloat{"ERR hash value is not a float"};
constexpr ErrorText kIncrementNotFinite{"ERR value is NaN or Infinity"};
constexpr ErrorText kSumNotFinite{"ERR increment would produce NaN or Infinity"};

// Puts `text` into field 2 and commits; its expiry stays. True if the hash has had expiring fields.
bool store_counter(Call& call, KeyEdit& edit, std::string_view text, std::string_view event) {
    Hash& hash = edit.value_or_make<Hash>();
    const bool expiring = hash.has_expiring_fields();
    const auto before = hash.set(call.arg(2), text, growth_rules(call),
                                 {.now_ms = call.keyspace().now_ms(), .keep_expiry = true});
    if (before == values::FieldBefore::Due) fields_were_due(call, edit, 1);
    edit.members_changed();
    edit.commit(EventClass::Hash, event);
    return expiring;
}

// The outcome is propagated, with the expiry if there is one.
void propagate_outcome(Call& call, const KeyEdit& edit, std::string_view text) {
    const auto* hash = static_cast<const Hash*>(edit.entry()->collection());
    const int64_t at_ms =
        hash->expiry(call.arg(2), call.keyspace().now_ms()).value_or(keyspace::kNoExpiry);
    if (at_ms == keyspace::kNoExpiry) {
        call.propagate_as({"HSET", call.arg(1), call.arg(2), text});
        return;
    }
    const IntegerText moment(at_ms);
    call.propagate_as(
        {"HSETEX", call.arg(1), "PXAT", moment.view(), "FIELDS", "1", call.arg(2), text});
}

Status hincrby(Call& call) {
    const int64_t increment = TRY(call.integer(3));
    KeyEdit edit = TRY(call.edit(1, Hash::kType));
    const Hash* hash = edit.value<Hash>();
    int64_t before = 0;
    values::Text value;
    if (hash != nullptr && hash->get(call.arg(2), call.keyspace().now_ms(), value)) {
        const auto number = parse_integer(value.view());
        if (!number) return kValueNotInteger;
        before = *number;
    }
    int64_t after = 0;
    if (__builtin_add_overflow(before, increment, &after)) return errors::kCounterOverflow;
    const IntegerText text(after);
    if (store_counter(call, edit, text.view(), "hincrby")) {
        propagate_outcome(call, edit, text.view());
    }
    call.reply().integer(after);
    return done();
}

Status hincrbyfloat(Call& call) {
    const auto increment = parse_long_double(call.arg(3));
    if (!increment) return errors::kNotFloat;
    if (!std::isfinite(*increment)) return kIncrementNotFinite;
    KeyEdit edit = TRY(call.edit(1, Hash::kType));
    const Hash* hash = edit.value<Hash>();
    long double sum = *increment;
    values::Text value;
    if (hash != nullptr && hash->get(call.arg(2), call.keyspace().now_ms(), value)) {
        const auto number = parse_long_double(value.view());
        if (!number) return kValueNotFloat;
        sum += *number;
    }
    if (!std::isfinite(sum)) return kSumNotFinite;
    const std::string text = format_long_double_human(sum);
    store_counter(call, edit, text, "hincrbyfloat");
    // Such sums may differ from machine to machine, so the outcome is propagated.
    propagate_outcome(call, edit, text);
    call.reply().bulk(text);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::hashes::counters
