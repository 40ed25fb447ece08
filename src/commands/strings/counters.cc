// SPDX-License-Identifier: BSD-3-Clause
//
// INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT: numbers kept in string values.
//
// A missing key counts from 0. The sum replaces the value and keeps its expiry.

#include <cmath>
#include <cstdint>
#include <string>

#include "base/numbers.h"
#include "commands/support/strings.h"
#include "commands/support/text.h"
#include "engine/command.h"

namespace millrace::commands::strings::counters {
namespace {

using namespace engine;
using namespace support;
using keyspace::ValueType;

Status incr(Call& call);
Status decr(Call& call);
Status incrby(Call& call);
Status decrby(Call& call);
Status incrbyfloat(Call& call);

constexpr KeySpec kIncrKeys[] = {{.first = 1, .flags = kRW | kKeyAccess | kKeyUpdate}};
constexpr Arg kIncrArgs[] = {{"key", ArgType::Key, 0}};
constexpr Arg kIncrbyArgs[] = {{"key", ArgType::Key, 0}, {"increment", ArgType::Integer}};
constexpr Arg kDecrbyArgs[] = {{"key", ArgType::Key, 0}, {"decrement", ArgType::Integer}};
constexpr Arg kIncrbyfloatArgs[] = {{"key", ArgType::Key, 0}, {"increment", ArgType::Double}};

constexpr CommandSpec kCommands[] = {
    {.name = "INCR",
     .summary = "Adds one to a counter; a missing key counts as 0.",
     .since = "1.0.0",
     .group = Group::String,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kIncrKeys,
     .args = kIncrArgs,
     .run = incr},
    {.name = "DECR",
     .summary = "Subtracts one from a counter; a missing key counts as 0.",
     .since = "1.0.0",
     .group = Group::String,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kIncrKeys,
     .args = kIncrArgs,
     .run = decr},
    {.name = "INCRBY",
     .summary = "Adds an integer to a counter; a missing key counts as 0.",
     .since = "1.0.0",
     .group = Group::String,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kIncrKeys,
     .args = kIncrbyArgs,
     .run = incrby},
    {.name = "DECRBY",
     .summary = "Subtracts an integer from a counter; a missing key counts as 0.",
     .since = "1.0.0",
     .group = Group::String,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kIncrKeys,
     .args = kDecrbyArgs,
     .run = decrby},
    {.name = "INCRBYFLOAT",
     .summary = "Adds a floating point number to the number in a string; a missing key counts as "
                "0.",
     .since = "2.6.0",
     .group = Group::String,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kIncrKeys,
     .args = kIncrbyfloatArgs,
     .run = incrbyfloat},
};

constexpr ErrorText kNotFinite{"ERR increment would produce NaN or Infinity"};

// Compat: every integer counter announces itself as "incrby".
Status add(Call& call, int64_t delta) {
    KeyEdit counter = TRY(call.edit(1, ValueType::String));
    const int64_t before = TRY(counter.integer_or(0));

    int64_t after = 0;
    if (__builtin_add_overflow(before, delta, &after)) return errors::kCounterOverflow;

    counter.store_integer(after);
    counter.commit(EventClass::String, "incrby");
    call.reply().integer(after);
    return done();
}

Status incr(Call& call) {
    return add(call, 1);
}

Status decr(Call& call) {
    return add(call, -1);
}

Status incrby(Call& call) {
    // Compat: a bad increment is reported before a key of the wrong type.
    const int64_t increment = TRY(call.integer(2));
    return add(call, increment);
}

Status decrby(Call& call) {
    const int64_t decrement = TRY(call.integer(2));
    if (decrement == INT64_MIN) return errors::kDecrementOverflow;  // Has no negation.
    return add(call, -decrement);
}

Result<long double> long_double(std::string_view text) {
    const auto number = parse_long_double(text);
    if (!number) return errors::kNotFloat;
    return *number;
}

// Compat: unlike with INCRBY, a key of the wrong type is reported before a bad increment.
Status incrbyfloat(Call& call) {
    KeyEdit counter = TRY(call.edit(1, ValueType::String));
    long double sum = 0;
    if (counter.exists()) sum = TRY(long_double(StringText(*counter.entry()).view()));
    sum += TRY(long_double(call.arg(2)));
    if (!std::isfinite(sum)) return kNotFinite;

    const std::string text = format_long_double_human(sum);
    store_text(call, counter, text);
    counter.commit(EventClass::String, "incrbyfloat");
    // Such sums may differ from machine to machine, so the outcome is propagated.
    call.propagate_as({"SET", call.arg(1), text, "KEEPTTL"});
    call.reply().bulk(text);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::strings::counters
