// SPDX-License-Identifier: BSD-3-Clause
//
// Whatever a manifest holds: it is refused, or printed and read again it is the same.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "persistence/aof/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using millrace::persistence::aof::Manifest;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    auto manifest = Manifest::parse(bytes);
    if (!manifest.ok() || manifest->empty()) return 0;
    const std::string printed = manifest->print();
    auto again = Manifest::parse(printed);
    // Quoting makes lines longer, perhaps too long.
    if (again.ok()) CHECK(*again == *manifest);
    return 0;
}
