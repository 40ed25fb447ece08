// SPDX-License-Identifier: BSD-3-Clause
#include "observe/settings.h"

#include <algorithm>

namespace millrace::observe {
namespace {

using namespace config;  // The kinds and flags of settings.

constexpr Choice<LogLevel> kLevels[] = {
    {"debug", LogLevel::Debug},     {"verbose", LogLevel::Verbose}, {"notice", LogLevel::Notice},
    {"warning", LogLevel::Warning}, {"nothing", LogLevel::Nothing},
};

constexpr Choice<LogFormat> kFormats[] = {
    {"legacy", LogFormat::Legacy},
    {"logfmt", LogFormat::LogFmt},
    {"json", LogFormat::Json},
};

constexpr Choice<LogTimestamp> kTimestamps[] = {
    {"legacy", LogTimestamp::Legacy},
    {"iso8601", LogTimestamp::Iso8601},
    {"milliseconds", LogTimestamp::Milliseconds},
};

Result<std::string> parse_facility(Words words, const ParseContext<std::string>&) {
    static const std::vector<std::string_view> names = {
        "user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    };
    std::string name = lower_case(words[0]);
    if (std::find(names.begin(), names.end(), name) == names.end()) return not_one_of(names);
    return name;
}

}  // namespace

void register_settings(Registry& registry, Settings& settings) {
    registry.add_enum("loglevel", settings.loglevel, kLevels);
    registry.add_text("logfile", settings.logfile, {.flags = kImmutable});
    registry.add_enum("log-format", settings.log_format, kFormats);
    registry.add_enum("log-timestamp-format", settings.log_timestamp_format, kTimestamps);
    registry.add_bool("hide-user-data-from-log", settings.hide_user_data_from_log);
    registry.add_bool("syslog-enabled", settings.syslog_enabled, {.flags = kImmutable});
    registry.add_text("syslog-ident", settings.syslog_ident, {.flags = kImmutable});
    registry.add_custom<std::string>("syslog-facility", settings.syslog_facility,
                                     {.parse = parse_facility,
                                      .print = [](const std::string& name) { return name; },
                                      .flags = kImmutable});
}

}  // namespace millrace::observe
