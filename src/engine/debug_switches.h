// SPDX-License-Identifier: BSD-3-Clause
//
// What DEBUG turns on and off for tests. Whoever does the work in question reads its switch when it
// begins.
//
// Owner:   the engine.
// Threads: main thread.
#pragma once

#include <cstdint>

namespace millrace::engine {

struct DebugSwitches {
    bool active_expire = true;              // Keys past their time are removed in the background.
    bool cron_paused = false;               // No periodic work at all.
    bool table_resizing = true;             // Tables of keys may grow early and shrink.
    bool reply_list_only = false;           // Replies never use a client's fixed buffer.
    bool reply_buffer_resizing = true;      // Idle reply buffers are made smaller.
    bool skip_checksum_validation = false;  // Of RDB files and RESTORE payloads.
    bool deny_script_disabled = false;      // Scripts may call what is forbidden to them.

    static constexpr int64_t kReplyBufferPeakResetMs = 5000;
    int64_t reply_buffer_peak_reset_ms = kReplyBufferPeakResetMs;  // Negative: never.

    static constexpr uint64_t kPackedElementBytes = uint64_t{1} << 30;
    uint64_t packed_element_bytes = kPackedElementBytes;  // List elements from here on stand alone.
};

}  // namespace millrace::engine
