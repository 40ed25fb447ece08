// SPDX-License-Identifier: BSD-3-Clause
#include "admin/authentication.h"

#include <string>

#include "admin/setting_value.h"

namespace millrace::admin {
namespace {

constexpr std::string_view kDefaultUser = "default";
constexpr ErrorText kWrongPassword{"WRONGPASS invalid username-password pair or user is disabled."};

std::string password_of_default_user(engine::Engine& engine) {
    return setting_text(engine, "requirepass", {});
}

// Takes a time that depends on `given` only, which whoever guesses knows anyway.
bool is_same_secret(std::string_view given, std::string_view secret) {
    size_t differences = given.size() ^ secret.size();
    for (size_t at = 0; at < given.size(); ++at) {
        const char expected = at < secret.size() ? secret[at] : '\0';
        differences |= static_cast<unsigned char>(given[at] ^ expected);
    }
    return differences == 0;
}

}  // namespace

bool needs_password(engine::Engine& engine) {
    return !password_of_default_user(engine).empty();
}

Status authenticate(engine::Engine& engine, engine::Session& session, std::string_view user,
                    std::string_view password) {
    const std::string secret = password_of_default_user(engine);
    const bool right = secret.empty() || is_same_secret(password, secret);
    if (user != kDefaultUser || !right) {
        ++engine.counters().auth_failures;
        return kWrongPassword;
    }
    session.user = user;
    session.set(engine::kUnauthenticated, false);
    return done();
}

}  // namespace millrace::admin
