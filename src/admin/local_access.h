// SPDX-License-Identifier: BSD-3-Clause
//
// Whether a client may use something that `enable-debug-command` and its sisters guard.
//
// Threads: main thread.
#pragma once

#include "engine/call.h"

namespace millrace::admin {

inline bool may_use(engine::LocalAccess access, const engine::Session& session) {
    if (access == engine::LocalAccess::Yes) return true;
    const bool is_local = session.peer.unix_socket || session.peer.loopback;
    return access == engine::LocalAccess::Local && is_local;
}

}  // namespace millrace::admin
