// SPDX-License-Identifier: BSD-3-Clause
//
// Runs the commands of AOF files, one after the other, as if a client had sent them.
//
// Time stands still for the keys meanwhile: what has expired since it was logged is still there for
// the commands that follow in the log.
//
// Owner:   whoever loads; one for all files.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "persistence/aof/command_reader.h"
#include "persistence/load_progress.h"

namespace millrace::persistence::aof {

class Replay {
public:
    // Loads the RDB file that stands at the beginning of the bytes; how long it is.
    using LoadPreamble =
        std::function<Result<size_t>(std::string_view bytes, LoadProgress& progress)>;

    Replay(engine::Engine& engine, LoadPreamble preamble, LoadProgress& progress)
        : engine_(engine), preamble_(std::move(preamble)), progress_(progress) {
        session_.set(engine::kDenyBlocking, true);
        session_.peer.address = "aof";
    }

    enum class End : uint8_t {
        Whole,
        CutOff,  // sound() bytes are good: whole commands and whole transactions.
    };
    // Runs one file. An error: what is in it is no log.
    Result<End> run(const std::string& name, std::string_view bytes);
    uint64_t sound() const { return sound_; }

private:
    Status run_command();
    Status check_sum(std::string_view annotation);
    Result<End> end_cut_off(const std::string& name);
    bool is_complete_behind(size_t offset) const;
    Error bad_format() const;

    engine::Engine& engine_;
    LoadPreamble preamble_;
    LoadProgress& progress_;
    engine::Session session_{UINT32_MAX, 0, 0};  // No client has this id.
    engine::ReplyLog replies_;
    CommandReader reader_{{}};
    std::string_view bytes_;
    uint64_t sound_ = 0;
    bool has_sums_ = false;  // There are checksums in this file.
    size_t summed_ = 0;      // Where the last checksum line begins, which covers what is before it.
};

// Whether the bytes begin with an RDB file.
bool has_preamble(std::string_view bytes);

}  // namespace millrace::persistence::aof
