// SPDX-License-Identifier: BSD-3-Clause
//
// The log: one line a message, in the shape that Valkey's tools read.
//
//     15687:M 23 Nov 2026 22:50:43.204 * Ready to accept connections tcp
//
//     log_notice("{} client(s) left", count);
//
// Arguments are formatted by libfmt, and only when the level is on. User data (keys, values, names)
// goes through the caller's own judgement of `hide-user-data-from-log`.
//
// Owner:   the process; the logger is the one allowed global.
// Threads: any. A line is one write(2), so lines of different threads never mix.
// Limits:  kLineBytesMax a message; what is longer is cut.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace {

enum class LogLevel : uint8_t { Debug, Verbose, Notice, Warning, Nothing };
enum class LogFormat : uint8_t { Legacy, LogFmt, Json };
enum class LogTimestamp : uint8_t { Legacy, Iso8601, Milliseconds };
enum class LogRole : char { Sentinel = 'X', Child = 'C', Replica = 'S', Primary = 'M' };

// A copy of the settings; each function below takes effect for the next line.
void set_log_level(LogLevel level);
LogLevel log_level();
void set_log_format(LogFormat format);
void set_log_timestamp(LogTimestamp timestamp);
void set_log_role(LogRole role);

// An empty path: standard output. A file is opened anew for each line, as in Valkey, so that
// rotating it by renaming needs no signal. Fails when the file cannot be opened for appending now.
Status set_log_file(std::string path);

// Messages go to syslog as well. `facility` is "user" or "local0" ... "local7".
Status open_syslog(std::string_view ident, std::string_view facility);
void close_syslog();

// Writes bytes to the log as they are (the start-up picture, crash reports).
void log_raw(std::string_view text);

namespace log_detail {
inline constexpr size_t kLineBytesMax = 1024;
void write(LogLevel level, std::string_view message);
void write_formatted(LogLevel level, fmt::string_view format, fmt::format_args arguments);

// One line without the logger around it; for its tests.
struct Moment {
    int64_t unix_ms;
    int pid;
};
std::string line(LogFormat format, LogTimestamp timestamp, LogRole role, LogLevel level,
                 const Moment& moment, std::string_view message);
}  // namespace log_detail

template <typename... Arguments>
void log(LogLevel level, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (level < log_level()) return;
    log_detail::write_formatted(level, format, fmt::make_format_args(arguments...));
}
template <typename... Arguments>
void log_debug(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    log(LogLevel::Debug, format, std::forward<Arguments>(arguments)...);
}
template <typename... Arguments>
void log_verbose(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    log(LogLevel::Verbose, format, std::forward<Arguments>(arguments)...);
}
template <typename... Arguments>
void log_notice(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    log(LogLevel::Notice, format, std::forward<Arguments>(arguments)...);
}
template <typename... Arguments>
void log_warning(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    log(LogLevel::Warning, format, std::forward<Arguments>(arguments)...);
}

}  // namespace millrace
