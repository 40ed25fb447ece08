// SPDX-License-Identifier: BSD-3-Clause
//
// COPY, MOVE: a value goes to another key or another database, with its expiry.

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/token.h"
#include "commands/support/relocation.h"
#include "engine/command.h"

namespace millrace::commands::keys::copy {
namespace {

using namespace engine;
using namespace support;
using keyspace::Entry;

Status copy(Call& call);
Status move(Call& call);

constexpr KeySpec kCopyKeys[] = {
    {.first = 1, .flags = kRO | kKeyAccess},
    {.first = 2, .flags = kOW | kKeyUpdate},
};
constexpr Arg kCopyArgs[] = {
    {"source", ArgType::Key, 0},
    {"destination", ArgType::Key, 1},
    {.name = "destination-db", .type = ArgType::Integer, .token = "DB", .flags = kOptional},
    {.name = "replace", .type = ArgType::PureToken, .token = "REPLACE", .flags = kOptional},
};
constexpr KeySpec kMoveKeys[] = {{.first = 1, .flags = kRW | kKeyAccess | kKeyUpdate}};
constexpr Arg kMoveArgs[] = {{"key", ArgType::Key, 0}, {"db", ArgType::Integer}};

void find_copy_databases(std::span<const std::string_view> arguments, std::vector<size_t>& found) {
    for (size_t at = 3; at + 1 < arguments.size(); ++at) {
        if (is_token(arguments[at], "DB")) found.push_back(++at);
    }
}

void find_move_database(std::span<const std::string_view>, std::vector<size_t>& found) {
    found.push_back(2);
}

constexpr CommandSpec kCommands[] = {
    {.name = "COPY",
     .summary = "Copies the value of one key to another.",
     .since = "6.2.0",
     .group = Group::Generic,
     .complexity = "O(1) for strings; O(N) for collections, N being their elements.",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .keys = kCopyKeys,
     .args = kCopyArgs,
     .find_databases = find_copy_databases,
     .run = copy},
    {.name = "MOVE",
     .summary = "Takes a key to another database.",
     .since = "1.0.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kWrite | kFast,
     .keys = kMoveKeys,
     .args = kMoveArgs,
     .find_databases = find_move_database,
     .run = move},
};

struct CopyOptions {
    int db;
    bool replace = false;
};

Result<CopyOptions> parse_copy_options(Call& call) {
    CopyOptions options{.db = call.db()};
    for (size_t at = 3; at < call.count(); ++at) {
        if (call.arg_is(at, "REPLACE")) {
            options.replace = true;
        } else if (call.arg_is(at, "DB") && at + 1 < call.count()) {
            options.db = TRY(database_argument(call, ++at));
        } else {
            return errors::kSyntax;
        }
    }
    return options;
}

Status copy(Call& call) {
    const CopyOptions options = TRY(parse_copy_options(call));
    const Place place{call.arg(2), options.db};
    if (place.db == call.db() && place.key == call.arg(1)) return errors::kSameObject;

    const Entry* source = call.find(1);
    const bool taken = source != nullptr && call.peek(place.key, place.db) != nullptr;
    if (source == nullptr || (taken && !options.replace)) {
        call.reply().integer(0);
        return done();
    }
    duplicate(call, *source, place, "copy_to");
    call.reply().integer(1);
    return done();
}

Status move(Call& call) {
    const Place place{call.arg(1), TRY(database_argument(call, 2))};
    if (place.db == call.db()) return errors::kSameObject;

    const bool possible = call.peek(1) != nullptr && call.peek(place.key, place.db) == nullptr;
    if (possible) {
        KeyEdit source = call.edit(1);
        relocate(call, source, place);
        call.engine().emit(EventClass::Generic, "move_from", place.key, call.db());
        call.engine().emit(EventClass::Generic, "move_to", place.key, place.db);
    }
    call.reply().integer(possible ? 1 : 0);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::keys::copy
