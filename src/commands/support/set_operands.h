// SPDX-License-Identifier: BSD-3-Clause
//
// The sets that a command on several of them works with, and where its result goes.
//
// Threads: main thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/call.h"
#include "values/set.h"

namespace millrace::commands::support {

// The sets of `count` keys from argument `first` on; null where there is no key.
Result<std::vector<const values::Set*>> operands(engine::Call& call, size_t first, size_t count);

// Puts the result under the key at argument 1 and answers its size; if there is nothing in it (or
// it is null), the key goes.
Status store_result(engine::Call& call, std::unique_ptr<values::Set> result,
                    std::string_view event);

// Members that are looked up in other sets together, so that the waits for them overlap.
inline constexpr size_t kLookedUpTogether = 16;

// Visits the members of a set in spans of so many at most, whose texts stay where they are; until
// the visitor returns false.
template <typename Visitor>
void for_each_span(const values::Set& set, Visitor&& visitor) {
    std::array<std::string_view, kLookedUpTogether> members;
    size_t count = 0;
    const bool stay = set.form() == values::Set::Form::Table;  // Others are made one at a time.
    const bool more = set.for_each_while([&](std::string_view member) {
        members[count++] = member;
        if (stay && count < members.size()) return true;
        return visitor(std::span(members.data(), std::exchange(count, 0)));
    });
    if (more && count > 0) visitor(std::span(members.data(), count));
}

// Fetches what looking these up in `set` will touch; at most kLookedUpTogether.
void fetch_members(const values::Set& set, std::span<const std::string_view> members);

// Of such members, those that `set` has, or has not: they come to the front.
std::span<std::string_view> filter_members(std::span<std::string_view> members,
                                           const values::Set& set, bool wanted);

}  // namespace millrace::commands::support
