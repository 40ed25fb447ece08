// SPDX-License-Identifier: BSD-3-Clause
//
// bit: operations on 32-bit integers. Numbers are taken modulo 2^32; results are signed.

#include <bit>
#include <cstdint>

#include "scripting/libraries/libraries.h"

namespace millrace::scripting::libraries {
namespace {

uint32_t bits_at(lua_State* lua, int index) {
    // Compat: the low bits of the sum of the number and 1.5 * 2^52, which rounds it to a whole
    // number while it is below 2^51; what comes of others is Valkey's, too. Strings that are
    // numbers count as such.
    constexpr double kRounding = 6755399441055744.0;
    const double sum = luaL_checknumber(lua, index) + kRounding;
    return static_cast<uint32_t>(std::bit_cast<uint64_t>(sum));
}

int push_bits(lua_State* lua, uint32_t bits) {
    lua_pushnumber(lua, static_cast<int32_t>(bits));
    return 1;
}

int tobit(lua_State* lua) {
    return push_bits(lua, bits_at(lua, 1));
}

int bnot(lua_State* lua) {
    return push_bits(lua, ~bits_at(lua, 1));
}

int bswap(lua_State* lua) {
    return push_bits(lua, __builtin_bswap32(bits_at(lua, 1)));
}

template <typename Combine>
int fold(lua_State* lua, Combine combine) {
    uint32_t bits = bits_at(lua, 1);
    for (int at = 2; at <= lua_gettop(lua); ++at) bits = combine(bits, bits_at(lua, at));
    return push_bits(lua, bits);
}

int band(lua_State* lua) {
    return fold(lua, [](uint32_t a, uint32_t b) { return a & b; });
}

int bor(lua_State* lua) {
    return fold(lua, [](uint32_t a, uint32_t b) { return a | b; });
}

int bxor(lua_State* lua) {
    return fold(lua, [](uint32_t a, uint32_t b) { return a ^ b; });
}

// By 0 to 31 places.
unsigned places_at(lua_State* lua, int index) {
    return bits_at(lua, index) & 31;
}

int lshift(lua_State* lua) {
    return push_bits(lua, bits_at(lua, 1) << places_at(lua, 2));
}

int rshift(lua_State* lua) {
    return push_bits(lua, bits_at(lua, 1) >> places_at(lua, 2));
}

int arshift(lua_State* lua) {
    const auto value = static_cast<int32_t>(bits_at(lua, 1));
    return push_bits(lua, static_cast<uint32_t>(value >> places_at(lua, 2)));
}

int rol(lua_State* lua) {
    return push_bits(lua, std::rotl(bits_at(lua, 1), static_cast<int>(places_at(lua, 2))));
}

int ror(lua_State* lua) {
    return push_bits(lua, std::rotr(bits_at(lua, 1), static_cast<int>(places_at(lua, 2))));
}

// A negative number of digits asks for capital letters.
int tohex(lua_State* lua) {
    uint32_t bits = bits_at(lua, 1);
    int64_t digits = lua_isnone(lua, 2) ? 8 : static_cast<int32_t>(bits_at(lua, 2));
    const char* alphabet = "0123456789abcdef";
    if (digits < 0) {
        digits = -digits;
        alphabet = "0123456789ABCDEF";
    }
    constexpr int64_t kDigitsMax = 8;
    if (digits > kDigitsMax) digits = kDigitsMax;
    char text[kDigitsMax];
    for (int64_t at = digits; at > 0; --at) {
        text[at - 1] = alphabet[bits & 15];
        bits >>= 4;
    }
    lua_pushlstring(lua, text, static_cast<size_t>(digits));
    return 1;
}

constexpr luaL_Reg kBitFunctions[] = {
    {"tobit", tobit}, {"bnot", bnot},     {"bswap", bswap},   {"band", band},       {"bor", bor},
    {"bxor", bxor},   {"lshift", lshift}, {"rshift", rshift}, {"arshift", arshift}, {"rol", rol},
    {"ror", ror},     {"tohex", tohex},   {nullptr, nullptr},
};

}  // namespace

void push_bit(lua_State* lua) {
    lua_newtable(lua);
    luaL_register(lua, nullptr, kBitFunctions);
}

}  // namespace millrace::scripting::libraries
