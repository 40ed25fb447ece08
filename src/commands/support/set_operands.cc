// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/set_operands.h"

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

}  // namespace millrace::commands::support
