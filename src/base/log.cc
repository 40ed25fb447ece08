// SPDX-License-Identifier: BSD-3-Clause
//
// Formats and writes log lines. The settings are atomics or under one lock, which only those who
// log take.

#include "base/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/time.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <utility>

namespace millrace {
namespace {

// The one global of its kind; see the header. `mutex` guards what is not atomic.
struct Logger {
    std::atomic<LogLevel> level{LogLevel::Notice};
    std::atomic<LogFormat> format{LogFormat::Legacy};
    std::atomic<LogTimestamp> timestamp{LogTimestamp::Legacy};
    std::atomic<LogRole> role{LogRole::Primary};
    std::mutex mutex;
    std::string path;
    std::string syslog_ident;  // openlog() keeps the pointer.
    bool syslog_on = false;
};

Logger& logger() {
    static Logger instance;
    return instance;
}

// Months and levels by their numbers.
constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<const char*, 4> kLevelNames = {"debug", "verbose", "notice", "warning"};
constexpr std::string_view kLevelMarks = ".-*#";

std::string_view role_name(LogRole role) {
    switch (role) {
        case LogRole::Sentinel:
            return "sentinel";
        case LogRole::Child:
            return "RDB/AOF";
        case LogRole::Replica:
            return "replica";
        case LogRole::Primary:
            break;
    }
    return "primary";
}

void append_timestamp(fmt::memory_buffer& out, LogTimestamp kind, int64_t unix_ms) {
    const auto sink = std::back_inserter(out);
    if (kind == LogTimestamp::Milliseconds) {
        fmt::format_to(sink, "{}", unix_ms);
        return;
    }
    const time_t seconds = unix_ms / 1000;
    const int64_t milliseconds = unix_ms % 1000;
    tm local{};
    localtime_r(&seconds, &local);
    if (kind == LogTimestamp::Legacy) {
        fmt::format_to(sink, "{:02} {} {} {:02}:{:02}:{:02}.{:03}", local.tm_mday,
                       kMonths[static_cast<size_t>(local.tm_mon)], local.tm_year + 1900,
                       local.tm_hour, local.tm_min, local.tm_sec, milliseconds);
        return;
    }
    const long offset_minutes = std::labs(local.tm_gmtoff) / 60;
    fmt::format_to(sink, "{}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}{:02}:{:02}",
                   local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour,
                   local.tm_min, local.tm_sec, milliseconds, local.tm_gmtoff < 0 ? '-' : '+',
                   offset_minutes / 60, offset_minutes % 60);
}

// Compat: logfmt replaces what would need escaping; only these three.
void append_logfmt_text(fmt::memory_buffer& out, std::string_view text) {
    for (char byte : text) {
        if (byte == '"') byte = '\'';
        if (byte == '\n' || byte == '\r') byte = ' ';
        out.push_back(byte);
    }
}

void append_json_text(fmt::memory_buffer& out, std::string_view text) {
    const auto sink = std::back_inserter(out);
    for (char byte : text) {
        switch (byte) {
            case '"':
                fmt::format_to(sink, "\\\"");
                break;
            case '\\':
                fmt::format_to(sink, "\\\\");
                break;
            case '\n':
                fmt::format_to(sink, "\\n");
                break;
            case '\r':
                fmt::format_to(sink, "\\r");
                break;
            case '\t':
                fmt::format_to(sink, "\\t");
                break;
            case '\b':
                fmt::format_to(sink, "\\b");
                break;
            case '\f':
                fmt::format_to(sink, "\\f");
                break;
            default:
                if (static_cast<unsigned char>(byte) < 0x20) {
                    fmt::format_to(sink, "\\u{:04x}", static_cast<unsigned>(byte));
                } else {
                    out.push_back(byte);
                }
        }
    }
}

void append_line(fmt::memory_buffer& out, LogFormat format, LogTimestamp timestamp, LogRole role,
                 LogLevel level, const log_detail::Moment& moment, std::string_view message) {
    const auto sink = std::back_inserter(out);
    const auto level_at = static_cast<size_t>(level);
    switch (format) {
        case LogFormat::Legacy:
            fmt::format_to(sink, "{}:{} ", moment.pid, static_cast<char>(role));
            append_timestamp(out, timestamp, moment.unix_ms);
            fmt::format_to(sink, " {} {}", kLevelMarks[level_at], message);
            break;
        case LogFormat::LogFmt:
            fmt::format_to(sink, "pid={} role={} timestamp=\"", moment.pid, role_name(role));
            append_timestamp(out, timestamp, moment.unix_ms);
            fmt::format_to(sink, "\" level={} message=\"", kLevelNames[level_at]);
            append_logfmt_text(out, message);
            out.push_back('"');
            break;
        case LogFormat::Json:
            fmt::format_to(sink, R"({{"pid":{},"role":"{}","timestamp":")", moment.pid,
                           role_name(role));
            append_timestamp(out, timestamp, moment.unix_ms);
            fmt::format_to(sink, R"(","level":"{}","message":")", kLevelNames[level_at]);
            append_json_text(out, message);
            fmt::format_to(sink, "\"}}");
            break;
    }
    out.push_back('\n');
}

int open_file(const std::string& path) {
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
}

// What cannot be written is lost: there is nobody to tell.
void write_out(const std::string& path, std::string_view bytes) {
    const int file = path.empty() ? STDOUT_FILENO : open_file(path);
    if (file < 0) return;
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) break;
        bytes.remove_prefix(static_cast<size_t>(written));
    }
    if (!path.empty()) ::close(file);
}

