// SPDX-License-Identifier: BSD-3-Clause
//
// Turns effects into the bytes of the log: commands as clients would send them, SELECT when the
// database changes, MULTI and EXEC around units of several, and perhaps the time.
//
//     #TS:1628217470\r\n *2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n *3\r\n$3\r\nSET\r\n ...
//
// Owner:   the append-only file.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/byte_buffer.h"
#include "engine/effects.h"

namespace millrace::persistence::aof {

// One command; also for whoever writes files of commands.
void append_command(ByteBuffer& out, std::span<const std::string_view> words);

class LogEncoder {
public:
    // Nobody knows which database the next command finds; the time is written again.
    void begin_file();
    // Adds a unit; false if nothing of it is for the log.
    bool add(std::span<const engine::Effect> effects, int64_t unix_seconds);
    void set_timestamps(bool on) { timestamps_ = on; }

    ByteBuffer& bytes() { return bytes_; }
    // The end of what has been added so far.
    uint64_t offset() const { return taken_ + bytes_.size(); }
    // Takes the bytes; `fresh` is used for those to come.
    ByteBuffer take(ByteBuffer fresh);

private:
    void add_effect(const engine::Effect& effect);

    ByteBuffer bytes_;
    uint64_t taken_ = 0;
    int db_ = -1;
    bool timestamps_ = false;
    int64_t last_timestamp_ = 0;
};

}  // namespace millrace::persistence::aof
