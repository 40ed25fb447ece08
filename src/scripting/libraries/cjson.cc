// SPDX-License-Identifier: BSD-3-Clause
//
// cjson: Lua values as JSON and back. Texts of errors are those that scripts know.

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>

#include "base/append.h"
#include "base/bytes.h"
#include "scripting/libraries/libraries.h"

namespace millrace::scripting::libraries {
namespace {

// What a script has set; one a module object, as the first upvalue of its functions.
struct Options {
    int encode_depth_max = 1000;
    int decode_depth_max = 1000;
    int digits = 14;  // At most kDigitsMax.
    bool convert_sparse = false;
    int sparse_ratio = 2;
    int sparse_safe = 10;
    bool keep_buffer = true;
    enum class Invalid { Refuse, Allow, Null } encode_invalid = Invalid::Refuse;
    bool decode_invalid = true;
};

Options& options_of(lua_State* lua) {
    return *static_cast<Options*>(lua_touserdata(lua, lua_upvalueindex(1)));
}

// --- encoding ---

struct Encoder {
    lua_State* lua;
    const Options& options;
    std::string out;
    int depth = 0;
};

// Bytes that stand for themselves in a text.
constexpr auto kPlain = [] {
    std::array<bool, 256> plain{};
    for (size_t code = 32; code < plain.size(); ++code)
        plain[code] = code != '"' && code != '\\' && code != '/' && code != 127;
    return plain;
}();

bool is_plain(char byte) {
    return kPlain[static_cast<unsigned char>(byte)];
}

void append_escaped(std::string& out, char byte) {
    constexpr char kDigits[] = "0123456789abcdef";
    switch (byte) {
        case '"':
        case '\\':
        case '/':
            out += '\\';
            out += byte;
            break;
        case '\b':
            out += "\\b";
            break;
        case '\f':
            out += "\\f";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            out += "\\u00";
            out += kDigits[static_cast<unsigned char>(byte) >> 4];
            out += kDigits[byte & 15];
    }
}

void append_text(std::string& out, std::string_view text) {
    out += '"';
    size_t begin = 0;
    for (size_t at = 0; at < text.size(); ++at) {
        if (is_plain(text[at])) [[likely]]
            continue;
        out.append(text.substr(begin, at - begin));
        append_escaped(out, text[at]);
        begin = at + 1;
    }
    out.append(text.substr(begin)).append(1, '"');
}

void refuse(Encoder& encoder, const char* why) {
    luaL_error(encoder.lua, "Cannot serialise %s: %s", luaL_typename(encoder.lua, -1), why);
}

constexpr int kDigitsMax = 14;
constexpr auto kPowersOfTen = [] {
    std::array<double, kDigitsMax + 1> powers{};
    double power = 1;
    for (double& each : powers) {
        each = power;
        power *= 10;
    }
    return powers;
}();

void append_number(Encoder& encoder) {
    const double number = lua_tonumber(encoder.lua, -1);
    if (!std::isfinite(number)) {
        using Invalid = Options::Invalid;
        if (encoder.options.encode_invalid == Invalid::Refuse)
            refuse(encoder, "must not be NaN or Inf");
        if (encoder.options.encode_invalid == Invalid::Null) {
            encoder.out += "null";
            return;
        }
        if (std::isnan(number)) {
            encoder.out += "nan";
            return;
        }
    }
    // A whole number of no more digits than are asked for is written as such.
    if (std::abs(number) < kPowersOfTen[static_cast<size_t>(encoder.options.digits)]) {
        const auto whole = static_cast<int64_t>(number);
        const bool is_whole = static_cast<double>(whole) == number;
        if (is_whole && (whole != 0 || !std::signbit(number))) return append(encoder.out, whole);
    }
    char text[40];
    std::snprintf(text, sizeof text, "%.*g", encoder.options.digits, number);
    encoder.out += text;
}

// How long the table on the top is as an array; -1: it is an object.
int64_t array_length(Encoder& encoder) {
    lua_State* lua = encoder.lua;
    double highest = 0;
    int64_t items = 0;
    lua_pushnil(lua);
    while (lua_next(lua, -2) != 0) {
        const double key = lua_type(lua, -2) == LUA_TNUMBER ? lua_tonumber(lua, -2) : 0;
        if (key < 1 || std::floor(key) != key || key > 1e9) {
            lua_pop(lua, 2);
            return -1;
        }
        highest = std::max(highest, key);
        ++items;
        lua_pop(lua, 1);
    }
    if (items == 0) return -1;
    const Options& options = encoder.options;
    const bool sparse = options.sparse_ratio > 0 &&
                        highest > static_cast<double>(items) * options.sparse_ratio &&
                        highest > options.sparse_safe;
    if (!sparse) return static_cast<int64_t>(highest);
    if (!options.convert_sparse) refuse(encoder, "excessively sparse array");
    return -1;
}

void append_value(Encoder& encoder);

void append_array(Encoder& encoder, int64_t length) {
    encoder.out += '[';
    for (int64_t at = 1; at <= length; ++at) {
        if (at > 1) encoder.out += ',';
        lua_rawgeti(encoder.lua, -1, static_cast<int>(at));
        append_value(encoder);
        lua_pop(encoder.lua, 1);
    }
    encoder.out += ']';
}

void append_object(Encoder& encoder) {
    lua_State* lua = encoder.lua;
    encoder.out += '{';
    bool first = true;
    lua_pushnil(lua);
    while (lua_next(lua, -2) != 0) {
        if (!first) encoder.out += ',';
        first = false;
        lua_pushvalue(lua, -2);
        switch (lua_type(lua, -1)) {
            case LUA_TNUMBER:
                encoder.out += '"';
                append_number(encoder);
                encoder.out += '"';
                break;
            case LUA_TSTRING:
                append_text(encoder.out, to_view(lua, -1));
                break;
            default:
                refuse(encoder, "table key must be a number or string");
        }
        lua_pop(lua, 1);
        encoder.out += ':';
        append_value(encoder);
        lua_pop(lua, 1);
    }
    encoder.out += '}';
}

// What is on the top of the stack, at most encode_depth_max deep.
void append_value(Encoder& encoder) {
    lua_State* lua = encoder.lua;
    switch (lua_type(lua, -1)) {
        case LUA_TSTRING:
            append_text(encoder.out, to_view(lua, -1));
            return;
        case LUA_TNUMBER:
            append_number(encoder);
            return;
        case LUA_TBOOLEAN:
            encoder.out += lua_toboolean(lua, -1) != 0 ? "true" : "false";
            return;
        case LUA_TTABLE: {
            if (++encoder.depth > encoder.options.encode_depth_max || lua_checkstack(lua, 4) == 0) {
                luaL_error(lua, "Cannot serialise, excessive nesting (%d)", encoder.depth);
            }
            const int64_t length = array_length(encoder);
            if (length > 0) {
                append_array(encoder, length);
            } else {
                append_object(encoder);
            }
            --encoder.depth;
            return;
        }
        case LUA_TNIL:
            encoder.out += "null";
            return;
        case LUA_TLIGHTUSERDATA:
            if (lua_touserdata(lua, -1) == nullptr) {
                encoder.out += "null";
                return;
            }
            [[fallthrough]];
        default:
            refuse(encoder, "type not supported");
    }
}

int encode(lua_State* lua) {
    luaL_argcheck(lua, lua_gettop(lua) == 1, 1, "expected 1 argument");
    constexpr size_t kUsualBytes = 240;
    Encoder encoder{.lua = lua, .options = options_of(lua), .out = {}};
    encoder.out.reserve(kUsualBytes);
    append_value(encoder);
    push_view(lua, encoder.out);
    return 1;
}

// --- decoding ---

enum class Token : uint8_t {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    Text,
    Number,
    Boolean,
    Null,
    Colon,
    Comma,
    End,
    Error,
};

constexpr const char* kTokenNames[] = {
    "T_OBJ_BEGIN", "T_OBJ_END", "T_ARR_BEGIN", "T_ARR_END", "T_STRING", "T_NUMBER",
    "T_BOOLEAN",   "T_NULL",    "T_COLON",     "T_COMMA",   "T_END",    "T_ERROR",
};

struct Decoder {
    lua_State* lua;
    const Options& options;
    std::string_view json;
    size_t at = 0;
    int depth = 0;

