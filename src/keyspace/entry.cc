// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/entry.h"

namespace millrace::keyspace {

std::string_view type_name(ValueType type) {
    constexpr std::string_view kNames[] = {"string", "list", "set", "zset", "hash", "stream"};
    return kNames[static_cast<size_t>(type)];
}

void Entry::set_string_bytes(size_t bytes) {
    if (is_long()) {
        const_cast<LongForm*>(long_form())->string_bytes = bytes;
        return;
    }
    CHECK(bytes <= UINT16_MAX);
    string_bytes_ = static_cast<uint16_t>(bytes);
}

}  // namespace millrace::keyspace
