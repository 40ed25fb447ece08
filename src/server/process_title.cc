// SPDX-License-Identifier: BSD-3-Clause
#include "server/process_title.h"

namespace millrace::server {
namespace {

const std::string_view* value_of(std::string_view name, const TitleValues& values) {
    if (name == "title") return &values.title;
    if (name == "listen-addr") return &values.listen_address;
    if (name == "server-mode") return &values.server_mode;
    if (name == "port") return &values.port;
    if (name == "tls-port") return &values.tls_port;
    if (name == "unixsocket") return &values.unix_socket;
    if (name == "config-file") return &values.config_file;
    return nullptr;
}

}  // namespace

std::optional<std::string> expand_title(std::string_view text, const TitleValues& values) {
    std::string title;
    while (!text.empty()) {
        if (!text.starts_with('{')) {
            title.push_back(text.front());
            text.remove_prefix(1);
            continue;
        }
        if (text.starts_with("{{")) {
            title.push_back('{');
            text.remove_prefix(2);
            continue;
        }
        const size_t end = text.find('}');
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view* value = value_of(text.substr(1, end - 1), values);
        if (value == nullptr) return std::nullopt;
        title += *value;
        text.remove_prefix(end + 1);
    }
    title.resize(title.find_last_not_of(' ') + 1);
    return title;
}

}  // namespace millrace::server
