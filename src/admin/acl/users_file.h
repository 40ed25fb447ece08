// SPDX-License-Identifier: BSD-3-Clause
//
// The ACL file: the users of a server that has one, a line each.
//
// Threads: main thread.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/acl/user_lines.h"

namespace millrace::admin::acl {

Result<engine::acl::UserTable> read_users_file(const std::string& path,
                                               const engine::acl::RuleContext& context);

// Replaces the file, or leaves it as it is.
Status write_users_file(const std::string& path, const engine::acl::UserTable& users);

}  // namespace millrace::admin::acl
