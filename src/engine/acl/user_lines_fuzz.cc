// SPDX-License-Identifier: BSD-3-Clause
//
// ACL rules: whatever is accepted is printed so that it is accepted again and means the same.
// The input is an ACL file, and its lines are also rules of one user.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "engine/acl/user_lines.h"

using namespace millrace;
using namespace millrace::engine;
using namespace millrace::engine::acl;

namespace {

constexpr CommandSpec kSubcommands[] = {
    {.name = "GET", .group = Group::Server, .arity = -3, .flags = kAdmin},
    {.name = "SET", .group = Group::Server, .arity = -4, .flags = kAdmin},
};
constexpr CommandSpec kSpecs[] = {
    {.name = "GET", .group = Group::String, .arity = 2, .flags = kReadOnly | kFast},
    {.name = "SET", .group = Group::String, .arity = -3, .flags = kWrite},
    {.name = "SELECT", .group = Group::Connection, .arity = 2, .flags = kFast},
    {.name = "CONFIG", .group = Group::Server, .arity = -2, .subcommands = kSubcommands},
};
const CommandTable kTable{kSpecs};

void check_round_trip(const UserTable& users, const RuleContext& context) {
    const std::string text = print_users(users);
    auto again = parse_users(text, "f", context);
    CHECK(again.ok());
    CHECK(again.value().size() == users.size());
    for (const auto& [name, user] : users) {
        CHECK(*again.value().at(name) == *user);
        CHECK(again.value().at(name)->print() == user->print());
    }
}

UserTable apply_lines(std::string_view text, const RuleContext& context) {
    User user("u", context);
    while (!text.empty()) {
        const size_t end = text.find('\n');
        (void)user.apply(text.substr(0, end), context).ok();
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    UserTable users;
    users.emplace("u", std::make_shared<User>(std::move(user)));
    return users;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const CommandRegistry commands(std::vector<const CommandTable*>{&kTable});
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const RuleContext context{commands, (size & 1) != 0};
    check_round_trip(apply_lines(text, context), context);
    auto users = parse_users(text, "f", context);
    if (users.ok()) check_round_trip(*users, context);
    return 0;
}
