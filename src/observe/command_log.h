// SPDX-License-Identifier: BSD-3-Clause
//
// The three logs of COMMANDLOG: slow commands (SLOWLOG is the same log), large requests, large
// replies.
//
// Owner:   the server. Threads: main thread.
// Limits:  each log keeps `max` entries, each at most 32 words of 128 bytes, as Valkey cuts them.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::observe {

enum class CommandLogKind : uint8_t { Slow, LargeRequest, LargeReply };
inline constexpr int kCommandLogKinds = 3;

struct CommandLogEntry {
    int64_t id;
    int64_t unix_seconds;
    int64_t value;  // Microseconds, or bytes.
    std::vector<std::string> words;
    std::string peer;
    std::string client_name;
};

class CommandLog {
public:
    // Copies of the settings. Slow is in microseconds, the others in bytes; negative: off.
    struct Limits {
        int64_t threshold = -1;
        int64_t entries_max = 128;
    };
    void configure(CommandLogKind kind, Limits limits);
    // Values from this one on are logged; INT64_MAX when off. One comparison a command and kind.
    int64_t threshold(CommandLogKind kind) const { return thresholds_[static_cast<size_t>(kind)]; }

    void add(CommandLogKind kind, int64_t unix_seconds, int64_t value,
             std::span<const std::string_view> words, std::string_view peer,
             std::string_view client_name);
    const std::deque<CommandLogEntry>& entries(CommandLogKind kind) const {
        return logs_[static_cast<size_t>(kind)];
    }
    void clear(CommandLogKind kind) { logs_[static_cast<size_t>(kind)].clear(); }

private:
    std::array<std::deque<CommandLogEntry>, kCommandLogKinds> logs_;  // Newest first.
    std::array<int64_t, kCommandLogKinds> thresholds_{INT64_MAX, INT64_MAX, INT64_MAX};
    std::array<int64_t, kCommandLogKinds> entries_max_{128, 128, 128};
    std::array<int64_t, kCommandLogKinds> next_ids_{};
};

}  // namespace millrace::observe
