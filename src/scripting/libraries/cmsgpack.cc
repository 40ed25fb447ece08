// SPDX-License-Identifier: BSD-3-Clause
//
// cmsgpack: Lua values as MessagePack and back.

#include <bit>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

#include "scripting/libraries/libraries.h"

namespace millrace::scripting::libraries {
namespace {

// Deeper tables become nil, which also ends circles.
constexpr int kDepthMax = 16;

// --- packing ---

void put_big_endian(std::string& out, uint64_t value, int bytes) {
    for (int at = bytes - 1; at >= 0; --at) out += static_cast<char>(value >> (at * 8));
}

void put(std::string& out, unsigned char type, uint64_t value, int bytes) {
    out += static_cast<char>(type);
    put_big_endian(out, value, bytes);
}

void pack_integer(std::string& out, int64_t value) {
    if (value >= 0) {
        const auto number = static_cast<uint64_t>(value);
        if (number <= 127) return put(out, static_cast<unsigned char>(number), 0, 0);
        if (number <= UINT8_MAX) return put(out, 0xcc, number, 1);
        if (number <= UINT16_MAX) return put(out, 0xcd, number, 2);
        if (number <= UINT32_MAX) return put(out, 0xce, number, 4);
        return put(out, 0xcf, number, 8);
    }
    const auto bits = static_cast<uint64_t>(value);
    if (value >= -32) return put(out, static_cast<unsigned char>(bits), 0, 0);
    if (value >= INT8_MIN) return put(out, 0xd0, bits, 1);
    if (value >= INT16_MIN) return put(out, 0xd1, bits, 2);
    if (value >= INT32_MIN) return put(out, 0xd2, bits, 4);
    put(out, 0xd3, bits, 8);
}

void pack_number(std::string& out, double number) {
    constexpr double kTwoTo63 = 9223372036854775808.0;
    const bool whole = number >= -kTwoTo63 && number < kTwoTo63 && std::floor(number) == number;
    if (whole) return pack_integer(out, static_cast<int64_t>(number));
    const auto narrow = static_cast<float>(number);
    if (static_cast<double>(narrow) == number) {
        return put(out, 0xca, std::bit_cast<uint32_t>(narrow), 4);
    }
    put(out, 0xcb, std::bit_cast<uint64_t>(number), 8);
}

void pack_text(std::string& out, std::string_view text) {
    const size_t size = text.size();
    if (size < 32) {
        put(out, static_cast<unsigned char>(0xa0 | size), 0, 0);
    } else if (size <= UINT8_MAX) {
        put(out, 0xd9, size, 1);
    } else if (size <= UINT16_MAX) {
        put(out, 0xda, size, 2);
    } else {
        put(out, 0xdb, size, 4);
    }
    out += text;
}

void pack_count(std::string& out, size_t count, unsigned char small, unsigned char large) {
    if (count <= 15) return put(out, static_cast<unsigned char>(small | count), 0, 0);
    if (count <= UINT16_MAX) return put(out, large, count, 2);
    put(out, large + 1, count, 4);
}

void pack_top(lua_State* lua, std::string& out, int depth);

// Whether the table on the top has the keys 1 to n and no others; n then.
bool is_array(lua_State* lua, size_t& count) {
    count = 0;
    double highest = 0;
    lua_pushnil(lua);
    while (lua_next(lua, -2) != 0) {
        lua_pop(lua, 1);
        if (lua_type(lua, -1) != LUA_TNUMBER) {
            lua_pop(lua, 1);
            return false;
        }
        const double key = lua_tonumber(lua, -1);
        if (key < 1 || std::floor(key) != key || key > INT_MAX) {
            lua_pop(lua, 1);
            return false;
        }
        highest = std::max(highest, key);
        ++count;
    }
    return highest == static_cast<double>(count);
}

void pack_table(lua_State* lua, std::string& out, int depth) {
    size_t count = 0;
    if (is_array(lua, count)) {
        pack_count(out, count, 0x90, 0xdc);
        for (size_t at = 1; at <= count; ++at) {
            lua_rawgeti(lua, -1, static_cast<int>(at));
            pack_top(lua, out, depth + 1);
        }
        return;
    }
    size_t pairs = 0;
    lua_pushnil(lua);
    while (lua_next(lua, -2) != 0) {
        lua_pop(lua, 1);
        ++pairs;
    }
    pack_count(out, pairs, 0x80, 0xde);
    lua_pushnil(lua);
    while (lua_next(lua, -2) != 0) {
        lua_pushvalue(lua, -2);
        pack_top(lua, out, depth + 1);
        pack_top(lua, out, depth + 1);
    }
}

// Packs what is on the top of the stack and takes it away. At most kDepthMax deep.
void pack_top(lua_State* lua, std::string& out, int depth) {
    luaL_checkstack(lua, 6, "in function cmsgpack.pack");
    switch (lua_type(lua, -1)) {
        case LUA_TSTRING:
            pack_text(out, to_view(lua, -1));
            break;
        case LUA_TBOOLEAN:
            out += lua_toboolean(lua, -1) != 0 ? '\xc3' : '\xc2';
            break;
        case LUA_TNUMBER:
            pack_number(out, lua_tonumber(lua, -1));
            break;
        case LUA_TTABLE:
            if (depth < kDepthMax) {
                pack_table(lua, out, depth);
                break;
            }
            [[fallthrough]];
        default:
            out += '\xc0';
    }
    lua_pop(lua, 1);
}

int pack(lua_State* lua) {
    const int count = lua_gettop(lua);
    if (count == 0) return luaL_argerror(lua, 0, "MessagePack pack needs input.");
    std::string out;
    for (int at = 1; at <= count; ++at) {
        lua_pushvalue(lua, at);
        pack_top(lua, out, 0);
    }
    push_view(lua, out);
    return 1;
}

// --- unpacking ---

enum class Fault : uint8_t { None, Missing, Bad };

struct Reader {
    std::string_view data;
    size_t at = 0;
    Fault fault = Fault::None;

