// SPDX-License-Identifier: BSD-3-Clause
#include "base/glob.h"

#include <utility>

#include "base/bytes.h"

namespace millrace {
namespace {

class Matcher {
public:
    Matcher(std::string_view pattern, LetterCase letter_case)
        : pattern_(pattern), ignore_case_(letter_case == LetterCase::Ignored) {}

    // A star commits to nothing: when a later part fails, only the last star takes one byte more,
    // since whatever an earlier one could take instead, the later one can reach as well.
    bool matches(std::string_view text) {
        size_t at = 0;
        size_t text_at = 0;
        size_t star = kNone;
        size_t star_text_at = 0;
        while (text_at < text.size()) {
            if (at < pattern_.size() && pattern_[at] == '*') {
                star = ++at;
                star_text_at = text_at;
            } else if (at < pattern_.size() && takes(at, text[text_at])) {
                ++text_at;
            } else if (star != kNone) {
                at = star;
                text_at = ++star_text_at;
            } else {
                return false;
            }
        }
        while (at < pattern_.size() && pattern_[at] == '*') ++at;
        return at == pattern_.size();
    }

private:
    static constexpr size_t kNone = SIZE_MAX;

    unsigned char fold(char letter) const {
        return static_cast<unsigned char>(ignore_case_ ? to_lower(letter) : letter);
    }

    // Whether the part of the pattern at `at`, which is no star, takes `letter`; moves behind it if so.
    bool takes(size_t& at, char letter) const {
        size_t next = at;
        bool taken = true;
        if (pattern_[next] == '[') {
            taken = set_takes(++next, letter);
        } else if (pattern_[next] == '?') {
            ++next;
        } else {
            if (pattern_[next] == '\\' && next + 1 < pattern_.size()) ++next;
            taken = fold(pattern_[next++]) == fold(letter);
        }
        if (taken) at = next;
        return taken;
    }

    // `at` stands behind the bracket, and afterwards behind the set.
    bool set_takes(size_t& at, char letter) const {
        const unsigned char wanted = fold(letter);
        const bool negated = at < pattern_.size() && pattern_[at] == '^';
        if (negated) ++at;
        bool found = false;
        while (at < pattern_.size() && pattern_[at] != ']') {
            const size_t left = pattern_.size() - at;
            if (pattern_[at] == '\\' && left >= 2) {
                // Compat: an escaped letter is compared as it is, even where case is ignored.
                found |= pattern_[at + 1] == letter;
                at += 2;
            } else if (left >= 3 && pattern_[at + 1] == '-') {
                unsigned char low = static_cast<unsigned char>(pattern_[at]);
                unsigned char high = static_cast<unsigned char>(pattern_[at + 2]);
                if (low > high) std::swap(low, high);
                low = fold(static_cast<char>(low));
                high = fold(static_cast<char>(high));
                found |= wanted >= low && wanted <= high;
                at += 3;
            } else {
                found |= fold(pattern_[at]) == wanted;
                ++at;
            }
        }
        if (at < pattern_.size()) ++at;
        return found != negated;
    }

    std::string_view pattern_;
    bool ignore_case_;
};

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text, LetterCase letter_case) {
    // Compat: not even a star matches an empty text. KEYS and SCAN know a lone star themselves.
    if (text.empty()) return pattern.empty();
    return Matcher(pattern, letter_case).matches(text);
}

}  // namespace millrace
