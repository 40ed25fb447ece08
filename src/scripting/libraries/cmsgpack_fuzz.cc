// SPDX-License-Identifier: BSD-3-Clause
//
// Bytes of any kind as MessagePack: what is unpacked is packed and unpacked again, to the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "scripting/libraries/fuzzed_library.h"
#include "scripting/libraries/libraries.h"

using namespace millrace;
using namespace millrace::scripting::libraries;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    FuzzedLibrary cmsgpack(push_cmsgpack);
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (!cmsgpack.call("unpack", bytes)) return 0;
    // pack() of nothing is an error.
    if (lua_gettop(cmsgpack.state()) == 0) return 0;
    if (!cmsgpack.call("pack")) return 0;
    // What was too deep has become nil, which leaves holes, which make a map of a list: so the
    // first two may differ.
    size_t packed = 0;
    for (int round = 0; round < 3; ++round) {
        const std::string text = cmsgpack.text();
        if (round == 2) CHECK(text.size() == packed);
        packed = text.size();
        CHECK(cmsgpack.call("unpack", text));
        CHECK(cmsgpack.call("pack"));
    }
    return 0;
}
