// SPDX-License-Identifier: BSD-3-Clause
//
// A set of strings. One of few integers is an intset; a small one is a listpack, in the order in
// which members came; others are tables. It moves on in this order only, when a member comes that
// does not fit.
//
// Owner:   its entry.
// Threads: main thread; destroyed on any.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "keyspace/collection.h"
#include "structures/intset.h"
#include "structures/listpack.h"
#include "structures/packed_set.h"
#include "structures/small_or_large.h"
#include "values/growth_rules.h"
#include "values/member_table.h"
#include "values/text.h"

namespace millrace::values {

class Set final : public keyspace::Collection {
public:
    static constexpr keyspace::ValueType kType = keyspace::ValueType::Set;

    enum class Form : uint8_t { Integers, Pack, Table };

    // Empty, in the form of integers.
    Set() = default;
    // Empty, in the given form.
    Set(Form form, const SipKey& seed);
    // Empty, in the form that suits about `count` members of which `first` is one.
    Set(std::string_view first, size_t count, const GrowthRules& rules);
    // Of blobs that have been checked; members of a listpack are distinct.
    explicit Set(structures::Intset integers) : form_(structures::PackedSet(std::move(integers))) {}
    explicit Set(structures::Listpack members) : form_(structures::PackedSet(std::move(members))) {}
    explicit Set(std::unique_ptr<MemberTable> table) : form_(std::move(table)) {}

    keyspace::ValueType type() const override { return kType; }
    std::string_view encoding() const override;
    uint64_t size() const override;
    size_t memory_bytes(size_t samples) const override;
    std::unique_ptr<Collection> clone() const override;
    std::unique_ptr<Collection> freeze() override;
    void thaw() override { form_.large().thaw(); }
    uint64_t renew_step(uint64_t position) override {
        return form_.is_large() ? form_.large().renew_step(position) : 0;
    }
    size_t blocks() const override;
    void digest(keyspace::ValueDigest& digest) const override;
    const void* contents() const override { return form_.target(); }
    uint64_t fetch_place(std::string_view element) const override {
        return form_.is_large() ? form_.large().fetch_place(element) : 0;
    }
    void fetch_element(uint64_t place) const override {
        if (place != 0) form_.large().fetch_member(place);
    }

    Form form() const {
        if (form_.is_large()) return Form::Table;
        return form_.small().is_integers() ? Form::Integers : Form::Pack;
    }

    // --- reading ---

    bool contains(std::string_view member) const;
    // Any member; the set is not empty.
    void pick(uint64_t entropy, Text& member) const;
    template <typename Visitor>
    void for_each(Visitor&& visitor) const {
        (void)for_each_while([&](std::string_view member) {
            visitor(member);
            return true;
        });
    }
    // Until the visitor returns false.
    template <typename Visitor>
    bool for_each_while(Visitor&& visitor) const;
    // Visits some members; returns the cursor for the next step, and 0 begins and ends.
    template <typename Visitor>
    uint64_t scan(uint64_t cursor, Visitor&& visitor) const;

    // --- changes ---

    // To be called once before `count` members are added: becomes a table if they may be too many.
    void prepare(size_t count, const GrowthRules& rules);
    bool add(std::string_view member, const GrowthRules& rules);  // False: it is there already.
    bool erase(std::string_view member);
    // Turns into integers if it is small and of nothing else.
    // Compat: only results of operations on sets ever do.
    void become_integers_if_small(const GrowthRules& rules);

    // Two of the three are null.
    const structures::Intset* integers() const {
        return form() == Form::Integers ? &form_.small().integers() : nullptr;
    }
    const structures::Listpack* pack() const {
        return form() == Form::Pack ? &form_.small().pack() : nullptr;
    }
    const MemberTable* table() const { return form_.large_or_null(); }

private:
    using Position = structures::Listpack::Position;
    static constexpr Position kNone = structures::Listpack::kNone;

    void become_table(const GrowthRules& rules);
    void become_pack();
    bool add_to_integers(std::string_view member, const GrowthRules& rules);
    bool add_to_pack(std::string_view member, const GrowthRules& rules);
    bool add_to_table(std::string_view member);

    structures::SmallOrLarge<structures::PackedSet, MemberTable> form_;
};

template <typename Visitor>
bool Set::for_each_while(Visitor&& visitor) const {
    char digits[24];
    if (const auto* numbers = integers()) {
        for (size_t i = 0; i < numbers->size(); ++i) {
            if (!visitor(std::string_view(digits, format_integer(digits, numbers->at(i)))))
                return false;
        }
        return true;
    }
    if (const auto* members = pack()) {
        for (Position at = members->first(); at != kNone; at = members->next(at)) {
            if (!visitor(members->view(at, digits))) return false;
        }
        return true;
    }
    return table()->for_each_while([&](const Member& member) { return visitor(member.name()); });
}

template <typename Visitor>
uint64_t Set::scan(uint64_t cursor, Visitor&& visitor) const {
    if (table() == nullptr) {
        for_each(visitor);
        return 0;
    }
    return table()->scan(cursor, [&](const Member& member) { visitor(member.name()); });
}

}  // namespace millrace::values
