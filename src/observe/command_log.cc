// SPDX-License-Identifier: BSD-3-Clause
//
// Adds entries, cut to size.

#include "observe/command_log.h"

#include <fmt/format.h>

namespace millrace::observe {
namespace {

constexpr size_t kWordsMax = 32;
constexpr size_t kWordBytesMax = 128;

std::string shortened(std::string_view word) {
    if (word.size() <= kWordBytesMax) return std::string(word);
    return fmt::format("{}... ({} more bytes)", word.substr(0, kWordBytesMax),
                       word.size() - kWordBytesMax);
}

// A long request keeps its first words; the last place tells how many are missing.
std::vector<std::string> shortened(std::span<const std::string_view> words) {
    const bool fits = words.size() <= kWordsMax;
    const size_t kept = fits ? words.size() : kWordsMax - 1;
    std::vector<std::string> result;
    result.reserve(fits ? kept : kWordsMax);
    for (const std::string_view word : words.first(kept)) result.push_back(shortened(word));
    if (!fits) result.push_back(fmt::format("... ({} more arguments)", words.size() - kept));
    return result;
}

}  // namespace

void CommandLog::configure(CommandLogKind kind, Limits limits) {
    const auto at = static_cast<size_t>(kind);
    const bool on = limits.threshold >= 0 && limits.entries_max > 0;
    thresholds_[at] = on ? limits.threshold : INT64_MAX;
    // Compat: a smaller maximum shortens the log with the next entry, not at once.
    entries_max_[at] = limits.entries_max;
}

void CommandLog::add(CommandLogKind kind, int64_t unix_seconds, int64_t value,
                     std::span<const std::string_view> words, std::string_view peer,
                     std::string_view client_name) {
    const auto at = static_cast<size_t>(kind);
    std::deque<CommandLogEntry>& log = logs_[at];
    log.push_front({.id = next_ids_[at]++,
                    .unix_seconds = unix_seconds,
                    .value = value,
                    .words = shortened(words),
                    .peer = std::string(peer),
                    .client_name = std::string(client_name)});
    while (static_cast<int64_t>(log.size()) > entries_max_[at]) log.pop_back();
}

}  // namespace millrace::observe
