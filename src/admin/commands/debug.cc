// SPDX-License-Identifier: BSD-3-Clause
//
// DEBUG: what tests need and nobody else should use. Off unless `enable-debug-command` allows it.
//
// The subcommands are in admin/debug/, by theme.

#include "admin/debug/subcommands.h"
#include "admin/local_access.h"
#include "engine/command.h"
#include "engine/help.h"

namespace millrace::admin::commands::debug {

using namespace engine;
using admin::debug::Subcommand;

// Compat: tests look for this name in stack traces, so it is neither hidden nor in house style.
[[gnu::noinline]] Status debugCommand(Call& call);

namespace {

constexpr CommandSpec kCommands[] = {
    {.name = "DEBUG",
     .summary = "Helps to test the server.",
     .since = "1.0.0",
     .group = Group::Server,
     .complexity = "Depends on the subcommand.",
     .arity = -2,
     .flags = kAdmin | kNoScript | kLoading | kStale | kProtected,
     .doc_flags = kSysCmd,
     .run = debugCommand},
};

constexpr ErrorText kNotAllowed{
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you "
    "can run it "
    "from a local connection, otherwise you need to set this option in the configuration file, and "
    "then "
    "restart the server."};

Status help(Call& call) {
    constexpr std::string_view kLines[] = {
        "ASSERT",
        "    Fail an assertion.",
        "CHANGE-REPL-ID",
        "    Make a new replication id, as if the data had another history.",
        "CLIENT-ENFORCE-REPLY-LIST <0|1>",
        "    Keep replies out of the fixed buffers of clients.",
        "CONFIG-REWRITE-FORCE-ALL",
        "    Write every setting to the configuration file, defaults included.",
        "DICT-RESIZING <0|1>",
        "    Let tables of keys grow early and shrink, or not.",
        "DIGEST",
        "    Answer 40 digits that depend on all keys, values and which of them expire.",
        "DIGEST-VALUE <key> [<key> ...]",
        "    Answer such digits for the values of these keys.",
        "ERROR <string>",
        "    Answer with this error.",
        "HTSTATS <dbid> [full]",
        "    Describe the table of keys of a database.",
        "HTSTATS-KEY <key> [full]",
        "    Describe the table inside the value of a key.",
        "LOG <message>",
        "    Write a line to the log.",
        "MALLCTL <key> [<val>]",
        "    Answer a number of the memory allocator, and set it where that is possible.",
        "MALLCTL-STR <key>",
        "    Answer a text of the memory allocator.",
        "OBJECT <key> [fast]",
        "    Describe how the value of a key is kept; `fast` leaves out what takes time.",
        "PANIC",
        "    Crash on purpose.",
        "PAUSE-CRON <0|1>",
        "    Stop all periodic work.",
        "POPULATE <count> [<prefix>] [<size>]",
        "    Create keys <prefix>:<number>, `key` without a prefix. Replicas do not get them.",
        "PROTOCOL <type>",
        "    Answer a sample of: string, integer, double, bignum, null, array, set, map,",
        "    attrib, push, verbatim, true, false.",
        "QUICKLIST-PACKED-THRESHOLD <size>",
        "    Store list elements from this size on alone; 0 is the default of 1gb.",
        "RELOAD [MERGE] [NOFLUSH] [NOSAVE]",
        "    Save everything to the RDB file and load it again. NOSAVE loads the file as it is,",
        "    NOFLUSH keeps what is there, and MERGE lets keys of the file replace others.",
        "REPLYBUFFER PEAK-RESET-TIME <NEVER|RESET|milliseconds>",
        "    Set how often the peak use of reply buffers is forgotten.",
        "REPLYBUFFER RESIZING <0|1>",
        "    Make idle reply buffers smaller, or not.",
        "SDSLEN <key>",
        "    Answer the sizes of a key and its string.",
        "SEGFAULT",
        "    Crash by an access to memory that is not there.",
        "SET-ACTIVE-EXPIRE <0|1>",
        "    Remove expired keys in the background, or only when they are asked for.",
        "SET-DISABLE-DENY-SCRIPTS <0|1>",
        "    Let scripts call commands that are forbidden to them.",
        "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
        "    Believe RDB files and RESTORE payloads without looking at their checksums.",
        "SLEEP <seconds>",
        "    Do nothing at all for so long; fractions are allowed.",
        "STRUCTSIZE",
        "    Answer the sizes of internal structures.",
    };
    reply_help(call.reply(), "DEBUG", kLines);
    return done();
}

const Subcommand* find(std::span<const Subcommand> subcommands, Call& call) {
    for (const Subcommand& each : subcommands) {
        if (!call.arg_is(1, each.name)) continue;
        return call.count() >= each.words_min && call.count() <= each.words_max ? &each : nullptr;
    }
    return nullptr;
}

}  // namespace

Status debugCommand(Call& call) {
    if (!may_use(call.settings().enable_debug_command, call.session())) return kNotAllowed;
    if (call.count() == 2 && call.arg_is(1, "HELP")) return help(call);
    for (const auto& subcommands :
         {admin::debug::digest_subcommands(), admin::debug::key_subcommands(),
          admin::debug::protocol_subcommands(), admin::debug::server_subcommands(),
          admin::debug::switch_subcommands()}) {
        const Subcommand* found = find(subcommands, call);
        if (found != nullptr) return found->run(call);
    }
    return admin::debug::unknown_subcommand(call.arg(1));
}

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::debug
