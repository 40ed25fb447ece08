// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/set_operands.h"

#include <algorithm>
#include <array>
#include <utility>

namespace millrace::commands::support {

using namespace engine;
using values::Set;

Result<std::vector<const Set*>> operands(Call& call, size_t first, size_t count) {
    std::vector<const Set*> sets;
    sets.reserve(count);
    for (size_t at = first; at < first + count; ++at) {
        const Set* set = TRY(call.read<Set>(at));
        sets.push_back(set);
    }
    return sets;
}

Status store_result(Call& call, std::unique_ptr<Set> result, std::string_view event) {
    const size_t size = result == nullptr ? 0 : result->size();
    KeyEdit edit = call.edit(1);
    if (size > 0) {
        edit.store_collection(std::move(result));
        edit.commit(EventClass::Set, event);
    } else if (edit.exists()) {
        edit.remove();
        edit.commit(EventClass::Generic, "del");
    }
    call.reply().integer(static_cast<int64_t>(size));
    return done();
}

void fetch_members(const values::Set& set, std::span<const std::string_view> members) {
    std::array<uint64_t, kLookedUpTogether> places;
    for (size_t i = 0; i < members.size(); ++i) places[i] = set.fetch_place(members[i]);
    for (size_t i = 0; i < members.size(); ++i) set.fetch_element(places[i]);
}

std::span<std::string_view> filter_members(std::span<std::string_view> members,
                                           const values::Set& set, bool wanted) {
    fetch_members(set, members);
    const auto goes = [&](std::string_view member) { return set.contains(member) != wanted; };
    const auto end = std::remove_if(members.begin(), members.end(), goes);
    return members.first(static_cast<size_t>(end - members.begin()));
}

}  // namespace millrace::commands::support
