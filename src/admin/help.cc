// SPDX-License-Identifier: BSD-3-Clause
#include "admin/help.h"

#include <string>

namespace millrace::admin {

Status reply_help(engine::Call& call, std::string_view command,
                  std::span<const std::string_view> lines) {
    engine::ReplyWriter& reply = call.reply();
    reply.array(lines.size() + 3);
    reply.simple(std::string(command) +
                 " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    for (const std::string_view line : lines) reply.simple(line);
    reply.simple("HELP");
    reply.simple("    Prints this help.");
    return done();
}

}  // namespace millrace::admin
