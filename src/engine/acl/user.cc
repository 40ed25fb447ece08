// SPDX-License-Identifier: BSD-3-Clause
#include "engine/acl/user.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/quote.h"
#include "base/sha256.h"
#include "base/token.h"
#include "engine/acl/rule_errors.h"
#include "engine/acl/rule_text.h"

namespace millrace::engine::acl {
namespace {

bool is_hash(std::string_view text) {
    constexpr size_t kDigits = 64;
    return text.size() == kDigits &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Takes as long for any two texts of one length.
bool is_same_secret(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned char differences = 0;
    for (size_t at = 0; at < a.size(); ++at) {
        differences |= static_cast<unsigned char>(a[at] ^ b[at]);
    }
    return differences == 0;
}

}  // namespace

User::User(std::string name, const RuleContext& context) : name_(std::move(name)) {
    selectors_.emplace_back(context.commands, context.all_channels);
}

bool User::apply_word(std::string_view rule, const RuleContext& context) {
    const auto is = [&](std::string_view word) { return is_token(rule, word); };
    if (is("on") || is("off")) {
        enabled_ = is("on");
    } else if (is("nopass") || is("resetpass")) {
        no_password_ = is("nopass");
        password_hashes_.clear();
    } else if (is("clearselectors")) {
        selectors_.erase(selectors_.begin() + 1, selectors_.end());
    } else if (is("reset")) {
        *this = User(std::move(name_), context);
    } else {
        // Compat: words of older versions without a meaning.
        return is("sanitize-payload") || is("skip-sanitize-payload");
    }
    return true;
}

Status User::apply(std::string_view rule, const RuleContext& context) {
    if (rule.empty()) return rule_errors::kSyntax;
    if (apply_word(rule, context)) return done();
    switch (rule.front()) {
        case '>':
        case '<':
        case '#':
        case '!':
            return apply_password(rule);
        case '(':
            if (!rule.ends_with(')')) return rule_errors::kSyntax;
            return add_selector(rule.substr(1, rule.size() - 2), context);
        default:
            return selectors_.front().apply(rule);
    }
}

Status User::apply_password(std::string_view rule) {
    const char kind = rule.front();
    const bool is_hashed = kind == '#' || kind == '!';
    const std::string_view text = rule.substr(1);
    if (is_hashed && !is_hash(text)) return rule_errors::kBadPasswordHash;
    std::string hash = is_hashed ? std::string(text) : sha256_hexadecimal(text);
    const auto found = std::ranges::find(password_hashes_, hash);
    if (kind == '>' || kind == '#') {
        no_password_ = false;
        if (found == password_hashes_.end()) password_hashes_.push_back(std::move(hash));
        return done();
    }
    if (found == password_hashes_.end()) return rule_errors::kNoSuchPassword;
    password_hashes_.erase(found);
    return done();
}

Status User::add_selector(std::string_view rules, const RuleContext& context) {
    const auto words = split_arguments(rules);
    if (!words.ok()) return rule_errors::kSyntax;
    Selector selector(context.commands, context.all_channels);
    for (const std::string& word : words.value()) TRY(selector.apply(word));
    selectors_.push_back(std::move(selector));
    return done();
}

bool User::is_password(std::string_view password) const {
    if (no_password_) return true;
    const std::string hash = sha256_hexadecimal(password);
    bool found = false;
    for (const std::string& each : password_hashes_) found |= is_same_secret(each, hash);
    return found;
}

std::string User::print() const {
    std::string text = enabled_ ? "on " : "off ";
    if (no_password_) text += "nopass ";
    for (const std::string& hash : password_hashes_) text += "#" + hash + " ";
    text += selectors_.front().print();
    for (size_t at = 1; at < selectors_.size(); ++at) {
        text += " (" + quote_words(selectors_[at].print(), true) + ")";
    }
    return text;
}

}  // namespace millrace::engine::acl
