// SPDX-License-Identifier: BSD-3-Clause
#include "values/hash.h"

#include <string>

namespace millrace::values {

using keyspace::kNoExpiry;
using structures::Listpack;

std::string_view Hash::encoding() const {
    return form_.is_large() ? "hashtable" : "listpack";
}

uint64_t Hash::size() const {
    return form_.is_large() ? form_.large().size() : form_.small().size() / 2;
}

size_t Hash::memory_bytes(size_t samples) const {
    return sizeof(Hash) +
           (form_.is_large() ? form_.large().memory_bytes(samples) : form_.small().memory_bytes());
}

size_t Hash::blocks() const {
    return form_.is_large() ? 1 + form_.large().blocks() : 2;
}

std::unique_ptr<keyspace::Collection> Hash::clone() const {
    if (!form_.is_large()) return std::make_unique<Hash>(form_.small().clone());
    return std::make_unique<Hash>(
        std::make_unique<MemberTable>(structures::AsCopy{}, form_.large()));
}

std::unique_ptr<keyspace::Collection> Hash::freeze() {
    if (!form_.is_large()) return nullptr;
    return std::make_unique<Hash>(form_.large().freeze());
}

void Hash::digest(keyspace::ValueDigest& digest) const {
    for_each(kAnyTime, [&](std::string_view field, std::string_view value) {
        keyspace::ValueDigest pair;
        pair.chain(field);
        pair.chain(value);
        digest.add(pair);
    });
}

bool Hash::get(std::string_view field, int64_t now_ms, Text& value) const {
    if (form_.is_large()) {
        const auto found = form_.large().find(field);
        if (!found || found->is_due(now_ms)) return false;
        value.set(found->value());
        return true;
    }
    const Position at = find_in_pack(field);
    if (at == kNone) return false;
    value.set(form_.small(), form_.small().next(at));
    return true;
}

bool Hash::contains(std::string_view field, int64_t now_ms) const {
    if (!form_.is_large()) return find_in_pack(field) != kNone;
    const auto found = form_.large().find(field);
    return found && !found->is_due(now_ms);
}

void Hash::pick(uint64_t entropy, Picked& picked) const {
    if (form_.is_large()) {
        const Member& member = form_.large().random(entropy);
        picked.field.set(member.name());
        picked.value.set(member.value());
        picked.expire_at_ms = member.expire_at_ms();
        return;
    }
    const Listpack& pack = form_.small();
    const Position at = pack.at(static_cast<int64_t>(entropy % size() * 2));
    picked.field.set(pack, at);
    picked.value.set(pack, pack.next(at));
    picked.expire_at_ms = kNoExpiry;
}

FieldBefore Hash::set_in_pack(std::string_view field, std::string_view value) {
    const Position at = find_in_pack(field);
    Listpack& pack = form_.small();
    if (at != kNone) {
        pack.replace(pack.next(at), value);
        return FieldBefore::There;
    }
    pack.append(field);
    pack.append(value);
    return FieldBefore::Missing;
}

FieldBefore Hash::set_in_table(std::string_view field, std::string_view value,
                               const FieldTime& time) {
    MemberTable& table = form_.large();
    const auto found = table.find(field);
    if (!found) {
        table.insert(found, field, value, time.expire_at_ms);
        return FieldBefore::Missing;
    }
    const bool due = found->is_due(time.now_ms);
    const bool keeps = time.keep_expiry && !due;
    table.assign(found, value, keeps ? found->expire_at_ms() : time.expire_at_ms);
    return due ? FieldBefore::Due : FieldBefore::There;
}

FieldBefore Hash::set(std::string_view field, std::string_view value, const GrowthRules& rules,
                      const FieldTime& time) {
    if (!form_.is_large()) {
        const size_t bytes_max = rules.encodings.hash_max_listpack_value;
        const bool fits = field.size() <= bytes_max && value.size() <= bytes_max &&
                          time.expire_at_ms == kNoExpiry &&
                          form_.small().fits(field.size() + value.size(), 2);
        if (fits) {
            const FieldBefore before = set_in_pack(field, value);
            if (size() > rules.encodings.hash_max_listpack_entries) become_table(rules);
            return before;
        }
        become_table(rules);
    }
    return set_in_table(field, value, time);
}

bool Hash::load(std::string_view field, std::string_view value, int64_t expire_at_ms,
                const GrowthRules& rules) {
    become_table(rules);
    const auto found = form_.large().find(field);
    if (found) return false;
    form_.large().insert(found, field, value, expire_at_ms);
    return true;
}

bool Hash::erase(std::string_view field, int64_t now_ms) {
    if (form_.is_large()) {
        const auto found = form_.large().find(field);
        if (!found || found->is_due(now_ms)) return false;
        form_.large().erase(found);
        return true;
    }
    const Position at = find_in_pack(field);
    if (at != kNone) form_.small().erase(at, 2);
    return at != kNone;
}

std::optional<int64_t> Hash::expiry(std::string_view field, int64_t now_ms) const {
    if (!form_.is_large()) {
        if (find_in_pack(field) == kNone) return std::nullopt;
        return kNoExpiry;
    }
    const auto found = form_.large().find(field);
    if (!found || found->is_due(now_ms)) return std::nullopt;
    return found->expire_at_ms();
}

void Hash::set_expiry(std::string_view field, int64_t expire_at_ms, const GrowthRules& rules) {
    if (!form_.is_large() && expire_at_ms == kNoExpiry) return;
    become_table(rules);
    form_.large().set_expiry(form_.large().find(field), expire_at_ms);
}

std::vector<std::string> Hash::erase_due(int64_t now_ms, size_t count_max) {
    if (!form_.is_large()) return {};
    return form_.large().erase_due(now_ms, count_max);
}

void Hash::become_table(const GrowthRules& rules) {
    if (form_.is_large()) return;
    auto table = std::make_unique<MemberTable>(rules.seed);
    for_each(kAnyTime,
             [&](std::string_view field, std::string_view value) { table->insert(field, value); });
    form_.become(std::move(table));
}

}  // namespace millrace::values
