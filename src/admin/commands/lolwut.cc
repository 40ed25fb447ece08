// SPDX-License-Identifier: BSD-3-Clause
//
// LOLWUT: a picture of a mill, and the version.

#include <optional>
#include <span>
#include <string_view>

#include "admin/mill_picture.h"
#include "admin/setting_value.h"
#include "base/numbers.h"
#include "engine/command.h"

namespace millrace::admin::commands::lolwut {
namespace {

using namespace engine;

Status lolwut(Call& call);

constexpr Arg kLolwutArgs[] = {
    {.name = "version", .type = ArgType::Integer, .token = "VERSION", .flags = kOptional},
};

constexpr CommandSpec kCommands[] = {
    {.name = "LOLWUT",
     .summary = "Draws a picture and tells the version.",
     .since = "5.0.0",
     .group = Group::Server,
     .arity = -1,
     .flags = kReadOnly | kFast,
     .args = kLolwutArgs,
     .run = lolwut},
};

constexpr int64_t kColumns = 66;
constexpr int64_t kRows = 16;

// Compat: tools look for these words at the end of the last line.
std::string version_line(Call& call) {
    std::string line =
        "Millrace " + call.engine().server().facts.millrace_version + ": many streams, one wheel. ";
    const bool as_redis = setting_is_on(call.engine(), "extended-redis-compatibility");
    line += as_redis ? "Redis ver. " : "Valkey ver. ";
    line += as_redis ? observe::ServerFacts::kRedisVersion : observe::ServerFacts::kValkeyVersion;
    return line + "\n";
}

Status lolwut(Call& call) {
    size_t at = 1;
    if (call.count() > 2 && call.arg_is(1, "VERSION")) {
        (void)TRY(call.integer(2));  // There is one picture for all versions.
        at = 3;
    }
    // Compat: each version has its own arguments, up to four; the first two say how large ours is.
    constexpr ErrorText kUsage{"ERR Syntax error. Use: LOLWUT [columns rows] [real imaginary]"};
    const std::span<const std::string_view> sizes = call.arguments().subspan(at);
    if (sizes.size() > 4) return kUsage;
    const auto columns = sizes.empty() ? kColumns : parse_integer(sizes[0]);
    if (!columns) return kUsage;
    const int64_t rows = sizes.size() > 1 ? TRY(call.integer(at + 1)) : kRows;
    const double turn = static_cast<double>(call.engine().entropy().next() % 1000) / 1000;
    call.reply().verbatim("txt", draw_mill(*columns, rows, turn) + "\n" + version_line(call));
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::lolwut
