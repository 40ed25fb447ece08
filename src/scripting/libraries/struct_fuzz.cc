// SPDX-License-Identifier: BSD-3-Clause
//
// A format in the first line and bytes of any kind behind it. What is unpacked and can be packed
// unpacks again, to the same.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "scripting/libraries/fuzzed_library.h"
#include "scripting/libraries/libraries.h"

using namespace millrace;
using namespace millrace::scripting;
using namespace millrace::scripting::libraries;

namespace {

// The format, and the values that are on the stack.
bool pack(FuzzedLibrary& library, std::string_view format) {
    push_view(library.state(), format);
    lua_insert(library.state(), 1);
    return library.call("pack");
}

// Leaves the values on the stack, without the position behind them.
bool unpack(FuzzedLibrary& library, std::string_view format, std::string_view bytes) {
    lua_settop(library.state(), 0);
    push_view(library.state(), format);
    push_view(library.state(), bytes);
    if (!library.call("unpack")) return false;
    const auto position = static_cast<size_t>(lua_tointeger(library.state(), -1));
    CHECK(position >= 1);
    CHECK(position <= bytes.size() + 1);
    lua_pop(library.state(), 1);
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const size_t end = std::min(input.find('\n'), input.size());
    const std::string_view format = input.substr(0, end);
    const std::string_view bytes = input.substr(std::min(end + 1, input.size()));

    FuzzedLibrary library(push_struct);
    (void)library.call("size", format);
    lua_settop(library.state(), 0);
    for (int i = 0; i < 8; ++i) lua_pushnumber(library.state(), i * 1e5 - 1.5);
    (void)pack(library, format);
    lua_settop(library.state(), 0);
    for (int i = 0; i < 8; ++i) push_view(library.state(), bytes);
    (void)pack(library, format);

    if (!unpack(library, format, bytes)) return 0;
    // Lengths of texts are numbers that come back as results of their own.
    if (format.find_first_of("cs") != std::string_view::npos) return 0;
    if (!pack(library, format)) return 0;
    const std::string text = library.text();
    CHECK(unpack(library, format, text));
    CHECK(pack(library, format));
    CHECK(library.text() == text);
    return 0;
}
