// SPDX-License-Identifier: BSD-3-Clause
//
// DUMP, RESTORE: a value as bytes that any server of the family understands.

#include <array>
#include <vector>

#include "base/numbers.h"
#include "engine/command.h"
#include "persistence/rdb/payload.h"

namespace millrace::persistence::commands::dump {
namespace {

using namespace engine;
using keyspace::kNoExpiry;

Status dump(Call& call);
Status restore(Call& call);

constexpr KeySpec kDumpKeys[] = {{.first = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kDumpArgs[] = {{"key", ArgType::Key, 0}};
constexpr std::string_view kDumpTips[] = {"nondeterministic_output"};

constexpr KeySpec kRestoreKeys[] = {{.first = 1, .flags = kOW | kKeyUpdate}};
constexpr Arg kRestoreArgs[] = {
    {"key", ArgType::Key, 0},
    {"ttl", ArgType::Integer},
    {"serialized-value", ArgType::String},
    {.name = "replace",
     .type = ArgType::PureToken,
     .token = "REPLACE",
     .flags = kOptional,
     .since = "3.0.0"},
    {.name = "absttl",
     .type = ArgType::PureToken,
     .token = "ABSTTL",
     .flags = kOptional,
     .since = "5.0.0"},
    {.name = "seconds",
     .type = ArgType::Integer,
     .token = "IDLETIME",
     .flags = kOptional,
     .since = "5.0.0"},
    {.name = "frequency",
     .type = ArgType::Integer,
     .token = "FREQ",
     .flags = kOptional,
     .since = "5.0.0"},
};
constexpr HistoryEntry kRestoreHistory[] = {
    {"3.0.0", "REPLACE."},
    {"5.0.0", "ABSTTL."},
    {"5.0.0", "IDLETIME and FREQ."},
};

constexpr CommandSpec kCommands[] = {
    {.name = "DUMP",
     .summary = "Shows a value in the form that RESTORE takes.",
     .since = "2.6.0",
     .group = Group::Generic,
     .complexity = "O(N), N being the bytes of the value.",
     .arity = 2,
     .flags = kReadOnly,
     .keys = kDumpKeys,
     .args = kDumpArgs,
     .tips = kDumpTips,
     .run = dump},
    {.name = "RESTORE",
     .summary = "Makes a key of what DUMP has shown.",
     .since = "2.6.0",
     .group = Group::Generic,
     .complexity = "O(N), N being the bytes of the value; O(N*log(N)) for sorted sets.",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .acl = kAclDangerous,
     .keys = kRestoreKeys,
     .args = kRestoreArgs,
     .history = kRestoreHistory,
     .run = restore},
    {.name = "RESTORE-ASKING",
     .summary = "RESTORE for nodes of a cluster that hand over keys.",
     .since = "3.0.0",
     .group = Group::Server,
     .complexity = "O(N), N being the bytes of the value; O(N*log(N)) for sorted sets.",
     .arity = -4,
     .flags = kWrite | kDenyOom | kAsking,
     .acl = kAclKeyspace | kAclDangerous,
     .keys = kRestoreKeys,
     .args = kRestoreArgs,
     .history = kRestoreHistory,
     .doc_flags = kSysCmd,
     .run = restore},
};

constexpr ErrorText kBusyKey{"BUSYKEY Target key name already exists."};
constexpr ErrorText kInvalidTtl{"ERR Invalid TTL value, must be >= 0"};
constexpr ErrorText kInvalidIdleTime{"ERR Invalid IDLETIME value, must be >= 0"};
constexpr ErrorText kInvalidFrequency{"ERR Invalid FREQ value, must be >= 0 and <= 255"};

constexpr int64_t kNotGiven = -1;

Status dump(Call& call) {
    const keyspace::Entry* entry = call.find(1);
    if (entry == nullptr) {
        call.reply().null();
        return done();
    }
    const PersistenceControl* persistence = call.engine().persistence();
    rdb::BufferSink sink;
    rdb::write_payload(sink, *entry, persistence == nullptr || persistence->compresses());
    call.reply().bulk(sink.view());
    return done();
}

struct RestoreOptions {
    bool replace = false;
    bool absolute = false;
    int64_t idle_seconds = kNotGiven;
    int64_t frequency = kNotGiven;
};

// Compat: of IDLETIME and FREQ only one is known once the other was given.
Result<RestoreOptions> parse_options(Call& call) {
    RestoreOptions options;
    for (size_t at = 4; at < call.count(); ++at) {
        const bool has_argument = at + 1 < call.count();
        if (call.arg_is(at, "REPLACE")) {
            options.replace = true;
        } else if (call.arg_is(at, "ABSTTL")) {
            options.absolute = true;
        } else if (call.arg_is(at, "IDLETIME") && has_argument && options.frequency == kNotGiven) {
            options.idle_seconds = TRY(call.integer(++at));
            if (options.idle_seconds < 0) return kInvalidIdleTime;
        } else if (call.arg_is(at, "FREQ") && has_argument && options.idle_seconds == kNotGiven) {
            options.frequency = TRY(call.integer(++at));
            if (options.frequency < 0 || options.frequency > UINT8_MAX) return kInvalidFrequency;
        } else {
            return errors::kSyntax;
        }
    }
    return options;
}

Result<rdb::Value> read_value(Call& call, rdb::Scratch& scratch) {
    const PersistenceControl* persistence = call.engine().persistence();
    const rdb::PayloadRules rules{
        .is_relaxed = persistence != nullptr && persistence->takes_foreign_versions(),
        .verify_checksum = !call.engine().debug_switches().skip_checksum_validation};
    const std::string_view body = TRY(rdb::open_payload(call.arg(3), rules));
    return rdb::read_payload(
        body, {.growth = {call.keyspace().encodings(), call.keyspace().seed()}}, scratch);
}

// Nothing is made; what is there goes all the same.
void drop_old(Call& call, KeyEdit& edit) {
    if (!edit.exists()) return call.propagate_nothing();
    edit.remove();
    edit.commit(EventClass::Generic, "del");
    call.propagate_as({call.settings().lazyfree_server_del ? "UNLINK" : "DEL", call.arg(1)});
}

void mark_use(Call& call, keyspace::Entry& entry, const RestoreOptions& options) {
    const keyspace::AccessClock& clock = call.keyspace().access_clock();
    const bool by_frequency = clock.policy() == keyspace::AccessClock::Policy::Frequency;
    if (by_frequency && options.frequency != kNotGiven) {
        entry.set_access(clock.word_for_frequency(static_cast<uint8_t>(options.frequency)));
    } else if (!by_frequency && options.idle_seconds != kNotGiven) {
        entry.set_access(clock.word_for_idle(options.idle_seconds));
    }
}

// With the moment of expiry instead of a time to live.
void propagate(Call& call, const RestoreOptions& options, int64_t expire_at_ms) {
    if (expire_at_ms == kNoExpiry || options.absolute || !call.propagates()) return;
    char digits[kIntegerCharsMax];
    std::vector<std::string_view> words(call.arguments().begin(), call.arguments().end());
    words[2] = {digits, format_integer(digits, expire_at_ms)};
    words.push_back("ABSTTL");
    call.propagate_as(words);
}

Status restore(Call& call) {
    const RestoreOptions options = TRY(parse_options(call));
    if (!options.replace && call.peek(1) != nullptr) return kBusyKey;
    const int64_t ttl = TRY(call.integer(2));
    if (ttl < 0) return kInvalidTtl;
    rdb::Scratch scratch;
    rdb::Value value = TRY(read_value(call, scratch));

    // Compat: a moment beyond the end of time has passed.
    int64_t expire_at_ms = kNoExpiry;
    const bool beyond = ttl != 0 && __builtin_add_overflow(
                                        ttl, options.absolute ? 0 : call.now_ms(), &expire_at_ms);
    KeyEdit edit = call.edit(1);
    call.reply().ok();
    const bool has_passed = ttl != 0 && expire_at_ms <= call.now_ms() &&
                            !call.keyspace().imports() &&
                            (call.engine().conditions() & kLoadingData) == 0;
    if (has_passed || beyond) {
        drop_old(call, edit);
        return done();
    }
    // Compat: what is in the way is deleted first; nothing of it shows in the new value.
    if (edit.exists()) edit.remove();
    if (value.collection != nullptr) {
        edit.store_collection(std::move(value.collection));
    } else {
        edit.store_string(value.text, KeepExpiry::No);
    }
    if (expire_at_ms != kNoExpiry) edit.set_expiry(expire_at_ms);
    mark_use(call, *edit.entry(), options);
    edit.commit(EventClass::Generic, "restore");
    propagate(call, options, expire_at_ms);
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::persistence::commands::dump
