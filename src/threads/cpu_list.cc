// SPDX-License-Identifier: BSD-3-Clause
#include "threads/cpu_list.h"

#include <sched.h>

#include <cstdint>

#include "base/numbers.h"

namespace millrace::threads {
namespace {

// The number at the front of `text`, which it leaves.
std::optional<int> take_number(std::string_view& text) {
    size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
    const auto number = parse_integer(text.substr(0, digits));
    text.remove_prefix(digits);
    if (!number || *number >= CPU_SETSIZE) return std::nullopt;
    return static_cast<int>(*number);
}

bool take_char(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

std::optional<std::vector<int>> parse_cpu_list(std::string_view list) {
    std::vector<int> cores;
    do {
        const auto first = take_number(list);
        if (!first) return std::nullopt;
        auto last = first;
        std::optional<int> step = 1;
        if (take_char(list, '-')) last = take_number(list);
        if (take_char(list, ':')) step = take_number(list);
        if (!last || !step || *step == 0 || *last < *first) return std::nullopt;
        for (int core = *first; core <= *last; core += *step) cores.push_back(core);
    } while (take_char(list, ','));
    if (!list.empty()) return std::nullopt;
    return cores;
}

bool stay_on(std::string_view list) {
    const auto cores = parse_cpu_list(list);
    if (!cores) return false;
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int core : *cores) CPU_SET(static_cast<size_t>(core), &set);
    return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

}  // namespace millrace::threads
