// SPDX-License-Identifier: BSD-3-Clause
#include "engine/acl/user_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/acl/rule_errors.h"
#include "engine/acl/rule_text.h"

namespace millrace::engine::acl {
namespace {

std::string_view trim(std::string_view line) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return line.substr(begin, line.find_last_not_of(kBlanks) - begin + 1);
}

// Compat: by single spaces, so that two of them have an empty word between them.
std::vector<std::string_view> split_by_spaces(std::string_view line) {
    std::vector<std::string_view> words;
    for (;;) {
        const size_t space = line.find(' ');
        words.push_back(line.substr(0, space));
        if (space == std::string_view::npos) return words;
        line.remove_prefix(space + 1);
    }
}

// Reads the lines of one file.
class FileReader {
public:
    FileReader(std::string_view file_name, const RuleContext& context)
        : file_name_(file_name), context_(context) {}

    void read(std::string_view line) {
        ++number_;
        line = trim(line);
        if (line.empty()) return;
        const std::vector<std::string_view> words = split_by_spaces(line);
        if (words[0] != "user" || words.size() < 2) {
            return complain("{}:{} should start with user keyword followed by the username. ",
                            file_name_, number_);
        }
        // Compat: the odd quote at the front.
        if (!is_good_name(words[1])) {
            return complain("'{}:{}: username '{}' contains invalid characters. ", file_name_,
                            number_, words[1]);
        }
        read_user(words[1], std::span(words).subspan(2));
    }

    Result<UserTable> finish() && {
        if (errors_.empty()) return std::move(users_);
        errors_ +=
            "WARNING: ACL errors detected, no change to the previously active ACL rules was "
            "performed";
        return Error(std::move(errors_));
    }

private:
    template <typename... Values>
    void complain(fmt::format_string<Values...> format, Values&&... values) {
        fmt::format_to(std::back_inserter(errors_), format, std::forward<Values>(values)...);
    }

    void read_user(std::string_view name, std::span<const std::string_view> words) {
        if (users_.contains(name)) {
            return complain("WARNING: Duplicate user '{}' found on line {}. ", name, number_);
        }
        std::vector<std::string> rules;
        std::string unmatched;
        if (!join_selectors(words, rules, unmatched)) {
            return complain("{}:{}: Unmatched parenthesis in selector definition.", file_name_,
                            number_);
        }
        auto user = std::make_shared<User>(std::string(name), context_);
        apply_all(*user, rules);
        users_.emplace(name, std::move(user));
    }

    // Unknown commands are all named; of other errors only the first, since those after it may
    // come of it.
    void apply_all(User& user, const std::vector<std::string>& rules) {
        bool failed = false;
        for (const std::string& rule : rules) {
            const Status status = user.apply(trim(rule), context_);
            if (status.ok()) continue;
            const std::string_view why = status.error().text();
            if (why == rule_errors::kUnknownCommand.text) {
                complain("{}:{}: Error in applying operation '{}': {}. ", file_name_, number_,
                         rule, why);
            } else if (!failed) {
                complain("{}:{}: {}. ", file_name_, number_, why);
                failed = true;
            }
        }
    }

    const std::string_view file_name_;
    const RuleContext& context_;
    size_t number_ = 0;
    UserTable users_;
    std::string errors_;
};

}  // namespace

bool is_good_name(std::string_view name) {
    return !has_blanks(name);
}

User make_default_user(const RuleContext& context) {
    User user("default", context);
    for (std::string_view rule : {"+@all", "~*", "&*", "on", "nopass"}) {
        CHECK(user.apply(rule, context).ok());
    }
    return user;
}

bool join_selectors(std::span<const std::string_view> words, std::vector<std::string>& rules,
                    std::string& unmatched) {
    std::string selector;
    for (std::string_view word : words) {
        if (selector.empty()) {
            const bool opens = word.starts_with('(') && !word.ends_with(')');
            (opens ? selector : rules.emplace_back()) = word;
            if (opens) unmatched = word;
            continue;
        }
        selector += ' ';
        selector += word;
        if (word.ends_with(')')) rules.push_back(std::exchange(selector, {}));
    }
    return selector.empty();
}

Status declare_user(std::span<const std::string> words, const RuleContext& context,
                    std::vector<UserDeclaration>& declared) {
    const std::string& name = words[0];
    const auto refuse = [](std::string_view where, std::string_view why) {
        return Error(fmt::format("Error in user declaration '{}': {}", where, why));
    };
    if (std::ranges::find(declared, name, &UserDeclaration::name) != declared.end()) {
        return refuse(name, rule_errors::kDuplicateUser.text);
    }
    const std::vector<std::string_view> views(words.begin() + 1, words.end());
    UserDeclaration declaration{.name = name, .rules = {}};
    std::string unmatched;
    if (!join_selectors(views, declaration.rules, unmatched)) return refuse(name, "Wrong format");

    User trial(name, context);
    for (size_t at = 0; at < declaration.rules.size(); ++at) {
        const Status status = trial.apply(declaration.rules[at], context);
        // Commands may come with modules; they are looked for when the server starts.
        if (status.ok() || status.error().text() == rule_errors::kUnknownCommand.text) continue;
        // Compat: the word shown is two before the one that is wrong.
        return refuse(at == 0 ? "user" : views.size() >= at && at >= 2 ? views[at - 2] : name,
                      status.error().text());
    }
    declared.push_back(std::move(declaration));
    return done();
}

Result<UserTable> parse_users(std::string_view text, std::string_view file_name,
                              const RuleContext& context) {
    FileReader reader(file_name, context);
    while (!text.empty()) {
        const size_t end = text.find('\n');
        reader.read(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return std::move(reader).finish();
}

std::string print_users(const UserTable& users) {
    std::string text;
    for (const auto& [name, user] : users) {
        text += "user " + name + " " + user->print() + "\n";
    }
    return text;
}

}  // namespace millrace::engine::acl
