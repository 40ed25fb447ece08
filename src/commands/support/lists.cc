// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/lists.h"

#include <algorithm>

namespace millrace::commands::support {

using values::End;
using values::List;
using values::ListCursor;

Result<End> end_argument(engine::Call& call, size_t at) {
    if (call.arg_is(at, "LEFT")) return End::Head;
    if (call.arg_is(at, "RIGHT")) return End::Tail;
    return engine::errors::kSyntax;
}

void take(engine::Call& call, List& list, End end, uint64_t count) {
    values::ListRoom room;
    const bool head = end == End::Head;
    ListCursor at = head ? list.first() : list.last();
    if (count == 1) {
        call.reply().bulk(list.view(at, room));
        list.erase(at);
        list.settle(list_settings(call));
        return;
    }
    for (uint64_t i = 0; i < count; ++i) {
        call.reply().bulk(list.view(at, room));
        at = head ? list.next(at, room) : list.previous(at, room);
    }
    list.erase_range(head ? 0 : list.size() - count, count);
    list.settle(list_settings(call));
}

Stretch stretch_of(const List& list, int64_t first, int64_t last) {
    const auto size = static_cast<int64_t>(list.size());
    if (first < 0) first = std::max<int64_t>(first + size, 0);
    if (last < 0) last += size;
    last = std::min(last, size - 1);
    if (first > last) return {};
    return {static_cast<uint64_t>(first), static_cast<uint64_t>(last - first + 1)};
}

}  // namespace millrace::commands::support
