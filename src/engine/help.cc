// SPDX-License-Identifier: BSD-3-Clause
#include "engine/help.h"

#include <string>

namespace millrace::engine {

void reply_help(ReplyWriter& reply, std::string_view container,
                std::span<const std::string_view> lines) {
    // Compat: clients and tests look for this heading.
    std::string heading(container);
    heading += " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:";
    reply.array(lines.size() + 3);
    reply.simple(heading);
    for (std::string_view line : lines) reply.simple(line);
    reply.simple("HELP");
    reply.simple("    Print this help.");
}

}  // namespace millrace::engine
