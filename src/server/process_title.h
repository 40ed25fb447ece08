// SPDX-License-Identifier: BSD-3-Clause
//
// The text of `proc-title-template`: what `ps` shows for the server.
//
// Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::server {

// What the variables of a template stand for.
struct TitleValues {
    std::string_view title;           // {title}
    std::string_view listen_address;  // {listen-addr}
    std::string_view server_mode;     // {server-mode}: " [cluster]", " [sentinel]" or nothing
    std::string_view port;            // {port}
    std::string_view tls_port;        // {tls-port}
    std::string_view unix_socket;     // {unixsocket}
    std::string_view config_file;     // {config-file}
};

// `text` with its variables replaced; "{{" is a brace. Nothing when a variable is unknown or not
// closed. Blanks at the end go away.
std::optional<std::string> expand_title(std::string_view text, const TitleValues& values);

}  // namespace millrace::server
