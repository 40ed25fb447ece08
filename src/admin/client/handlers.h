// SPDX-License-Identifier: BSD-3-Clause
//
// The subcommands of CLIENT; their declarations are in admin/commands/client.cc.
//
// Threads: main thread.
#pragma once

#include "engine/call.h"

namespace millrace::admin::client {

// Who is connected: listing_commands.cc.
Status id(engine::Call& call);
Status info(engine::Call& call);
Status list(engine::Call& call);
Status kill(engine::Call& call);
Status help(engine::Call& call);

// What the connection says about itself: identity.cc.
Status capa(engine::Call& call);
Status getname(engine::Call& call);
Status setname(engine::Call& call);
Status setinfo(engine::Call& call);
Status import_source(engine::Call& call);
Status no_evict(engine::Call& call);
Status no_touch(engine::Call& call);

// Whether and when clients are answered: flow.cc.
Status pause(engine::Call& call);
Status unpause(engine::Call& call);
Status reply(engine::Call& call);
Status unblock(engine::Call& call);

// Client-side caching: tracking.cc.
Status caching(engine::Call& call);
Status getredir(engine::Call& call);
Status tracking(engine::Call& call);
Status trackinginfo(engine::Call& call);

// Whether a client may have this name; for SETNAME and HELLO.
Status check_name(std::string_view name);

// ON or OFF at argument `at`, else a syntax error.
Result<bool> on_or_off(engine::Call& call, size_t at);

}  // namespace millrace::admin::client
