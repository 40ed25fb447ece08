// SPDX-License-Identifier: BSD-3-Clause
#include "engine/acl/selector.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "base/bytes.h"
#include "base/glob.h"
#include "base/token.h"
#include "engine/acl/rule_errors.h"
#include "engine/acl/rule_text.h"

namespace millrace::engine::acl {
namespace {

// Compat: as strtoll reads a number: blanks and a plus before it are fine.
Result<int> parse_database(const std::string& word) {
    char* end = nullptr;
    errno = 0;
    const long long number = std::strtoll(word.c_str(), &end, 10);
    if (word.empty() || end != word.c_str() + word.size()) return rule_errors::kSyntax;
    if (errno == ERANGE || number < 0 || number > INT_MAX) return rule_errors::kDatabaseOutOfRange;
    return static_cast<int>(number);
}

}  // namespace

// The rules that are a word without an argument; false if it is none of them.
bool Selector::apply_word(std::string_view rule) {
    const auto is = [&](std::string_view word) { return is_token(rule, word); };
    if (is("allkeys") || is("~*") || is("resetkeys")) {
        all_keys_ = !is("resetkeys");
        keys_.clear();
    } else if (is("allchannels") || is("&*") || is("resetchannels")) {
        all_channels_ = !is("resetchannels");
        channels_.clear();
    } else if (is("alldbs") || is("resetdbs")) {
        all_databases_ = is("alldbs");
        databases_.clear();
    } else if (is("allcommands") || is("nocommands")) {
        commands_.set_all(is("allcommands"));
    } else {
        return false;
    }
    return true;
}

Status Selector::apply(std::string_view rule) {
    if (rule.empty()) return rule_errors::kSyntax;
    if (apply_word(rule)) return done();
    switch (rule.front()) {
        case '~':
        case '%':
            return add_key_pattern(rule);
        case '&':
            return add_channel(rule.substr(1));
        case '+':
        case '-':
            return commands_.apply(rule);
        default:
            break;
    }
    constexpr std::string_view kDatabases = "db=";
    if (equals_ignore_case(rule.substr(0, kDatabases.size()), kDatabases)) {
        return set_databases(rule.substr(kDatabases.size()));
    }
    return rule_errors::kSyntax;
}

// "~pattern", or "%R~", "%W~", "%RW~" before it.
Status Selector::add_key_pattern(std::string_view rule) {
    if (all_keys_) return rule_errors::kPatternAfterAllKeys;
    uint8_t rights = 0;
    size_t at = 1;
    // Compat: without a '~' the pattern is empty.
    while (rule.front() == '%' && at < rule.size() && rule[at] != '~') {
        const char letter = to_lower(rule[at++]);
        const uint8_t right = letter == 'r' ? kReadKey : letter == 'w' ? kWriteKey : 0;
        if (right == 0 || (rights & right) != 0) return rule_errors::kSyntax;
        rights |= right;
    }
    if (rule.front() == '%') {
        if (rights == 0) return rule_errors::kSyntax;
        if (at < rule.size()) ++at;
    } else {
        rights = kReadKey | kWriteKey;
    }
    const std::string_view pattern = rule.substr(at);
    if (has_blanks(pattern)) return rule_errors::kSyntax;
    auto entry = std::ranges::find(keys_, pattern, &KeyPattern::pattern);
    if (entry == keys_.end()) entry = keys_.insert(entry, {0, std::string(pattern)});
    entry->rights |= rights;
    // However it came about, it is shown as what sets this flag.
    if (pattern == "*" && entry->rights == (kReadKey | kWriteKey)) {
        all_keys_ = true;
        keys_.clear();
    }
    return done();
}

Status Selector::add_channel(std::string_view pattern) {
    if (all_channels_) return rule_errors::kPatternAfterAllChannels;
    if (has_blanks(pattern)) return rule_errors::kSyntax;
    if (std::ranges::find(channels_, pattern) == channels_.end()) {
        channels_.emplace_back(pattern);
    }
    return done();
}

Status Selector::set_databases(std::string_view list) {
    std::vector<int> numbers;
    for (;;) {
        const size_t comma = list.find(',');
        numbers.push_back(TRY(parse_database(std::string(list.substr(0, comma)))));
        if (comma == std::string_view::npos) break;
        list.remove_prefix(comma + 1);
    }
    std::ranges::sort(numbers);
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    databases_ = std::move(numbers);
    all_databases_ = false;
    return done();
}

// --- questions ---

bool Selector::allows_key(std::string_view key, uint8_t rights) const {
    if (all_keys_) return true;
    return std::ranges::any_of(keys_, [&](const KeyPattern& each) {
        return (each.rights & rights) == rights && glob_match(each.pattern, key);
    });
}

bool Selector::allows_all_keys(uint8_t rights) const {
    if (all_keys_) return true;
    return std::ranges::any_of(keys_, [&](const KeyPattern& each) {
        return (each.rights & rights) == rights && each.pattern == "*";
    });
}

bool Selector::allows_channel(std::string_view name, bool is_pattern) const {
    if (all_channels_) return true;
    return std::ranges::any_of(channels_, [&](const std::string& each) {
        return is_pattern ? each == name : glob_match(each, name);
    });
}

bool Selector::allows_database(int number) const {
    return all_databases_ || std::ranges::binary_search(databases_, number);
}

bool Selector::allows_all_databases(int count) const {
    for (int number = 0; number < count; ++number) {
        if (!allows_database(number)) return false;
    }
    return true;
}

// --- showing ---

std::string Selector::print_keys() const {
    if (all_keys_) return "~*";
    std::string text;
    for (const KeyPattern& each : keys_) {
        if (!text.empty()) text += ' ';
        if (each.rights == kReadKey) text += "%R";
        if (each.rights == kWriteKey) text += "%W";
        text += '~';
        text += each.pattern;
    }
    return text;
}

std::string Selector::print_channels() const {
    if (all_channels_) return "&*";
    std::string text;
    for (const std::string& each : channels_) {
        if (!text.empty()) text += ' ';
        text += '&';
        text += each;
    }
    return text;
}

std::string Selector::print_databases() const {
    if (all_databases_) return "alldbs";
    std::string text;
    for (int number : databases_) {
        text += text.empty() ? "db=" : ",";
        text += std::to_string(number);
    }
    return text;
}

std::string Selector::print() const {
    std::string text = print_keys();
    const auto add = [&](std::string_view part) {
        if (part.empty()) return;
        if (!text.empty()) text += ' ';
        text += part;
    };
    // What every new selector has is not said: no keys, all databases.
    if (!all_channels_) add("resetchannels");
    add(print_channels());
    if (!all_databases_) add(databases_.empty() ? "resetdbs" : print_databases());
    add(commands_.print());
    return text;
}

}  // namespace millrace::engine::acl