int64_t unix_milliseconds() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

constexpr std::array<int, 4> kSyslogPriorities = {LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING};

Result<int> syslog_facility(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, int>, 9> kFacilities = {{
        {"user", LOG_USER},
        {"local0", LOG_LOCAL0},
        {"local1", LOG_LOCAL1},
        {"local2", LOG_LOCAL2},
        {"local3", LOG_LOCAL3},
        {"local4", LOG_LOCAL4},
        {"local5", LOG_LOCAL5},
        {"local6", LOG_LOCAL6},
        {"local7", LOG_LOCAL7},
    }};
    for (const auto& [known, number] : kFacilities) {
        if (known == name) return number;
    }
    return Error(fmt::format("unknown syslog facility '{}'", name));
}

}  // namespace

void set_log_level(LogLevel level) {
    logger().level.store(level, std::memory_order_relaxed);
}
LogLevel log_level() {
    return logger().level.load(std::memory_order_relaxed);
}
void set_log_format(LogFormat format) {
    logger().format.store(format, std::memory_order_relaxed);
}
void set_log_timestamp(LogTimestamp timestamp) {
    logger().timestamp.store(timestamp, std::memory_order_relaxed);
}
void set_log_role(LogRole role) {
    logger().role.store(role, std::memory_order_relaxed);
}

Status set_log_file(std::string path) {
    if (!path.empty()) {
        const int file = open_file(path);
        if (file < 0) return system_error("Can't open the log file", errno);
        ::close(file);
    }
    Logger& log = logger();
    const std::lock_guard lock(log.mutex);
    log.path = std::move(path);
    return done();
}

Status open_syslog(std::string_view ident, std::string_view facility) {
    const int number = TRY(syslog_facility(facility));
    Logger& log = logger();
    const std::lock_guard lock(log.mutex);
    log.syslog_ident = ident;
    openlog(log.syslog_ident.c_str(), LOG_PID | LOG_NDELAY | LOG_NOWAIT, number);
    log.syslog_on = true;
    return done();
}

void close_syslog() {
    Logger& log = logger();
    const std::lock_guard lock(log.mutex);
    if (log.syslog_on) closelog();
    log.syslog_on = false;
}

void log_raw(std::string_view text) {
    Logger& log = logger();
    const std::lock_guard lock(log.mutex);
    write_out(log.path, text);
}

namespace log_detail {

void write(LogLevel level, std::string_view message) {
    if (level >= LogLevel::Nothing) return;
    Logger& log = logger();
    message = message.substr(0, kLineBytesMax - 1);
    fmt::memory_buffer out;
    const Moment moment{unix_milliseconds(), static_cast<int>(getpid())};
    append_line(out, log.format.load(std::memory_order_relaxed),
                log.timestamp.load(std::memory_order_relaxed),
                log.role.load(std::memory_order_relaxed), level, moment, message);
    const std::lock_guard lock(log.mutex);
    write_out(log.path, {out.data(), out.size()});
    if (log.syslog_on) {
        syslog(kSyslogPriorities[static_cast<size_t>(level)], "%.*s",
               static_cast<int>(message.size()), message.data());
    }
}

void write_formatted(LogLevel level, fmt::string_view format, fmt::format_args arguments) {
    fmt::memory_buffer message;
    fmt::vformat_to(std::back_inserter(message), format, arguments);
    write(level, {message.data(), message.size()});
}

std::string line(LogFormat format, LogTimestamp timestamp, LogRole role, LogLevel level,
                 const Moment& moment, std::string_view message) {
    fmt::memory_buffer out;
    append_line(out, format, timestamp, role, level, moment, message);
    return fmt::to_string(out);
}

}  // namespace log_detail
}  // namespace millrace
