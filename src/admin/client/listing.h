// SPDX-License-Identifier: BSD-3-Clause
//
// What CLIENT LIST, CLIENT INFO and INFO say about one client.
//
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/call.h"
#include "engine/client_memory.h"
#include "engine/session.h"

namespace millrace::admin::client {

enum class ClientType : uint8_t { Normal, Replica, PubSub, Primary };
ClientType client_type(const engine::Session& session);

using engine::client_memory;
using engine::ClientMemory;
using engine::summarise;

// Whether it waits: blocked by a command, or paused.
bool is_waiting(const engine::Session& session);

// The letters of `flags=`, "N" when there are none.
std::string client_flags(const engine::Session& session, const engine::SessionSummary& summary);

// The letters of `capa=`.
std::string client_capabilities(const engine::Session& session);

// One line without its end. `call` is the command that asks, if one does. What users chose may be
// hidden.
void append_client_line(std::string& out, engine::Engine& engine, const engine::Session& session,
                        engine::Call* call, bool hides_user_data = false);

// The same as a text, for logs.
std::string describe_client(engine::Engine& engine, const engine::Session& session,
                            bool hides_user_data);

// The name of the session's user.
std::string_view user_name(const engine::Session& session);

// The address without its port and brackets.
std::string_view ip_of(std::string_view address);

}  // namespace millrace::admin::client
