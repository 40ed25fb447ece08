// SPDX-License-Identifier: BSD-3-Clause
//
// Settings of the log. Each field has the name of its directive.
//
// Owner:   Server, which hands them to the logger at the start and when they change.
// Threads: main thread.
#pragma once

#include <string>

#include "base/log.h"
#include "config/registry.h"

namespace millrace::observe {

struct Settings {
    LogLevel loglevel = LogLevel::Notice;
    std::string logfile;  // Empty: standard output.
    LogFormat log_format = LogFormat::Legacy;
    LogTimestamp log_timestamp_format = LogTimestamp::Legacy;
    bool hide_user_data_from_log = true;
    bool syslog_enabled = false;
    std::string syslog_ident = "valkey";
    std::string syslog_facility = "local0";
};

void register_settings(config::Registry& registry, Settings& settings);

}  // namespace millrace::observe
