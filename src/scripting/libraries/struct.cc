// SPDX-License-Identifier: BSD-3-Clause
//
// struct: values to bytes and back, as a format says.
//
//     < > =   little, big or this machine's byte order        b B h H l L T   integers of C's sizes
//     !n      align to at most n bytes (8 without n)           i I n           of n bytes (4
//     without) x       a byte of nothing                                f d             floating
//     point s       text up to a zero byte                           cn              n bytes; c0:
//     see below
//
// c0 packs a whole string, and unpacks as many bytes as the integer before it says.

#include <bit>
#include <cctype>
#include <climits>
#include <cstdint>
#include <cstring>
#include <string>

#include "scripting/libraries/libraries.h"

namespace millrace::scripting::libraries {
namespace {

constexpr int kIntegerBytesMax = 32;

// A format on its way.
struct Format {
    const char* at;
    bool little = std::endian::native == std::endian::little;
    int align_max = 1;
};

// The number written in the format, or `missing`. Compat: what is too large for C's int is refused.
int number_in(lua_State* lua, Format& format, int missing) {
    if (std::isdigit(static_cast<unsigned char>(*format.at)) == 0) return missing;
    int64_t number = 0;
    while (std::isdigit(static_cast<unsigned char>(*format.at)) != 0) {
        number = number * 10 + (*format.at++ - '0');
        if (number > INT_MAX) luaL_error(lua, "integral size overflow");
    }
    return static_cast<int>(number);
}

// How many bytes the option takes; what has no fixed size takes 0.
size_t size_of(lua_State* lua, char option, Format& format) {
    switch (option) {
        case 'b':
        case 'B':
        case 'x':
            return 1;
        case 'h':
        case 'H':
            return sizeof(short);
        case 'l':
        case 'L':
            return sizeof(long);
        case 'T':
            return sizeof(size_t);
        case 'f':
            return sizeof(float);
        case 'd':
            return sizeof(double);
        case 'c':
            return static_cast<size_t>(number_in(lua, format, 1));
        case 'i':
        case 'I': {
            const int size = number_in(lua, format, static_cast<int>(sizeof(int)));
            if (size > kIntegerBytesMax) {
                luaL_error(lua, "integral size %d is larger than limit of %d", size,
                           kIntegerBytesMax);
            }
            return static_cast<size_t>(size);
        }
        default:
            return 0;
    }
}

// How many bytes of nothing come before an option of this size.
size_t padding(size_t size, const Format& format, char option, size_t offset) {
    if (size == 0 || option == 'c') return 0;
    const size_t align = std::min(size, static_cast<size_t>(format.align_max));
    if (align <= 1) return 0;
    return (align - (offset & (align - 1))) & (align - 1);
}

void control(lua_State* lua, char option, Format& format) {
    switch (option) {
        case ' ':
            return;
        case '>':
            format.little = false;
            return;
        case '<':
            format.little = true;
            return;
        case '=':
            format.little = std::endian::native == std::endian::little;
            return;
        case '!': {
            const int align = number_in(lua, format, 8);
            if (align == 0 || (align & (align - 1)) != 0) {
                luaL_error(lua, "alignment %d is not a power of 2", align);
            }
            format.align_max = align;
            return;
        }
        default: {
            const char* text = lua_pushfstring(lua, "invalid format option '%c'", option);
            luaL_argerror(lua, 1, text);
        }
    }
}

void put_integer(std::string& out, uint64_t value, bool negative, size_t size, bool little) {
    char bytes[kIntegerBytesMax];
    for (size_t at = 0; at < size; ++at) {
        const char byte =
            at < 8 ? static_cast<char>(value >> (at * 8)) : (negative ? '\xff' : '\0');
        bytes[little ? at : size - 1 - at] = byte;
    }
    out.append(bytes, size);
}

template <typename Float>
void put_float(std::string& out, Float value, bool little) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    const bool swap = little != (std::endian::native == std::endian::little);
    for (size_t at = 0; at < sizeof value; ++at) out += bytes[swap ? sizeof value - 1 - at : at];
}

uint64_t integer_argument(lua_State* lua, int index, bool& negative) {
    const lua_Number number = luaL_checknumber(lua, index);
    negative = number < 0;
    constexpr double kTwoTo63 = 9223372036854775808.0;
    if (number >= kTwoTo63) return number < kTwoTo63 * 2 ? static_cast<uint64_t>(number) : 0;
    if (number < -kTwoTo63 || number != number) return uint64_t{1} << 63;
    return static_cast<uint64_t>(static_cast<int64_t>(number));
}

void pack_text(lua_State* lua, std::string& out, char option, size_t size, int index) {
    size_t length = 0;
    const char* text = luaL_checklstring(lua, index, &length);
    if (option == 'c') {
        if (size == 0) size = length;
        // Compat: the index is one too high.
        luaL_argcheck(lua, length >= size, index + 1, "string too short");
        out.append(text, size);
        return;
    }
    out.append(text, length);
    out += '\0';
}

int pack(lua_State* lua) {
    Format format{.at = luaL_checkstring(lua, 1)};
    std::string out;
    int argument = 2;
    lua_pushnil(lua);  // Compat: the first value that is missing counts as nil.
    while (*format.at != '\0') {
        const char option = *format.at++;
        const size_t size = size_of(lua, option, format);
        out.append(padding(size, format, option, out.size()), '\0');
        bool negative = false;
        switch (option) {
            case 'b':
            case 'B':
            case 'h':
            case 'H':
            case 'l':
            case 'L':
            case 'T':
            case 'i':
            case 'I': {
                const uint64_t value = integer_argument(lua, argument++, negative);
                put_integer(out, value, negative, size, format.little);
                break;
            }
            case 'x':
                out += '\0';
                break;
            case 'f':
                put_float(out, static_cast<float>(luaL_checknumber(lua, argument++)),
                          format.little);
                break;
            case 'd':
                put_float(out, luaL_checknumber(lua, argument++), format.little);
                break;
            case 'c':
            case 's':
                pack_text(lua, out, option, size, argument++);
                break;
            default:
                control(lua, option, format);
        }
    }
    push_view(lua, out);
    return 1;
}

double get_integer(const char* data, size_t size, bool little, bool is_signed) {
    uint64_t value = 0;
    const size_t low = std::min<size_t>(size, 8);
    for (size_t at = 0; at < low; ++at) {
        const char byte = data[little ? at : size - 1 - at];
        value |= uint64_t{static_cast<unsigned char>(byte)} << (at * 8);
    }
    if (!is_signed) return static_cast<double>(value);
    if (low > 0 && low < 8) {
        const unsigned shift = static_cast<unsigned>(64 - low * 8);
        return static_cast<double>(static_cast<int64_t>(value << shift) >> shift);
    }
    return static_cast<double>(static_cast<int64_t>(value));
}

template <typename Float>
Float get_float(const char* data, bool little) {
    char bytes[sizeof(Float)];
    const bool swap = little != (std::endian::native == std::endian::little);
    for (size_t at = 0; at < sizeof bytes; ++at)
        bytes[at] = data[swap ? sizeof bytes - 1 - at : at];
    Float value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

// One value of `data` at `offset`; where the next one begins.
size_t unpack_one(lua_State* lua, std::string_view data, size_t offset, char option, size_t size,
                  const Format& format, int& values) {
    const char* at = data.data() + offset;
    switch (option) {
        case 'b':
        case 'B':
        case 'h':
        case 'H':
        case 'l':
        case 'L':
        case 'T':
        case 'i':
        case 'I': {
            const bool is_signed = std::islower(static_cast<unsigned char>(option)) != 0;
            lua_pushnumber(lua, get_integer(at, size, format.little, is_signed));
            ++values;
            return offset + size;
        }
        case 'f':
            lua_pushnumber(lua, get_float<float>(at, format.little));
            ++values;
            return offset + size;
        case 'd':
            lua_pushnumber(lua, get_float<double>(at, format.little));
            ++values;
            return offset + size;
        case 'c': {
            if (size == 0) {
                if (values == 0 || lua_isnumber(lua, -1) == 0) {
                    luaL_error(lua, "format 'c0' needs a previous size");
                }
                const lua_Number wanted = lua_tonumber(lua, -1);
                lua_pop(lua, 1);
                --values;
                luaL_argcheck(lua, wanted >= 0 && wanted <= double(data.size() - offset), 2,
                              "data string too short");
                size = static_cast<size_t>(wanted);
            }
            lua_pushlstring(lua, at, size);
            ++values;
            return offset + size;
        }
        case 's': {
            const void* end = std::memchr(at, '\0', data.size() - offset);
            if (end == nullptr) luaL_error(lua, "unfinished string in data");
            const auto length = static_cast<size_t>(static_cast<const char*>(end) - at);
            lua_pushlstring(lua, at, length);
            ++values;
            return offset + length + 1;
        }
        default:
            return offset + size;
    }
}

int unpack(lua_State* lua) {
    Format format{.at = luaL_checkstring(lua, 1)};
    size_t length = 0;
    const char* bytes = luaL_checklstring(lua, 2, &length);
    const std::string_view data(bytes, length);
    const lua_Integer start = luaL_optinteger(lua, 3, 1);
    luaL_argcheck(lua, start > 0, 3, "offset must be 1 or greater");
    size_t offset = static_cast<size_t>(start) - 1;
    int values = 0;
    while (*format.at != '\0') {
        const char option = *format.at++;
        const size_t size = size_of(lua, option, format);
        if (std::strchr("bBhHlLTiIfdcsx", option) == nullptr) {
            control(lua, option, format);
            continue;
        }
        offset += padding(size, format, option, offset);
        luaL_argcheck(lua, offset <= length && size <= length - offset, 2, "data string too short");
        luaL_checkstack(lua, 2, "too many results");
        offset = unpack_one(lua, data, offset, option, size, format, values);
    }
    lua_pushinteger(lua, static_cast<lua_Integer>(offset) + 1);
    return values + 1;
}

int size(lua_State* lua) {
    Format format{.at = luaL_checkstring(lua, 1)};
    size_t total = 0;
    while (*format.at != '\0') {
        const char option = *format.at++;
        const size_t bytes = size_of(lua, option, format);
        total += padding(bytes, format, option, total);
        if (option == 's') luaL_argerror(lua, 1, "option 's' has no fixed size");
        if (option == 'c' && bytes == 0) luaL_argerror(lua, 1, "option 'c0' has no fixed size");
        // Compat: what is no option takes no room here.
        if (std::strchr("<>=! ", option) != nullptr) control(lua, option, format);
        total += bytes;
        if (total > INT_MAX) luaL_error(lua, "structure too large");
    }
    lua_pushinteger(lua, static_cast<lua_Integer>(total));
    return 1;
}

constexpr luaL_Reg kStructFunctions[] = {
    {"pack", pack},
    {"unpack", unpack},
    {"size", size},
    {nullptr, nullptr},
};

}  // namespace

void push_struct(lua_State* lua) {
    lua_newtable(lua);
    luaL_register(lua, nullptr, kStructFunctions);
}

}  // namespace millrace::scripting::libraries
