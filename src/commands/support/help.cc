// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/help.h"

#include <string>

#include "base/bytes.h"

namespace millrace::commands::support {

void reply_help(engine::Call& call, std::span<const std::string_view> lines) {
    engine::ReplyWriter& reply = call.reply();
    reply.array(lines.size() + 3);
    reply.simple(to_upper(call.arg(0)) +
                 " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    for (const std::string_view line : lines) reply.simple(line);
    reply.simple("HELP");
    reply.simple("    Print this help.");
}

}  // namespace millrace::commands::support
