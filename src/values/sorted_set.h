// SPDX-License-Identifier: BSD-3-Clause
//
// A sorted set: members with scores, in order of (score, member).
//
//     small   one listpack: member, score, member, score ... in order
//     large   a table: member -> element, and a ranked tree of the same elements
//
// A frozen version has the tree alone. While there is one, an element that gets another score is
// made anew, so that those of the version keep theirs.
//
// A small one becomes large when an element is added that exceeds the limits of its settings, and
// never small again, except that results that are stored whole choose their form afresh.
//
// Scores that are whole numbers stand in the listpack as integers, so that it is what RDB files
// hold. Compat: that drops the sign of a zero.
//
// Owner:   the entry.
// Threads: main thread; destroyed on any.
// Invariants: check_invariants().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/siphash.h"
#include "keyspace/collection.h"
#include "keyspace/settings.h"
#include "structures/hash_table.h"
#include "structures/listpack.h"
#include "structures/ranked_tree.h"
#include "structures/small_or_large.h"
#include "values/score_range.h"

namespace millrace::values {

// A member with its score, anywhere.
struct ScoredMember {
    double score;
    std::string_view member;
    bool operator<(const ScoredMember& other) const {
        return structures::ranked_before(score, member, other.score, other.member);
    }
};

class SortedSet final : public keyspace::Collection {
    struct Large;

public:
    static constexpr keyspace::ValueType kType = keyspace::ValueType::SortedSet;

    // When a sorted set becomes large, and the seed of the table of members that it has then.
    struct Limits {
        uint64_t entries;
        uint64_t member_bytes;
        SipKey seed{};
        static Limits of(const keyspace::EncodingSettings& settings, const SipKey& seed) {
            return {settings.zset_max_listpack_entries, settings.zset_max_listpack_value, seed};
        }
        bool allow(uint64_t count, uint64_t longest_member_bytes) const {
            return count <= entries && longest_member_bytes <= member_bytes;
        }
    };

    // Walks the elements; good until the next change.
    class Cursor {
    public:
        Cursor() = default;
        explicit operator bool() const {
            return pack_ != nullptr ? position_ != structures::Listpack::kNone
                                    : static_cast<bool>(tree_);
        }
        // Good until the cursor moves or goes.
        std::string_view member() const;
        double score() const;
        uint64_t rank() const { return pack_ != nullptr ? rank_ : tree_.rank(); }
        // Beyond either end the cursor becomes false.
        void next();
        void previous();
        void step(bool backward) { backward ? previous() : next(); }

    private:
        friend class SortedSet;
        explicit Cursor(structures::RankedTree::Cursor tree) : tree_(tree) {}
        Cursor(const structures::Listpack& pack, structures::Listpack::Position position,
               uint64_t rank)
            : pack_(&pack), position_(position), rank_(rank) {}

        const structures::Listpack* pack_ = nullptr;
        structures::Listpack::Position position_ = structures::Listpack::kNone;  // Of the member.
        uint64_t rank_ = 0;
        mutable char digits_[24];
        structures::RankedTree::Cursor tree_;
    };

    SortedSet() = default;
    // Of members and scores in turns, in order; and of a large one's insides.
    explicit SortedSet(structures::Listpack pack) : form_(std::move(pack)) {}
    explicit SortedSet(std::unique_ptr<Large> large) : form_(std::move(large)) {}

    // A sorted set of these elements, in the form that the limits allow. They come in order, each
    // member once.
    static std::unique_ptr<SortedSet> of(const Limits& limits,
                                         const std::vector<ScoredMember>& elements);
    // From the listpack of an RDB file: members and scores in turns. Refuses wrong order, members
    // that come twice, and scores that are not numbers.
    static Result<std::unique_ptr<SortedSet>> from_listpack(structures::Listpack pack);

    keyspace::ValueType type() const override { return kType; }
    std::string_view encoding() const override;
    uint64_t size() const override;
    size_t memory_bytes(size_t samples) const override;
    std::unique_ptr<keyspace::Collection> clone() const override;
    std::unique_ptr<keyspace::Collection> freeze() override;
    void thaw() override;
    // The table of a large one; its elements stay, and the tree.
    uint64_t renew_step(uint64_t position) override {
        return is_large() ? large().table.renew_segment(position) : 0;
    }
    size_t blocks() const override;
    void digest(keyspace::ValueDigest& digest) const override;

    // The listpack of a small one, null of a large one.
    const void* contents() const override { return form_.target(); }
    uint64_t fetch_place(std::string_view element) const override;
    void fetch_element(uint64_t place) const override;
    const structures::Listpack* listpack() const {
        return form_.is_large() ? nullptr : &form_.small();
    }

    // --- looking ---

    std::optional<double> score(std::string_view member) const;
    struct Ranked {
        uint64_t rank;
        double score;
    };
    std::optional<Ranked> rank(std::string_view member) const;

