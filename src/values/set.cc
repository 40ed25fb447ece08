// SPDX-License-Identifier: BSD-3-Clause
#include "values/set.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/numbers.h"

namespace millrace::values {

using keyspace::ValueDigest;
using structures::Intset;
using structures::Listpack;
using structures::PackedSet;

namespace {

size_t integers_max(const GrowthRules& rules) {
    return std::min<size_t>(rules.encodings.set_max_intset_entries, Intset::kSizeMax);
}

size_t digits_of(int64_t number) {
    char digits[24];
    return format_integer(digits, number);
}

}  // namespace

Set::Set(Form form, const SipKey& seed) {
    if (form == Form::Pack) form_.become(PackedSet(Listpack()));
    if (form == Form::Table) form_.become(std::make_unique<MemberTable>(seed));
}

Set::Set(std::string_view first, size_t count, const GrowthRules& rules) {
    if (count <= rules.encodings.set_max_intset_entries && parse_integer(first)) return;
    if (count <= rules.encodings.set_max_listpack_entries) {
        form_.become(PackedSet(Listpack()));
    } else {
        become_table(rules);
    }
}

std::string_view Set::encoding() const {
    if (form() == Form::Integers) return "intset";
    return form() == Form::Pack ? "listpack" : "hashtable";
}

uint64_t Set::size() const {
    if (const auto* numbers = integers()) return numbers->size();
    if (const auto* members = pack()) return members->size();
    return table()->size();
}

size_t Set::memory_bytes(size_t samples) const {
    if (const auto* numbers = integers()) return sizeof(Set) + numbers->memory_bytes();
    if (const auto* members = pack()) return sizeof(Set) + members->memory_bytes();
    return sizeof(Set) + table()->memory_bytes(samples);
}

size_t Set::blocks() const {
    return table() == nullptr ? 2 : 1 + table()->blocks();
}

std::unique_ptr<keyspace::Collection> Set::clone() const {
    if (const auto* numbers = integers()) return std::make_unique<Set>(numbers->clone());
    if (const auto* members = pack()) return std::make_unique<Set>(members->clone());
    return std::make_unique<Set>(std::make_unique<MemberTable>(structures::AsCopy{}, *table()));
}

std::unique_ptr<keyspace::Collection> Set::freeze() {
    if (form() != Form::Table) return nullptr;
    return std::make_unique<Set>(form_.large().freeze());
}

void Set::digest(ValueDigest& digest) const {
    for_each([&](std::string_view member) { digest.add(member); });
}

bool Set::contains(std::string_view member) const {
    if (const auto* numbers = integers()) {
        const auto number = parse_integer(member);
        return number && numbers->contains(*number);
    }
    if (const auto* members = pack()) return members->find(member, members->first()) != kNone;
    return static_cast<bool>(table()->find(member));
}

void Set::pick(uint64_t entropy, Text& member) const {
    if (const auto* numbers = integers()) return member.set(numbers->at(entropy % size()));
    if (const auto* members = pack()) {
        return member.set(*members, members->at(static_cast<int64_t>(entropy % size())));
    }
    member.set(table()->random(entropy).name());
}

// ---- Changes ----

void Set::prepare(size_t count, const GrowthRules& rules) {
    const bool many = (form() == Form::Pack && count > rules.encodings.set_max_listpack_entries) ||
                      (form() == Form::Integers && count > rules.encodings.set_max_intset_entries);
    if (many) become_table(rules);
}

bool Set::add(std::string_view member, const GrowthRules& rules) {
    if (form() == Form::Integers) return add_to_integers(member, rules);
    if (form() == Form::Pack) return add_to_pack(member, rules);
    return add_to_table(member);
}

bool Set::add_to_integers(std::string_view member, const GrowthRules& rules) {
    Intset& numbers = form_.small().integers();
    if (const auto number = parse_integer(member)) {
        if (!numbers.insert(*number)) return false;
        if (numbers.size() > integers_max(rules)) become_table(rules);
        return true;
    }
    size_t longest = 0;
    if (!numbers.empty()) {
        longest = std::max(digits_of(numbers.at(0)), digits_of(numbers.at(numbers.size() - 1)));
    }
    const bool fits = numbers.size() < rules.encodings.set_max_listpack_entries &&
                      std::max(member.size(), longest) <= rules.encodings.set_max_listpack_value;
    if (!fits) {
        become_table(rules);
        return add_to_table(member);
    }
    become_pack();
    form_.small().pack().append(member);
    return true;
}

bool Set::add_to_pack(std::string_view member, const GrowthRules& rules) {
    Listpack& members = form_.small().pack();
    if (members.find(member, members.first()) != kNone) return false;
    const bool fits = members.size() < rules.encodings.set_max_listpack_entries &&
                      member.size() <= rules.encodings.set_max_listpack_value &&
                      members.fits(member.size());
    if (fits) {
        members.append(member);
        return true;
    }
    become_table(rules);
    return add_to_table(member);
}

bool Set::add_to_table(std::string_view member) {
    const auto found = form_.large().find(member);
    if (found) return false;
    form_.large().insert(found, member);
    return true;
}

bool Set::erase(std::string_view member) {
    if (form() == Form::Integers) {
        const auto number = parse_integer(member);
        return number && form_.small().integers().erase(*number);
    }
    if (form() == Form::Pack) {
        Listpack& members = form_.small().pack();
        const Position at = members.find(member, members.first());
        if (at != kNone) members.erase(at);
        return at != kNone;
    }
    const auto found = form_.large().find(member);
    if (found) form_.large().erase(found);
    return static_cast<bool>(found);
}

void Set::become_table(const GrowthRules& rules) {
    auto fresh = std::make_unique<MemberTable>(rules.seed);
    for_each([&](std::string_view member) { fresh->insert(member); });
    form_.become(std::move(fresh));
}

void Set::become_pack() {
    Listpack fresh;
    const Intset& numbers = *integers();
    for (size_t i = 0; i < numbers.size(); ++i) fresh.insert_number(kNone, numbers.at(i));
    form_.become(PackedSet(std::move(fresh)));
}

void Set::become_integers_if_small(const GrowthRules& rules) {
    if (form() == Form::Integers || size() > integers_max(rules)) return;
    Intset fresh;
    const bool all = for_each_while([&](std::string_view member) {
        const auto number = parse_integer(member);
        if (number) fresh.insert(*number);
        return number.has_value();
    });
    if (all) form_.become(PackedSet(std::move(fresh)));
}

}  // namespace millrace::values
