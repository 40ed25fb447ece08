// SPDX-License-Identifier: BSD-3-Clause
//
// ACL LOAD, SAVE.

#include <fmt/format.h>

#include <utility>

#include "admin/acl/handlers.h"
#include "admin/acl/users_file.h"
#include "base/log.h"
#include "engine/acl/access_control.h"

namespace millrace::admin::acl {

using engine::Call;

namespace {

constexpr ErrorText kNoFile{
    "ERR This instance is not configured to use an ACL file. You may want to specify users via the "
    "ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a configuration file "
    "set) in order to store users in the configuration."};
constexpr ErrorText kNotSaved{
    "ERR There was an error trying to save the ACLs. Please check the server logs for more "
    "information"};

}  // namespace

Status load(Call& call) {
    const std::string& path = call.settings().aclfile;
    if (path.empty()) return kNoFile;
    engine::acl::AccessControl& access = call.engine().access();
    auto users = read_users_file(path, access.context());
    if (!users.ok()) return Error(fmt::format("ERR {}", users.error().text()));
    access.replace_all(std::move(users).value());
    call.reply().ok();
    return done();
}

Status save(Call& call) {
    const std::string& path = call.settings().aclfile;
    if (path.empty()) return kNoFile;
    const Status written = write_users_file(path, call.engine().access().users());
    if (!written.ok()) {
        log_warning("The users could not be saved to '{}': {}", path, written.error().text());
        return kNotSaved;
    }
    call.reply().ok();
    return done();
}

}  // namespace millrace::admin::acl
