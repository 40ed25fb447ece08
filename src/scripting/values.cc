// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/values.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/numbers.h"
#include "engine/error_prefix.h"
#include "scripting/interpreter.h"

namespace millrace::scripting {

using engine::ReplyKind;
using engine::ReplyRecord;
using engine::ReplyWriter;

std::string sanitised(std::string_view text) {
    std::string clean(text);
    std::replace(clean.begin(), clean.end(), '\r', ' ');
    std::replace(clean.begin(), clean.end(), '\n', ' ');
    return clean;
}

void push_error_table(lua_State* lua, std::string_view text) {
    lua_createtable(lua, 0, 1);
    lua_pushliteral(lua, "err");
    push_view(lua, text);
    lua_rawset(lua, -3);
}

namespace {

// --- replies to Lua ---

// Bytes of our own encoder, which are well formed.
struct Reader {
    lua_State* lua;
    std::string_view bytes;
    int protocol;

    std::string_view line() {
        const size_t end = bytes.find("\r\n");
        const std::string_view text = bytes.substr(1, end - 1);
        bytes.remove_prefix(end + 2);
        return text;
    }
    std::string_view block(std::string_view size) {
        const auto length = static_cast<size_t>(parse_integer(size).value_or(0));
        const std::string_view text = bytes.substr(0, length);
        bytes.remove_prefix(length + 2);
        return text;
    }
};

// Compat: in RESP2 what is not there is false, since a list would end at nil.
void push_nothing(lua_State* lua, int protocol) {
    if (protocol == 2) {
        lua_pushboolean(lua, 0);
    } else {
        lua_pushnil(lua);
    }
}

// A table with one field that says what the value is.
void push_wrapped(lua_State* lua, const char* kind, std::string_view text) {
    lua_createtable(lua, 0, 1);
    lua_pushstring(lua, kind);
    push_view(lua, text);
    lua_rawset(lua, -3);
}

void push_verbatim(lua_State* lua, std::string_view text) {
    lua_createtable(lua, 0, 1);
    lua_pushliteral(lua, "verbatim_string");
    lua_createtable(lua, 0, 2);
    lua_pushliteral(lua, "format");
    push_view(lua, text.substr(0, 3));
    lua_rawset(lua, -3);
    lua_pushliteral(lua, "string");
    push_view(lua, text.substr(std::min<size_t>(4, text.size())));
    lua_rawset(lua, -3);
    lua_rawset(lua, -3);
}

void push_any(Reader& reader);

void push_array(Reader& reader, int64_t count) {
    lua_createtable(reader.lua, static_cast<int>(std::min<int64_t>(count, 1 << 20)), 0);
    for (int64_t at = 1; at <= count; ++at) {
        push_any(reader);
        lua_rawseti(reader.lua, -2, static_cast<int>(at));
    }
}

void push_pairs(Reader& reader, int64_t count, bool is_map) {
    lua_createtable(reader.lua, 0, 1);
    lua_pushstring(reader.lua, is_map ? "map" : "set");
    lua_newtable(reader.lua);
    for (int64_t at = 0; at < count; ++at) {
        push_any(reader);
        if (is_map) {
            push_any(reader);
        } else {
            lua_pushboolean(reader.lua, 1);
        }
        lua_rawset(reader.lua, -3);
    }
    lua_rawset(reader.lua, -3);
}

void push_number_text(lua_State* lua, std::string_view text) {
    double value = parse_double(text).value_or(std::nan(""));
    lua_createtable(lua, 0, 1);
    lua_pushliteral(lua, "double");
    lua_pushnumber(lua, value);
    lua_rawset(lua, -3);
}

// As deep as a command of ours nests its replies.
void push_any(Reader& reader) {
    lua_State* lua = reader.lua;
    luaL_checkstack(lua, 8, "reply");
    const char type = reader.bytes[0];
    const std::string_view line = reader.line();
    switch (type) {
        case ':':
            return lua_pushnumber(lua, static_cast<double>(parse_integer(line).value_or(0)));
        case '$':
            if (line == "-1") return push_nothing(lua, reader.protocol);
            return push_view(lua, reader.block(line));
        case '+':
            return push_wrapped(lua, "ok", line);
        case '-':
            return push_error_table(lua, line);
        case '*':
        case '>': {
            const int64_t count = parse_integer(line).value_or(0);
            if (count < 0) return push_nothing(lua, reader.protocol);
            return push_array(reader, count);
        }
        case '%':
            return push_pairs(reader, parse_integer(line).value_or(0), true);
        case '~':
            return push_pairs(reader, parse_integer(line).value_or(0), false);
        case '_':
            return push_nothing(lua, reader.protocol);
        case '#':
            return lua_pushboolean(lua, line == "t");
        case ',':
            return push_number_text(lua, line);
        case '(':
            return push_wrapped(lua, "big_number", line);
        case '=':
            return push_verbatim(lua, reader.block(line));
        case '|': {  // What is said about a reply is left out.
            const int64_t pairs = parse_integer(line).value_or(0);
            for (int64_t at = 0; at < pairs * 2; ++at) {
                push_any(reader);
                lua_pop(lua, 1);
            }
            return push_any(reader);
        }
        default:
            return lua_pushnil(lua);
    }
}

void push_entry(lua_State* lua, const keyspace::Entry& entry) {
    if (entry.is_integer()) {
        char digits[kIntegerCharsMax];
        lua_pushlstring(lua, digits, format_integer(digits, entry.integer()));
    } else {
        push_view(lua, entry.string());
    }
}

void append_record(std::string& out, const engine::ReplyLog& log, const ReplyRecord& record) {
    switch (record.kind) {
        case ReplyKind::Text:
            out += record.text();
            return;
        case ReplyKind::Integer:
            out += ':';
            out += std::to_string(static_cast<int64_t>(record.payload));
            out += "\r\n";
            return;
        case ReplyKind::Bytes:
            out += log.stretch(record);
            return;
        case ReplyKind::Entry:
        case ReplyKind::Pinned: {
            const keyspace::Entry& entry = record.entry();
            const std::string text =
                entry.is_integer() ? std::to_string(entry.integer()) : std::string(entry.string());
            out += '$';
            out += std::to_string(text.size());
            out += "\r\n";
            out += text;
            out += "\r\n";
            return;
        }
        case ReplyKind::Order:
            return;
    }
}

}  // namespace

bool push_reply(lua_State* lua, const engine::ReplyLog& log, keyspace::Keyspace& keyspace,
                int protocol) {
    const auto& records = log.records();
    const bool is_entry = records.size() == 1 && (records[0].kind == ReplyKind::Entry ||
                                                  records[0].kind == ReplyKind::Pinned);
    bool is_error = false;
    if (is_entry) {
        push_entry(lua, records[0].entry());
    } else if (records.size() == 1 && records[0].kind == ReplyKind::Integer) {
        lua_pushnumber(lua, static_cast<double>(static_cast<int64_t>(records[0].payload)));
    } else {
        std::string bytes;
        for (const ReplyRecord& each : records) append_record(bytes, log, each);
        is_error = bytes.starts_with('-');
        if (bytes.empty()) {
            push_nothing(lua, protocol);
        } else {
            Reader reader{lua, bytes, protocol};
            push_any(reader);
        }
    }
    for (const ReplyRecord& each : records) {
        if (each.kind == ReplyKind::Pinned)
            keyspace.unpin(const_cast<keyspace::Entry*>(&each.entry()));
    }
    return is_error;
}

// --- Lua to replies ---

namespace {

constexpr int kReplyDepthMax = 1900;

struct Answer {
    lua_State* lua;
    ScriptRun& run;
    ReplyWriter& out;
};

// Pushes the raw field of the table on the top; true if it is of this type, else nothing is pushed.
bool push_field(lua_State* lua, const char* name, int type) {
    lua_pushstring(lua, name);
    lua_rawget(lua, -2);
    if (lua_type(lua, -1) == type) return true;
    lua_pop(lua, 1);
    return false;
}

void write_top(Answer& answer, int depth);

size_t count_pairs(lua_State* lua) {
    size_t count = 0;
    lua_pushnil(lua);
    while (lua_next(lua, -2) != 0) {
        ++count;
        lua_pop(lua, 1);
    }
    return count;
}

void write_map(Answer& answer, int depth) {
    lua_State* lua = answer.lua;
    answer.out.map(count_pairs(lua));
    lua_pushnil(lua);
    while (lua_next(lua, -2) != 0) {
        lua_pushvalue(lua, -2);
        write_top(answer, depth + 1);
        write_top(answer, depth + 1);
    }
    lua_pop(lua, 1);
}

void write_set(Answer& answer, int depth) {
    lua_State* lua = answer.lua;
    answer.out.set(count_pairs(lua));
    lua_pushnil(lua);
    while (lua_next(lua, -2) != 0) {
        lua_pop(lua, 1);
        lua_pushvalue(lua, -1);
        write_top(answer, depth + 1);
    }
    lua_pop(lua, 1);
}

constexpr size_t kVerbatimFormatBytes = 3;

bool write_verbatim(Answer& answer) {
    lua_State* lua = answer.lua;
    if (!push_field(lua, "format", LUA_TSTRING)) return false;
    // Compat: cut off, or filled up with spaces.
    std::string format(to_view(lua, -1));
    format.resize(kVerbatimFormatBytes, ' ');
    lua_pop(lua, 1);
    if (!push_field(lua, "string", LUA_TSTRING)) return false;
    answer.out.verbatim(format, to_view(lua, -1));
    lua_pop(lua, 1);
    return true;
}

// Tables whose one field says what they are; true if it was one.
bool write_typed_table(Answer& answer, int depth) {
    lua_State* lua = answer.lua;
    if (push_field(lua, "err", LUA_TSTRING)) {
        const std::string text = sanitised(to_view(lua, -1));
        answer.out.error(text);
        engine::count_script_error(answer.run.call.engine(), text);
    } else if (push_field(lua, "ok", LUA_TSTRING)) {
        answer.out.simple(sanitised(to_view(lua, -1)));
    } else if (push_field(lua, "double", LUA_TNUMBER)) {
        answer.out.double_number(lua_tonumber(lua, -1));
    } else if (push_field(lua, "map", LUA_TTABLE)) {
        write_map(answer, depth);
        return true;
    } else if (push_field(lua, "set", LUA_TTABLE)) {
        write_set(answer, depth);
        return true;
    } else if (push_field(lua, "big_number", LUA_TSTRING)) {
        answer.out.big_number(sanitised(to_view(lua, -1)));
    } else if (push_field(lua, "verbatim_string", LUA_TTABLE)) {
        const bool written = write_verbatim(answer);
        lua_pop(lua, 1);
        return written;
    } else {
        return false;
    }
    lua_pop(lua, 1);
    return true;
}

void write_array(Answer& answer, int depth) {
    lua_State* lua = answer.lua;
    size_t count = 0;
    for (;; ++count) {
        lua_rawgeti(lua, -1, static_cast<int>(count) + 1);
        const bool ends = lua_isnil(lua, -1);
        lua_pop(lua, 1);
        if (ends) break;
    }
    answer.out.array(count);
    for (size_t at = 1; at <= count; ++at) {
        lua_rawgeti(lua, -1, static_cast<int>(at));
        write_top(answer, depth + 1);
    }
}

// Compat: fractions are cut off; scripts return them as text.
int64_t whole_part(double number) {
    constexpr double kTwoTo63 = 9223372036854775808.0;
    if (number >= -kTwoTo63 && number < kTwoTo63) return static_cast<int64_t>(number);
    return INT64_MIN;
}

// Writes the value on the top and takes it away. At most kReplyDepthMax deep.
void write_top(Answer& answer, int depth) {
    lua_State* lua = answer.lua;
    if (depth > kReplyDepthMax || lua_checkstack(lua, 6) == 0) {
        answer.run.call.engine().reply_error(answer.out, "ERR reached lua stack limit");
        lua_pop(lua, 1);
        return;
    }
    switch (lua_type(lua, -1)) {
        case LUA_TSTRING:
            answer.out.bulk(to_view(lua, -1));
            break;
        case LUA_TNUMBER:
            answer.out.integer(whole_part(lua_tonumber(lua, -1)));
            break;
        case LUA_TBOOLEAN: {
            const bool value = lua_toboolean(lua, -1) != 0;
            // The script decided which form it means.
            if (answer.run.session.protocol == 3) {
                answer.out.boolean(value);
            } else if (value) {
                answer.out.integer(1);
            } else {
                answer.out.null();
            }
            break;
        }
        case LUA_TTABLE:
            if (!write_typed_table(answer, depth)) write_array(answer, depth);
            break;
        default:
            answer.out.null();
    }
    lua_pop(lua, 1);
}

}  // namespace

Status reply_with_top(lua_State* lua, ScriptRun& run) {
    // An error is the result of the command, not a part of its reply.
    if (lua_istable(lua, -1) && push_field(lua, "err", LUA_TSTRING)) {
        Error error(sanitised(to_view(lua, -1)));
        lua_pop(lua, 1);
        bool counted = false;
        if (push_field(lua, "ignore_error_stats_update", LUA_TBOOLEAN)) {
            counted = lua_toboolean(lua, -1) != 0;
            lua_pop(lua, 1);
        }
        if (!counted) engine::count_script_error(run.call.engine(), error.text());
        run.call.error_was_counted();
        return error;
    }
    Answer answer{lua, run, run.call.reply()};
    write_top(answer, 0);
    return done();
}

}  // namespace millrace::scripting
