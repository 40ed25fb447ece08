// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/rdb/damage.h"

#include <fmt/format.h>

namespace millrace::persistence::rdb {
namespace {

// The form whose bytes do not hold together; empty: it has none.
std::string_view form_of(Type type) {
    switch (type) {
        case Type::ListZiplist:
        case Type::ListZiplists:
            return "Ziplist";
        case Type::ListListpacks:
            return "Listpack";
        case Type::SetIntset:
            return "Intset";
        case Type::SetListpack:
            return "Set listpack";
        case Type::SortedSetZiplist:
            return "Zset ziplist";
        case Type::SortedSetListpack:
            return "Zset listpack";
        case Type::HashZipmap:
            return "Zipmap";
        case Type::HashZiplist:
            return "Hash ziplist";
        case Type::HashListpack:
        case Type::RedisHashListpackWithExpiries:
            return "Hash listpack";
        case Type::Stream1:
        case Type::Stream2:
        case Type::Stream3:
            return "Stream listpack";
        default:
            return {};
    }
}

}  // namespace

std::string damage_text(Type type, std::string_view what) {
    if (what == kNanScore) return "A sorted set has a NAN score";
    if (what == kConsumerTwice) return "Duplicate stream consumer detected";
    if (what == kPendingTwice) return "Duplicated consumer PEL entry";
    const std::string_view form = form_of(type);
    if (form.empty()) return fmt::format("A damaged value: {}", what);
    return fmt::format("{} integrity check failed: {}", form, what);
}

}  // namespace millrace::persistence::rdb
