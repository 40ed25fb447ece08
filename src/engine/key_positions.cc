// SPDX-License-Identifier: BSD-3-Clause
#include "engine/key_positions.h"

#include "base/bytes.h"
#include "base/numbers.h"
#include "base/token.h"

namespace millrace::engine {
namespace {

using Arguments = std::span<const std::string_view>;

// Keys stand at first, first + step, ... up to `last`.
struct KeyRange {
    int64_t first;
    int64_t last;
    int64_t step;
};

enum class Search : uint8_t { Found, Absent, Invalid };

// Compat: the last word is never taken for the keyword, since keys could not follow it.
int64_t find_keyword(const KeySpec& spec, Arguments arguments) {
    const auto count = static_cast<int64_t>(arguments.size());
    if (spec.keyword_from > 0) {
        for (int64_t at = spec.keyword_from; at < count - 1; ++at) {
            if (is_token(arguments[static_cast<size_t>(at)], spec.keyword)) return at;
        }
        return 0;
    }
    for (int64_t at = count + spec.keyword_from; at > 1; --at) {
        if (is_token(arguments[static_cast<size_t>(at)], spec.keyword)) return at;
    }
    return 0;
}

Search begin_search(const KeySpec& spec, Arguments arguments, int64_t& first) {
    switch (spec.search) {
        case KeySearch::Index:
            first = spec.first;
            return Search::Found;
        case KeySearch::Keyword: {
            const int64_t at = find_keyword(spec, arguments);
            first = at + 1;
            return at == 0 ? Search::Absent : Search::Found;
        }
        case KeySearch::Unknown:
            break;
    }
    return Search::Invalid;
}

KeyRange range_from(const KeySpec& spec, int64_t count, int64_t first) {
    int64_t last = first + spec.last;
    if (spec.last < 0) {
        last = count + spec.last;
        if (spec.limit > 1) last = first + (count - first) / spec.limit + spec.last;
    }
    return {first, last, spec.step};
}

bool keys_by_number(const KeySpec& spec, Arguments arguments, int64_t first, KeyRange& range) {
    const auto count = static_cast<int64_t>(arguments.size());
    const int64_t number_at = first + spec.number_at;
    if (number_at >= count) return false;
    const auto number = parse_integer(arguments[static_cast<size_t>(number_at)]);
    // No request has more keys than words; anything larger would only overflow below.
    if (!number || *number < 0 || *number > count) return false;
    const int64_t keys_from = first + spec.keys_from;
    range = {keys_from, keys_from + (*number - 1) * spec.step, spec.step};
    return true;
}

bool add_range(const KeyRange& range, int64_t count, uint32_t flags, KeyPositions& found) {
    if (range.first < 1 || range.first >= count) return false;
    if (range.last < range.first || range.last >= count) return false;
    for (int64_t at = range.first; at <= range.last; at += range.step)
        found.add(static_cast<int>(at), flags);
    return true;
}

bool find_by_spec(const Command& command, const KeySpec& spec, Arguments arguments,
                  KeyPositions& found) {
    const auto count = static_cast<int64_t>(arguments.size());
    int64_t first = 0;
    const Search search = begin_search(spec, arguments, first);
    if (search != Search::Found) return search == Search::Absent;

    switch (spec.find) {
        case KeyFind::Range:
            return add_range(range_from(spec, count, first), count, spec.flags, found);
        case KeyFind::KeyNumber: {
            KeyRange range{};
            if (!keys_by_number(spec, arguments, first, range)) return false;
            if (range.last < range.first) return command.has(kNoMandatoryKeys);
            return add_range(range, count, spec.flags, found);
        }
        case KeyFind::Unknown:
            break;
    }
    return false;
}

// Whether the specs alone tell all keys, and what is done to them.
bool specs_suffice(const CommandSpec& spec) {
    for (const KeySpec& each : spec.keys) {
        if ((each.flags & (kKeyVariableFlags | kKeyIncomplete)) != 0) return false;
        if (each.search == KeySearch::Unknown) return false;
        if (each.find == KeyFind::Unknown) return false;
    }
    return true;
}

}  // namespace

bool find_keys(const Command& command, Arguments arguments, KeyPositions& found) {
    const CommandSpec& spec = command.spec();
    if (spec.find_keys != nullptr && !specs_suffice(spec)) return spec.find_keys(arguments, found);
    for (const KeySpec& each : spec.keys) {
        if ((each.flags & kKeyNotKey) != 0) continue;
        if (!find_by_spec(command, each, arguments, found)) return false;
    }
    return true;
}

}  // namespace millrace::engine
