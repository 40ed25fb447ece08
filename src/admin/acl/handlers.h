// SPDX-License-Identifier: BSD-3-Clause
//
// The subcommands of ACL, by theme.
//
// Threads: main thread.
#pragma once

#include "engine/call.h"

namespace millrace::admin::acl {

// Users and their rules: users.cc.
Status getuser(engine::Call& call);
Status setuser(engine::Call& call);
Status deluser(engine::Call& call);
Status list(engine::Call& call);
Status users(engine::Call& call);
Status whoami(engine::Call& call);

// What may be asked and made without any user: inquiries.cc.
Status cat(engine::Call& call);
Status dryrun(engine::Call& call);
Status genpass(engine::Call& call);
Status log(engine::Call& call);
Status help(engine::Call& call);

// The ACL file: persistence.cc.
Status load(engine::Call& call);
Status save(engine::Call& call);

}  // namespace millrace::admin::acl
