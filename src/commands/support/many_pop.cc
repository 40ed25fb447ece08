// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/many_pop.h"

#include "base/numbers.h"
#include "engine/errors.h"

namespace millrace::commands::support {

namespace {

constexpr ErrorText kNoKeys{"ERR numkeys should be greater than 0"};
constexpr ErrorText kNoCount{"ERR count should be greater than 0"};

}  // namespace

Result<ManyPop> parse_many_pop(const engine::Call& call, size_t from, std::string_view first_word,
                               std::string_view last_word) {
    const auto keys = parse_integer(call.arg(from));
    if (!keys || *keys < 1) return kNoKeys;
    if (static_cast<uint64_t>(*keys) >= call.count() - from - 1) return engine::errors::kSyntax;
    ManyPop asked{.keys_from = from + 1, .keys_end = from + 1 + static_cast<size_t>(*keys)};
    size_t at = asked.keys_end;
    asked.from_first = call.arg_is(at, first_word);
    if (!asked.from_first && !call.arg_is(at, last_word)) return engine::errors::kSyntax;
    if (++at == call.count()) return asked;
    if (!call.arg_is(at, "COUNT") || at + 1 == call.count()) return engine::errors::kSyntax;
    const auto count = parse_integer(call.arg(at + 1));
    if (!count || *count < 1) return kNoCount;
    if (at + 2 != call.count()) return engine::errors::kSyntax;
    asked.count = static_cast<uint64_t>(*count);
    return asked;
}

}  // namespace millrace::commands::support
