// SPDX-License-Identifier: BSD-3-Clause
//
// A member with its score, in one allocation: what a large sorted set consists of.
//
// Elements are ordered by score, and by the bytes of the member where scores are equal.
//
// Owner:   the sorted set; trees and tables only point to elements.
// Threads: that of the owner; freed on any thread.
// Limits:  members of less than 4 GiB; a score is a number (never NaN).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/memory.h"

namespace millrace::structures {

struct RankedElement {
    double score;
    uint32_t member_bytes;
    char member_first[4];  // The member begins here and goes on behind the struct.

    std::string_view member() const {
        return {reinterpret_cast<const char*>(this) + kHeaderBytes, member_bytes};
    }
    size_t bytes() const { return kHeaderBytes + member_bytes; }

    static RankedElement* make(double score, std::string_view member) {
        auto* element = static_cast<RankedElement*>(allocate(kHeaderBytes + member.size()));
        element->score = score;
        element->member_bytes = static_cast<uint32_t>(member.size());
        if (!member.empty())
            std::memcpy(reinterpret_cast<char*>(element) + kHeaderBytes, member.data(),
                        member.size());
        return element;
    }
    static void free(RankedElement* element) { deallocate(element, element->bytes()); }

    static constexpr size_t kHeaderBytes = 12;
};

static_assert(offsetof(RankedElement, member_first) == RankedElement::kHeaderBytes);

// Whether score and member come before those of another element.
inline bool ranked_before(double score, std::string_view member, double other_score,
                          std::string_view other_member) {
    if (score != other_score) return score < other_score;
    return member < other_member;
}

}  // namespace millrace::structures
