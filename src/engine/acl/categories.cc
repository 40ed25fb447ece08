// SPDX-License-Identifier: BSD-3-Clause
#include "engine/acl/categories.h"

#include "base/bytes.h"
#include "base/token.h"
#include "engine/command_spec.h"

namespace millrace::engine::acl {
namespace {

constexpr Category kCategories[] = {
    {kAclKeyspace, "@keyspace"},
    {kAclRead, "@read"},
    {kAclWrite, "@write"},
    {kAclSet, "@set"},
    {kAclSortedSet, "@sortedset"},
    {kAclList, "@list"},
    {kAclHash, "@hash"},
    {kAclString, "@string"},
    {kAclBitmap, "@bitmap"},
    {kAclHyperLogLog, "@hyperloglog"},
    {kAclGeo, "@geo"},
    {kAclStream, "@stream"},
    {kAclPubSub, "@pubsub"},
    {kAclAdmin, "@admin"},
    {kAclFast, "@fast"},
    {kAclSlow, "@slow"},
    {kAclBlocking, "@blocking"},
    {kAclDangerous, "@dangerous"},
    {kAclConnection, "@connection"},
    {kAclTransaction, "@transaction"},
    {kAclScripting, "@scripting"},
};

}  // namespace

std::span<const Category> categories() {
    return kCategories;
}

std::optional<uint32_t> category_of(std::string_view name) {
    for (const Category& each : kCategories) {
        if (is_token(name, each.name.substr(1))) return each.bit;
    }
    return std::nullopt;
}

}  // namespace millrace::engine::acl
