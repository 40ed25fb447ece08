// SPDX-License-Identifier: BSD-3-Clause
//
// What part of a sorted set is meant: between two scores, or between two members where all scores
// are equal.
//
// Both kinds of range say of a place whether it lies before the range or behind it.
//
// Threads: any; values. Texts belong to the caller.
#pragma once

#include <string_view>

namespace millrace::values {

struct ScoreRange {
    double min;
    double max;
    bool min_exclusive = false;
    bool max_exclusive = false;

    bool is_before(double score, std::string_view) const {
        return min_exclusive ? score <= min : score < min;
    }
    bool is_behind(double score, std::string_view) const {
        return max_exclusive ? score >= max : score > max;
    }
    bool is_empty() const { return min > max || (min == max && (min_exclusive || max_exclusive)); }
    static constexpr bool kReadsMembers = false;
};

struct MemberBound {
    enum class Kind { Lowest, Inclusive, Exclusive, Highest };
    Kind kind;
    std::string_view text = {};
};

struct MemberRange {
    MemberBound min;
    MemberBound max;

    bool is_before(double, std::string_view member) const {
        switch (min.kind) {
            case MemberBound::Kind::Lowest:
                return false;
            case MemberBound::Kind::Inclusive:
                return member < min.text;
            case MemberBound::Kind::Exclusive:
                return member <= min.text;
            case MemberBound::Kind::Highest:
                return true;
        }
        return true;
    }
    bool is_behind(double, std::string_view member) const {
        switch (max.kind) {
            case MemberBound::Kind::Lowest:
                return true;
            case MemberBound::Kind::Inclusive:
                return member > max.text;
            case MemberBound::Kind::Exclusive:
                return member >= max.text;
            case MemberBound::Kind::Highest:
                return false;
        }
        return true;
    }
    bool is_empty() const {
        const bool endless =
            min.kind == MemberBound::Kind::Lowest || max.kind == MemberBound::Kind::Highest;
        if (endless) return false;
        if (min.kind == MemberBound::Kind::Highest || max.kind == MemberBound::Kind::Lowest)
            return true;
        const bool exclusive =
            min.kind == MemberBound::Kind::Exclusive || max.kind == MemberBound::Kind::Exclusive;
        return min.text > max.text || (min.text == max.text && exclusive);
    }
    static constexpr bool kReadsMembers = true;
};

}  // namespace millrace::values
