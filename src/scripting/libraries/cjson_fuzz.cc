// SPDX-License-Identifier: BSD-3-Clause
//
// Bytes of any kind as JSON: what is decoded and can be encoded is decoded again, to the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "scripting/libraries/fuzzed_library.h"
#include "scripting/libraries/libraries.h"

using namespace millrace;
using namespace millrace::scripting::libraries;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    FuzzedLibrary cjson(push_cjson);
    if (!cjson.call("decode", {reinterpret_cast<const char*>(data), size})) return 0;
    CHECK(lua_gettop(cjson.state()) == 1);
    if (!cjson.call("encode")) return 0;
    const std::string text = cjson.text();
    CHECK(cjson.call("decode", text));
    CHECK(cjson.call("encode"));
    // Members come in the order of a table, which may be another.
    CHECK(cjson.text().size() == text.size());
    return 0;
}
