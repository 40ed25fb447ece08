// SPDX-License-Identifier: BSD-3-Clause
#include "config/kinds.h"

namespace millrace::config {

Error not_one_of(const std::vector<std::string_view>& names) {
    std::string text = "argument(s) must be one of the following: ";
    for (size_t i = 0; i < names.size(); ++i) {
        if (i > 0) text += ", ";
        text += names[i];
    }
    return Error(std::move(text));
}

Result<bool> BoolSetting::parse(Words words, Source) const {
    const bool value = TRY(parse_yes_no(words[0]));
    if (validate_) TRY(validate_(value));
    return value;
}

Result<uint32_t> FlagSetting::parse(Words words, Source) const {
    std::vector<std::string_view> names;
    for (const auto& choice : choices_) names.push_back(choice.name);

    uint32_t value = 0;
    for (const std::string& word : words) {
        bool found = false;
        for (const auto& choice : choices_) {
            if (!equal_ignoring_case(choice.name, word)) continue;
            value |= choice.value;
            found = true;
        }
        if (!found) return not_one_of(names);
    }
    if (words.empty()) return not_one_of(names);
    if (validate_) TRY(validate_(value));
    return value;
}

std::string FlagSetting::print_value(const uint32_t& value) const {
    std::string text;
    for (const auto& choice : choices_) {
        const bool chosen = value == 0 ? choice.value == 0 : (choice.value & value) != 0;
        if (!chosen) continue;
        if (!text.empty()) text += ' ';
        text += choice.name;
    }
    return text;
}

Result<std::string> TextSetting::parse(Words words, Source) const {
    if (validate_) TRY(validate_(words[0]));
    return words[0];
}

}  // namespace millrace::config
