// SPDX-License-Identifier: BSD-3-Clause
//
// Replies as Lua values and Lua values as replies.
//
// Threads: main thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/reply_log.h"
#include "keyspace/keyspace.h"
#include "scripting/lua.h"

namespace millrace::scripting {

struct ScriptRun;

// Pushes the reply that `log` holds. True if it is an error.
bool push_reply(lua_State* lua, const engine::ReplyLog& log, keyspace::Keyspace& keyspace,
                int protocol);

// Answers the client of `run` with the value on the top of the stack; an error if it is one.
Status reply_with_top(lua_State* lua, ScriptRun& run);

// Pushes { err = text }.
void push_error_table(lua_State* lua, std::string_view text);

// Without line ends, which would end the reply.
std::string sanitised(std::string_view text);

}  // namespace millrace::scripting
