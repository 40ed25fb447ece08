// SPDX-License-Identifier: BSD-3-Clause
#include "admin/acl/users_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "config/rewrite.h"

namespace millrace::admin::acl {
namespace {

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

Result<engine::acl::UserTable> read_users_file(const std::string& path,
                                               const engine::acl::RuleContext& context) {
    const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "re"));
    std::string text;
    char block[4096];
    size_t bytes = 0;
    while (file != nullptr && (bytes = std::fread(block, 1, sizeof block, file.get())) > 0) {
        text.append(block, bytes);
    }
    if (file == nullptr || std::ferror(file.get()) != 0) {
        const int code = errno;
        return Error(fmt::format("Error loading ACLs, opening file '{}': {}", path,
                                 std::strerror(code)),
                     code);
    }
    return engine::acl::parse_users(text, path, context);
}

Status write_users_file(const std::string& path, const engine::acl::UserTable& users) {
    return config::replace_file(path, engine::acl::print_users(users));
}

}  // namespace millrace::admin::acl