    // The token that was read last.
    Token token = Token::End;
    size_t token_at = 0;
    std::string_view text;  // Of the JSON itself, or where there are escapes:
    std::string unescaped;
    double number = 0;
    bool boolean = false;
    const char* fault = nullptr;

    void fail(const char* why, size_t where) {
        token = Token::Error;
        fault = why;
        token_at = where;
    }
};

[[noreturn]] void unexpected(Decoder& decoder, const char* wanted) {
    const char* found = decoder.token == Token::Error
                            ? decoder.fault
                            : kTokenNames[static_cast<size_t>(decoder.token)];
    luaL_error(decoder.lua, "Expected %s but found %s at character %d", wanted, found,
               static_cast<int>(decoder.token_at) + 1);
    __builtin_unreachable();
}

void append_utf8(std::string& out, uint32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xc0 | code >> 6);
        out += static_cast<char>(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xe0 | code >> 12);
        out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
        out += static_cast<char>(0x80 | (code & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | code >> 18);
        out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
        out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
        out += static_cast<char>(0x80 | (code & 0x3f));
    }
}

// Four hexadecimal digits at `at`; -1 if there are none.
int32_t four_digits(std::string_view json, size_t at) {
    if (json.size() < 4 || at > json.size() - 4) return -1;
    int32_t value = 0;
    for (size_t i = 0; i < 4; ++i) {
        const char byte = json[at + i];
        int digit = 0;
        if (byte >= '0' && byte <= '9') {
            digit = byte - '0';
        } else if ((byte | 32) >= 'a' && (byte | 32) <= 'f') {
            digit = (byte | 32) - 'a' + 10;
        } else {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

// A "\u" at `at`; surrogates come in pairs. False: it is none.
bool read_unicode(Decoder& decoder, size_t& at) {
    const int32_t first = four_digits(decoder.json, at + 2);
    if (first < 0 || (first & 0xfc00) == 0xdc00) return false;
    if ((first & 0xfc00) != 0xd800) {
        append_utf8(decoder.unescaped, static_cast<uint32_t>(first));
        at += 6;
        return true;
    }
    const bool has_second =
        at + 7 < decoder.json.size() && decoder.json[at + 6] == '\\' && decoder.json[at + 7] == 'u';
    const int32_t second = has_second ? four_digits(decoder.json, at + 8) : -1;
    if (second < 0 || (second & 0xfc00) != 0xdc00) return false;
    append_utf8(decoder.unescaped, 0x10000 + ((static_cast<uint32_t>(first) & 0x3ff) << 10) +
                                       (static_cast<uint32_t>(second) & 0x3ff));
    at += 12;
    return true;
}

// The byte that a backslash and this letter stand for; 0: none.
char escaped(char letter) {
    switch (letter) {
        case '"':
        case '\\':
        case '/':
            return letter;
        case 'b':
            return '\b';
        case 't':
            return '\t';
        case 'n':
            return '\n';
        case 'f':
            return '\f';
        case 'r':
            return '\r';
        default:
            return '\0';
    }
}

// The first quote or backslash from `at` on, or the end.
size_t end_of_run(std::string_view json, size_t at) {
    while (at < json.size() && json[at] != '"' && json[at] != '\\') ++at;
    return at;
}

void read_text(Decoder& decoder) {
    const size_t begin = decoder.at + 1;
    size_t at = end_of_run(decoder.json, begin);
    decoder.text = decoder.json.substr(begin, at - begin);
    const bool escapes = at < decoder.json.size() && decoder.json[at] == '\\';
    if (escapes) decoder.unescaped = decoder.text;
    for (;;) {
        if (at >= decoder.json.size()) return decoder.fail("unexpected end of string", at);
        if (decoder.json[at] == '"') break;
        if (decoder.json[at] != '\\') {
            const size_t end = end_of_run(decoder.json, at);
            decoder.unescaped += decoder.json.substr(at, end - at);
            at = end;
            continue;
        }
        const char letter = at + 1 < decoder.json.size() ? decoder.json[at + 1] : '\0';
        if (letter == 'u') {
            if (!read_unicode(decoder, at)) return decoder.fail("invalid unicode escape code", at);
            continue;
        }
        const char meant = escaped(letter);
        if (meant == '\0') return decoder.fail("invalid escape code", at);
        decoder.unescaped += meant;
        at += 2;
    }
    if (escapes) decoder.text = decoder.unescaped;
    decoder.at = at + 1;
    decoder.token = Token::Text;
}

bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

// A number of few digits that ends in nothing that could belong to it, or false.
bool read_short_integer(Decoder& decoder) {
    constexpr size_t kExactDigits = 15;  // A double holds all of those.
    const std::string_view json = decoder.json;
    const bool negative = json[decoder.at] == '-';
    const size_t begin = decoder.at + (negative ? 1 : 0);
    size_t at = begin;
    int64_t value = 0;
    for (; at < json.size() && is_digit(json[at]); ++at) {
        if (at - begin == kExactDigits) return false;
        value = value * 10 + (json[at] - '0');
    }
    if (at == begin || at >= json.size()) return false;
    if (json[at] != ',' && json[at] != '}' && json[at] != ']' && json[at] != ' ') return false;
    const auto number = static_cast<double>(value);
    decoder.number = negative ? -number : number;
    decoder.at = at;
    decoder.token = Token::Number;
    return true;
}

// Compat: whatever C's strtod takes is a number, hexadecimal and infinities included. The text is
// that of a Lua string, which ends in a zero byte.
bool read_number(Decoder& decoder) {
    const char* begin = decoder.json.data() + decoder.at;
    char* end = nullptr;
    decoder.number = std::strtod(begin, &end);
    if (end == begin) return false;
    decoder.at += static_cast<size_t>(end - begin);
    decoder.token = Token::Number;
    return true;
}

bool read_word(Decoder& decoder, std::string_view word, Token token) {
    if (!decoder.json.substr(decoder.at).starts_with(word)) return false;
    decoder.at += word.size();
    decoder.token = token;
    return true;
}

bool is_invalid_number(std::string_view rest) {
    if (rest.starts_with('+')) return true;
    if (rest.starts_with('-')) rest.remove_prefix(1);
    const auto begins = [&](std::string_view word) {
        return rest.size() >= word.size() && equals_ignore_case(rest.substr(0, word.size()), word);
    };
    return begins("0x") || begins("inf") || begins("nan");
}

void read_other(Decoder& decoder) {
    const char byte = decoder.json[decoder.at];
    if (read_word(decoder, "true", Token::Boolean)) {
        decoder.boolean = true;
        return;
    }
    if (read_word(decoder, "false", Token::Boolean)) {
        decoder.boolean = false;
        return;
    }
    if (read_word(decoder, "null", Token::Null)) return;
    const std::string_view rest = decoder.json.substr(decoder.at);
    const bool digits = byte == '-' || is_digit(byte);
    if (digits && read_short_integer(decoder)) return;
    if (is_invalid_number(rest)) {
        if (decoder.options.decode_invalid && read_number(decoder)) return;
        return decoder.fail(digits ? "invalid number" : "invalid token", decoder.at);
    }
    if (!digits) return decoder.fail("invalid token", decoder.at);
    if (!read_number(decoder)) decoder.fail("invalid number", decoder.at);
}

void read_token(Decoder& decoder) {
    const std::string_view json = decoder.json;
    while (decoder.at < json.size()) {
        const char byte = json[decoder.at];
        if (byte != ' ' && byte != '\t' && byte != '\n' && byte != '\r') break;
        ++decoder.at;
    }
    decoder.token_at = decoder.at;
    // Compat: a zero byte ends the text, whatever follows.
    if (decoder.at >= json.size() || json[decoder.at] == '\0') {
        decoder.token = Token::End;
        return;
    }
    const auto single = [&](Token token) {
        decoder.token = token;
        ++decoder.at;
    };
    switch (json[decoder.at]) {
        case '{':
            return single(Token::ObjectBegin);
        case '}':
            return single(Token::ObjectEnd);
        case '[':
            return single(Token::ArrayBegin);
        case ']':
            return single(Token::ArrayEnd);
        case ':':
            return single(Token::Colon);
        case ',':
            return single(Token::Comma);
        case '"':
            return read_text(decoder);
        default:
            return read_other(decoder);
    }
}

void push_value(Decoder& decoder);

void descend(Decoder& decoder) {
    ++decoder.depth;
    if (decoder.depth <= decoder.options.decode_depth_max && lua_checkstack(decoder.lua, 4) != 0)
        return;
    luaL_error(decoder.lua, "Found too many nested data structures (%d) at character %d",
               decoder.depth, static_cast<int>(decoder.at));
}

void push_object(Decoder& decoder) {
    descend(decoder);
    lua_newtable(decoder.lua);
    read_token(decoder);
    if (decoder.token == Token::ObjectEnd) {
        --decoder.depth;
        return;
    }
    for (;;) {
        if (decoder.token != Token::Text) unexpected(decoder, "object key string");
        push_view(decoder.lua, decoder.text);
        read_token(decoder);
        if (decoder.token != Token::Colon) unexpected(decoder, "colon");
        read_token(decoder);
        push_value(decoder);
        lua_rawset(decoder.lua, -3);
        read_token(decoder);
        if (decoder.token == Token::ObjectEnd) break;
        if (decoder.token != Token::Comma) unexpected(decoder, "comma or object end");
        read_token(decoder);
    }
    --decoder.depth;
}

void push_array(Decoder& decoder) {
    descend(decoder);
    lua_newtable(decoder.lua);
    read_token(decoder);
    if (decoder.token == Token::ArrayEnd) {
        --decoder.depth;
        return;
    }
    for (int at = 1;; ++at) {
        push_value(decoder);
        lua_rawseti(decoder.lua, -2, at);
        read_token(decoder);
        if (decoder.token == Token::ArrayEnd) break;
        if (decoder.token != Token::Comma) unexpected(decoder, "comma or array end");
        read_token(decoder);
    }
    --decoder.depth;
}

// The value that begins with the token just read; at most decode_depth_max deep.
void push_value(Decoder& decoder) {
    switch (decoder.token) {
        case Token::Text:
            return push_view(decoder.lua, decoder.text);
        case Token::Number:
            return lua_pushnumber(decoder.lua, decoder.number);
        case Token::Boolean:
            return lua_pushboolean(decoder.lua, decoder.boolean);
        case Token::ObjectBegin:
            return push_object(decoder);
        case Token::ArrayBegin:
            return push_array(decoder);
        case Token::Null:
            return lua_pushlightuserdata(decoder.lua, nullptr);
        default:
            unexpected(decoder, "value");
    }
}

int decode(lua_State* lua) {
    luaL_argcheck(lua, lua_gettop(lua) == 1, 1, "expected 1 argument");
    size_t size = 0;
    const char* json = luaL_checklstring(lua, 1, &size);
    if (size >= 2 && (json[0] == '\0' || json[1] == '\0')) {
        return luaL_error(lua, "JSON parser does not support UTF-16 or UTF-32");
    }
    Decoder decoder{.lua = lua, .options = options_of(lua), .json = {json, size}, .unescaped = {}};
    read_token(decoder);
    push_value(decoder);
    read_token(decoder);
    if (decoder.token != Token::End) unexpected(decoder, "the end");
    return 1;
}

// --- options ---

// Sets an integer option if an argument is given, and returns what it is.
int integer_option(lua_State* lua, int index, int& option, int low, int high) {
    if (!lua_isnoneornil(lua, index)) {
        const lua_Integer value = luaL_checkinteger(lua, index);
        if (value < low || value > high) {
            const char* text =
                lua_pushfstring(lua, "expected integer between %d and %d", low, high);
            luaL_argerror(lua, index, text);
        }
        option = static_cast<int>(value);
    }
    lua_pushinteger(lua, option);
    return 1;
}

// The same for what is on or off.
void boolean_option(lua_State* lua, int index, bool& option) {
    if (lua_isboolean(lua, index)) {
        option = lua_toboolean(lua, index) != 0;
    } else if (!lua_isnoneornil(lua, index)) {
        static constexpr const char* kWords[] = {"off", "on", nullptr};
        option = luaL_checkoption(lua, index, nullptr, kWords) == 1;
    }
    lua_pushboolean(lua, option);
}

int encode_max_depth(lua_State* lua) {
    return integer_option(lua, 1, options_of(lua).encode_depth_max, 1, INT32_MAX);
}

int decode_max_depth(lua_State* lua) {
    return integer_option(lua, 1, options_of(lua).decode_depth_max, 1, INT32_MAX);
}

int encode_number_precision(lua_State* lua) {
    return integer_option(lua, 1, options_of(lua).digits, 1, kDigitsMax);
}

int encode_sparse_array(lua_State* lua) {
    Options& options = options_of(lua);
    lua_settop(lua, 3);
    boolean_option(lua, 1, options.convert_sparse);
    integer_option(lua, 2, options.sparse_ratio, 0, INT32_MAX);
    integer_option(lua, 3, options.sparse_safe, 0, INT32_MAX);
    return 3;
}

int encode_keep_buffer(lua_State* lua) {
    boolean_option(lua, 1, options_of(lua).keep_buffer);
    return 1;
}

int encode_invalid_numbers(lua_State* lua) {
    Options& options = options_of(lua);
    using Invalid = Options::Invalid;
    if (lua_type(lua, 1) == LUA_TSTRING && to_view(lua, 1) == "null") {
        options.encode_invalid = Invalid::Null;
        lua_pushliteral(lua, "null");
        return 1;
    }
    bool allow = options.encode_invalid == Invalid::Allow;
    const bool was_null = options.encode_invalid == Invalid::Null && lua_isnoneornil(lua, 1);
    boolean_option(lua, 1, allow);
    if (was_null) {
        lua_pushliteral(lua, "null");
    } else {
        options.encode_invalid = allow ? Invalid::Allow : Invalid::Refuse;
    }
    return 1;
}

int decode_invalid_numbers(lua_State* lua) {
    boolean_option(lua, 1, options_of(lua).decode_invalid);
    return 1;
}

int new_module(lua_State* lua) {
    push_cjson(lua);
    return 1;
}

constexpr luaL_Reg kCjsonFunctions[] = {
    {"encode", encode},
    {"decode", decode},
    {"encode_max_depth", encode_max_depth},
    {"decode_max_depth", decode_max_depth},
    {"encode_number_precision", encode_number_precision},
    {"encode_sparse_array", encode_sparse_array},
    {"encode_keep_buffer", encode_keep_buffer},
    {"encode_invalid_numbers", encode_invalid_numbers},
    {"decode_invalid_numbers", decode_invalid_numbers},
    {"new", new_module},
};

}  // namespace

void push_cjson(lua_State* lua) {
    lua_newtable(lua);
    auto* options = static_cast<Options*>(lua_newuserdata(lua, sizeof(Options)));
    *options = Options();
    for (const luaL_Reg& each : kCjsonFunctions) {
        lua_pushvalue(lua, -1);
        lua_pushcclosure(lua, each.func, 1);
        lua_setfield(lua, -3, each.name);
    }
    lua_pop(lua, 1);
    lua_pushlightuserdata(lua, nullptr);
    lua_setfield(lua, -2, "null");
    lua_pushliteral(lua, "cjson");
    lua_setfield(lua, -2, "_NAME");
    lua_pushliteral(lua, "2.1.0");
    lua_setfield(lua, -2, "_VERSION");
}

}  // namespace millrace::scripting::libraries
