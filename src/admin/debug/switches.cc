// SPDX-License-Identifier: BSD-3-Clause
//
// The subcommands of DEBUG that only turn something on or off: see engine/debug_switches.h.

#include "admin/debug/subcommands.h"
#include "base/bytes.h"
#include "base/numbers.h"
#include "config/parse.h"
#include "engine/debug_switches.h"

namespace millrace::admin::debug {

using namespace engine;

namespace {

template <bool DebugSwitches::*kSwitch>
Status set(Call& call) {
    call.engine().debug_switches().*kSwitch = is_on(call.arg(2));
    call.reply().ok();
    return done();
}

Status table_resizing(Call& call) {
    const bool allowed = is_on(call.arg(2));
    call.engine().debug_switches().table_resizing = allowed;
    for (int db = 0; db < call.keyspace().database_count(); ++db) {
        call.keyspace().database(db).table().set_resizing_allowed(allowed);
    }
    call.reply().ok();
    return done();
}

Status packed_element_bytes(Call& call) {
    constexpr uint64_t kBytesMax = uint64_t{4} << 30;
    const auto bytes = config::parse_unsigned(call.arg(2), config::Unit::Memory, 0, kBytesMax);
    if (!bytes.ok()) {
        return ErrorText{"ERR argument must be a memory value bigger than 1 and smaller than 4gb"};
    }
    const bool standard = *bytes == 0;
    call.engine().debug_switches().packed_element_bytes =
        standard ? DebugSwitches::kPackedElementBytes : *bytes;
    call.reply().ok();
    return done();
}

Status reply_buffer_peak_reset(Call& call) {
    int64_t& milliseconds = call.engine().debug_switches().reply_buffer_peak_reset_ms;
    if (call.arg_is(3, "NEVER")) {
        milliseconds = -1;
    } else if (call.arg_is(3, "RESET")) {
        milliseconds = DebugSwitches::kReplyBufferPeakResetMs;
    } else {
        milliseconds = TRY(call.integer(3));
    }
    call.reply().ok();
    return done();
}

Status reply_buffer(Call& call) {
    if (call.arg_is(2, "PEAK-RESET-TIME")) return reply_buffer_peak_reset(call);
    if (!call.arg_is(2, "RESIZING")) return unknown_subcommand(call.arg(1));
    call.engine().debug_switches().reply_buffer_resizing = is_on(call.arg(3));
    call.reply().ok();
    return done();
}

constexpr Subcommand kSwitchesSubcommands[] = {
    {"SET-ACTIVE-EXPIRE", 3, 3, set<&DebugSwitches::active_expire>},
    {"PAUSE-CRON", 3, 3, set<&DebugSwitches::cron_paused>},
    {"CLIENT-ENFORCE-REPLY-LIST", 3, 3, set<&DebugSwitches::reply_list_only>},
    {"SET-SKIP-CHECKSUM-VALIDATION", 3, 3, set<&DebugSwitches::skip_checksum_validation>},
    {"SET-DISABLE-DENY-SCRIPTS", 3, 3, set<&DebugSwitches::deny_script_disabled>},
    {"DICT-RESIZING", 3, 3, table_resizing},
    {"QUICKLIST-PACKED-THRESHOLD", 3, 3, packed_element_bytes},
    {"REPLYBUFFER", 4, 4, reply_buffer},
};

}  // namespace

std::span<const Subcommand> switch_subcommands() {
    return kSwitchesSubcommands;
}

}  // namespace millrace::admin::debug