    Cursor first() const { return at(0); }
    Cursor last() const { return size() == 0 ? Cursor() : at(size() - 1); }
    Cursor at(uint64_t rank) const;
    // The first element that does not come before a range.
    template <typename Range>
    Cursor first_in(const Range& range) const;
    // Where the elements of a range stand.
    struct Span {
        uint64_t first;
        uint64_t count;
    };
    template <typename Range>
    Span span_of(const Range& range) const;

    // Visits some elements as (member, score), and returns the cursor for the next step; 0 begins
    // and ends. A small one is visited as a whole.
    template <typename Visitor>
    uint64_t scan(uint64_t cursor, Visitor&& visitor) const;

    // --- changing ---

    enum class Outcome { Added, Changed, Same };
    // Gives a member a score, which is a number.
    Outcome put(std::string_view member, double score, const Limits& limits);
    bool erase(std::string_view member);
    // Erases elements by rank; they exist.
    void erase(Span span);
    // Becomes large unless the limits allow so many elements and members of that length.
    void enlarge_unless(const Limits& limits, uint64_t count, uint64_t longest_member_bytes) {
        if (!is_large() && !limits.allow(count, longest_member_bytes)) enlarge(limits.seed);
    }

    void check_invariants() const;

private:
    struct ElementTraits {
        using Element = structures::RankedElement;
        SipKey seed;
        uint64_t hash_member(std::string_view member) const {
            return siphash13(member.data(), member.size(), seed);
        }
        uint64_t hash(const Element& element) const { return hash_member(element.member()); }
        bool equal(const Element& element, std::string_view member) const {
            return equal_bytes(element.member(), member);
        }
    };
    struct Large {
        explicit Large(const SipKey& seed) : traits{seed}, table(traits) {}
        Large(structures::AsVersion as_version, const Large& original);
        ~Large();
        Large(const Large&) = delete;
        Large& operator=(const Large&) = delete;
        structures::RankedElement* find(std::string_view member) const;
        void add(double score, std::string_view member);
        void rescore(structures::RankedElement* element, double score);
        void forget(structures::RankedElement* element);
        void give_up(structures::RankedElement* element);

        ElementTraits traits;
        structures::HashTable<ElementTraits> table;
        structures::RankedTree tree;
        Large* version = nullptr;                          // The one that is being read.
        std::unique_ptr<structures::Leftovers> leftovers;  // Of a version.
    };
    using Position = structures::Listpack::Position;

    bool is_large() const { return form_.is_large(); }
    Large& large() const { return form_.large(); }
    structures::Listpack& pack() { return form_.small(); }
    const structures::Listpack& pack() const { return form_.small(); }
    void enlarge(const SipKey& seed);
    double score_at(Position member) const;
    Position find_small(std::string_view member) const;
    void insert_small(std::string_view member, double score);
    Outcome put_large(std::string_view member, double score);

    structures::SmallOrLarge<structures::Listpack, Large> form_;
};

template <typename Range>
auto SortedSet::first_in(const Range& range) const -> Cursor {
    if (is_large()) {
        return Cursor(
            large().tree.first_not([&](double score, const structures::RankedElement& element) {
                return range.is_before(
                    score, Range::kReadsMembers ? element.member() : std::string_view());
            }));
    }
    Cursor cursor = first();
    while (cursor && range.is_before(cursor.score(), cursor.member())) cursor.next();
    return cursor;
}

template <typename Range>
auto SortedSet::span_of(const Range& range) const -> Span {
    if (range.is_empty()) return {0, 0};
    if (!is_large()) {
        const auto text_of = [](const Cursor& cursor) {
            return Range::kReadsMembers ? cursor.member() : std::string_view();
        };
        Span span{0, 0};
        Cursor cursor = first();
        for (; cursor && range.is_before(cursor.score(), text_of(cursor)); cursor.next())
            ++span.first;
        for (; cursor && !range.is_behind(cursor.score(), text_of(cursor)); cursor.next())
            ++span.count;
        return span;
    }
    using Element = structures::RankedElement;
    const auto member_of = [](const Element& element) {
        return Range::kReadsMembers ? element.member() : std::string_view();
    };
    const uint64_t first = large().tree.count_that([&](double score, const Element& element) {
        return range.is_before(score, member_of(element));
    });
    const uint64_t end = large().tree.count_that([&](double score, const Element& element) {
        return !range.is_behind(score, member_of(element));
    });
    return {first, end > first ? end - first : 0};
}

template <typename Visitor>
uint64_t SortedSet::scan(uint64_t cursor, Visitor&& visitor) const {
    if (!is_large()) {
        for (Cursor at = first(); at; at.next()) visitor(at.member(), at.score());
        return 0;
    }
    return large().table.scan(cursor, [&](structures::RankedElement* element, unsigned) {
        visitor(element->member(), element->score);
    });
}

}  // namespace millrace::values