    bool has(uint64_t bytes) {
        if (bytes <= data.size() - at) return true;
        fault = Fault::Missing;
        return false;
    }
    uint64_t big_endian(size_t bytes) {
        uint64_t value = 0;
        for (size_t i = 0; i < bytes; ++i)
            value = value << 8 | static_cast<unsigned char>(data[at + i]);
        at += bytes;
        return value;
    }
};

constexpr int kUnpackDepthMax = 1000;

void unpack_value(lua_State* lua, Reader& reader, int depth);

void unpack_bytes(lua_State* lua, Reader& reader, uint64_t size) {
    if (!reader.has(size)) return;
    push_view(lua, reader.data.substr(reader.at, size));
    reader.at += size;
}

void unpack_array(lua_State* lua, Reader& reader, uint64_t count, int depth) {
    lua_newtable(lua);
    for (uint64_t at = 1; at <= count; ++at) {
        unpack_value(lua, reader, depth + 1);
        if (reader.fault != Fault::None) return;
        lua_rawseti(lua, -2, static_cast<int>(at));
    }
}

void unpack_map(lua_State* lua, Reader& reader, uint64_t pairs, int depth) {
    lua_newtable(lua);
    for (uint64_t at = 0; at < pairs; ++at) {
        unpack_value(lua, reader, depth + 1);
        if (reader.fault != Fault::None) return;
        unpack_value(lua, reader, depth + 1);
        if (reader.fault != Fault::None) return;
        const bool storable = !lua_isnil(lua, -2) && lua_tonumber(lua, -2) == lua_tonumber(lua, -2);
        if (storable) {
            lua_rawset(lua, -3);
        } else {
            lua_pop(lua, 2);
        }
    }
}

int64_t sign_extended(uint64_t bits, size_t bytes) {
    const auto shift = static_cast<unsigned>(64 - bytes * 8);
    return static_cast<int64_t>(bits << shift) >> shift;
}

// Values whose type byte is followed by a size or a number of 1, 2, 4 or 8 bytes.
void unpack_long(lua_State* lua, Reader& reader, unsigned char type, int depth) {
    const auto bytes_of = [&](unsigned first) { return size_t{1} << (type - first); };
    const auto number = [&](size_t bytes) {
        return reader.has(bytes) ? reader.big_endian(bytes) : uint64_t{0};
    };
    const bool was_good = reader.fault == Fault::None;
    if (type >= 0xcc && type <= 0xcf) {
        const uint64_t value = number(bytes_of(0xcc));
        if (was_good && reader.fault == Fault::None)
            lua_pushnumber(lua, static_cast<double>(value));
    } else if (type >= 0xd0 && type <= 0xd3) {
        const uint64_t value = number(bytes_of(0xd0));
        if (reader.fault == Fault::None)
            lua_pushnumber(lua, static_cast<double>(sign_extended(value, bytes_of(0xd0))));
    } else if (type == 0xca) {
        const auto bits = static_cast<uint32_t>(number(4));
        if (reader.fault == Fault::None) lua_pushnumber(lua, std::bit_cast<float>(bits));
    } else if (type == 0xcb) {
        const uint64_t bits = number(8);
        if (reader.fault == Fault::None) lua_pushnumber(lua, std::bit_cast<double>(bits));
    } else if (type >= 0xd9 && type <= 0xdb) {
        const uint64_t size = number(bytes_of(0xd9));
        if (reader.fault == Fault::None) unpack_bytes(lua, reader, size);
    } else if (type == 0xdc || type == 0xdd) {
        const uint64_t count = number(type == 0xdc ? 2 : 4);
        if (reader.fault == Fault::None) unpack_array(lua, reader, count, depth);
    } else if (type == 0xde || type == 0xdf) {
        const uint64_t pairs = number(type == 0xde ? 2 : 4);
        if (reader.fault == Fault::None) unpack_map(lua, reader, pairs, depth);
    } else {
        reader.fault = Fault::Bad;
    }
}

// Pushes one value, or notes a fault.
void unpack_value(lua_State* lua, Reader& reader, int depth) {
    luaL_checkstack(lua, 4, "too deep for cmsgpack.unpack");
    if (depth > kUnpackDepthMax) {
        reader.fault = Fault::Bad;
        return;
    }
    if (!reader.has(1)) return;
    const auto type = static_cast<unsigned char>(reader.data[reader.at++]);
    if (type <= 0x7f) {
        lua_pushnumber(lua, type);
    } else if (type >= 0xe0) {
        lua_pushnumber(lua, static_cast<signed char>(type));
    } else if (type <= 0x8f) {
        unpack_map(lua, reader, type & 0x0f, depth);
    } else if (type <= 0x9f) {
        unpack_array(lua, reader, type & 0x0f, depth);
    } else if (type <= 0xbf) {
        unpack_bytes(lua, reader, type & 0x1f);
    } else if (type == 0xc0) {
        lua_pushnil(lua);
    } else if (type == 0xc2 || type == 0xc3) {
        lua_pushboolean(lua, type == 0xc3);
    } else {
        unpack_long(lua, reader, type, depth);
    }
}

// `limit` values from `offset` on; 0: all. With a limit the next offset comes first, -1 at the end.
int unpack_some(lua_State* lua, int limit, int offset) {
    size_t size = 0;
    const char* bytes = luaL_checklstring(lua, 1, &size);
    if (limit < 0 || offset < 0) {
        // Compat: what is called the limit is the size of the data.
        return luaL_error(lua, "Invalid request to unpack with offset of %d and limit of %d.",
                          offset, static_cast<int>(size));
    }
    if (static_cast<size_t>(offset) > size) {
        return luaL_error(lua, "Start offset %d greater than input length %d.", offset,
                          static_cast<int>(size));
    }
    const bool all = limit == 0;
    Reader reader{.data = {bytes, size}, .at = static_cast<size_t>(offset)};
    if (!all) lua_pushnil(lua);  // The place of the next offset.
    const int base = lua_gettop(lua);
    int count = 0;
    while (reader.at < size && (all || count < limit)) {
        unpack_value(lua, reader, 0);
        if (reader.fault == Fault::Missing) return luaL_error(lua, "Missing bytes in input.");
        if (reader.fault == Fault::Bad) return luaL_error(lua, "Bad data format in input.");
        ++count;
    }
    if (all) return count;
    lua_pushinteger(lua, reader.at == size ? -1 : static_cast<lua_Integer>(reader.at));
    lua_replace(lua, base);
    return count + 1;
}

int unpack(lua_State* lua) {
    return unpack_some(lua, 0, 0);
}

int unpack_one(lua_State* lua) {
    return unpack_some(lua, 1, luaL_optint(lua, 2, 0));
}

int unpack_limit(lua_State* lua) {
    return unpack_some(lua, luaL_checkint(lua, 2), luaL_optint(lua, 3, 0));
}

constexpr luaL_Reg kCmsgpackFunctions[] = {
    {"pack", pack},
    {"unpack", unpack},
    {"unpack_one", unpack_one},
    {"unpack_limit", unpack_limit},
    {nullptr, nullptr},
};

}  // namespace

void push_cmsgpack(lua_State* lua) {
    lua_newtable(lua);
    luaL_register(lua, nullptr, kCmsgpackFunctions);
    // Compat: scripts look for these.
    lua_pushliteral(lua, "cmsgpack");
    lua_setfield(lua, -2, "_NAME");
    lua_pushliteral(lua, "lua-cmsgpack 0.4.0");
    lua_setfield(lua, -2, "_VERSION");
    lua_pushliteral(lua, "MessagePack for Lua");
    lua_setfield(lua, -2, "_DESCRIPTION");
}

}  // namespace millrace::scripting::libraries
