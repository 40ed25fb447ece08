// SPDX-License-Identifier: BSD-3-Clause
//
// DEL, UNLINK: keys go. Neither frees memory itself: entries are retired and freed elsewhere.

#include <cstdint>

#include "engine/command.h"

namespace millrace::commands::keys::deletion {
namespace {

using namespace engine;

Status del(Call& call);
Status unlink(Call& call);

constexpr KeySpec kDelKeys[] = {{.first = 1, .last = -1, .flags = kRM | kKeyDelete}};
constexpr Arg kDelArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
};
constexpr std::string_view kDelTips[] = {"request_policy:multi_shard", "response_policy:agg_sum"};

constexpr CommandSpec kCommands[] = {
    {.name = "DEL",
     .summary = "Deletes keys.",
     .since = "1.0.0",
     .group = Group::Generic,
     .complexity = "O(N), N being the keys to delete. A key that holds a collection costs O(M), M "
                   "being its elements; one that holds a string costs O(1).",
     .arity = -2,
     .flags = kWrite,
     .keys = kDelKeys,
     .args = kDelArgs,
     .tips = kDelTips,
     .run = del},
    {.name = "UNLINK",
     .summary = "Deletes keys and frees their memory in the background.",
     .since = "4.0.0",
     .group = Group::Generic,
     .complexity = "O(1) for each key, whatever its size; another thread then frees its N "
                   "allocations in O(N).",
     .arity = -2,
     .flags = kWrite | kFast,
     .keys = kDelKeys,
     .args = kDelArgs,
     .tips = kDelTips,
     .run = unlink},
};

Status del(Call& call) {
    int64_t deleted = 0;
    for (size_t at = 1; at < call.count(); ++at) {
        KeyEdit edit = call.edit(at);
        if (!edit.exists()) continue;
        edit.remove();
        edit.commit(EventClass::Generic, "del");
        ++deleted;
    }
    call.reply().integer(deleted);
    return done();
}

Status unlink(Call& call) {
    return del(call);
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::keys::deletion
