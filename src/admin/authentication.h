// SPDX-License-Identifier: BSD-3-Clause
//
// Logging a client in: what AUTH and HELLO share.
//
// There is one user, `default`, with the password of the setting `requirepass`, or without one.
//
// Threads: main thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "engine/engine.h"

namespace millrace::admin {

// Whether clients must log in before anything else.
bool needs_password(engine::Engine& engine);

// Makes `session` the user's if the password is right; else counts a failure and says WRONGPASS.
Status authenticate(engine::Engine& engine, engine::Session& session, std::string_view user,
                    std::string_view password);

}  // namespace millrace::admin
