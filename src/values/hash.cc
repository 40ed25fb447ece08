// SPDX-License-Identifier: BSD-3-Clause
#include "values/hash.h"

#include <string>

namespace millrace::values {

using keyspace::kNoExpiry;
using structures::Listpack;

std::string_view Hash::encoding() const {
    return table_ == nullptr ? "listpack" : "hashtable";
}

uint64_t Hash::size() const {
    return table_ == nullptr ? pack_.size() / 2 : table_->size();
}

size_t Hash::memory_bytes(size_t samples) const {
    return sizeof(Hash) +
           (table_ == nullptr ? pack_.memory_bytes() : table_->memory_bytes(samples));
}

size_t Hash::blocks() const {
    return table_ == nullptr ? 2 : 3 + table_->size();
}

std::unique_ptr<keyspace::Collection> Hash::clone() const {
    if (table_ == nullptr) return std::make_unique<Hash>(pack_.clone());
    auto copy = std::make_unique<Hash>();
    copy->table_ = std::make_unique<MemberTable>(table_->seed());
    table_->for_each([&](const Member& member) {
        copy->table_->insert(member.name(), member.value(), member.expire_at_ms());
    });
    return copy;
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
    if (table_ != nullptr) {
        const auto found = table_->find(field);
        if (!found || found->is_due(now_ms)) return false;
        value.set(found->value());
        return true;
    }
    const Position at = find_in_pack(field);
    if (at == kNone) return false;
    value.set(pack_, pack_.next(at));
    return true;
}

bool Hash::contains(std::string_view field, int64_t now_ms) const {
    if (table_ == nullptr) return find_in_pack(field) != kNone;
    const auto found = table_->find(field);
    return found && !found->is_due(now_ms);
}

void Hash::pick(uint64_t entropy, Picked& picked) const {
    if (table_ != nullptr) {
        const Member& member = table_->random(entropy);
        picked.field.set(member.name());
        picked.value.set(member.value());
        picked.expire_at_ms = member.expire_at_ms();
        return;
    }
    const Position at = pack_.at(static_cast<int64_t>(entropy % size() * 2));
    picked.field.set(pack_, at);
    picked.value.set(pack_, pack_.next(at));
    picked.expire_at_ms = kNoExpiry;
}

bool Hash::set_in_pack(std::string_view field, std::string_view value) {
    const Position at = find_in_pack(field);
    if (at != kNone) {
        pack_.replace(pack_.next(at), value);
        return false;
    }
    pack_.append(field);
    pack_.append(value);
    return true;
}

bool Hash::set(std::string_view field, std::string_view value, const GrowthRules& rules,
               KeepFieldExpiry keep) {
    if (table_ == nullptr) {
        const size_t bytes_max = rules.encodings.hash_max_listpack_value;
        const bool fits = field.size() <= bytes_max && value.size() <= bytes_max &&
                          pack_.fits(field.size() + value.size(), 2);
        if (fits) {
            const bool fresh = set_in_pack(field, value);
            if (fresh && size() > rules.encodings.hash_max_listpack_entries) become_table(rules);
            return fresh;
        }
        become_table(rules);
    }
    const auto found = table_->find(field);
    if (!found) {
        table_->insert(found, field, value);
        return true;
    }
    table_->assign(found, value, keep == KeepFieldExpiry::Yes ? found->expire_at_ms() : kNoExpiry);
    return false;
}

bool Hash::erase(std::string_view field) {
    if (table_ != nullptr) {
        const auto found = table_->find(field);
        if (found) table_->erase(found);
        return static_cast<bool>(found);
    }
    const Position at = find_in_pack(field);
    if (at != kNone) pack_.erase(at, 2);
    return at != kNone;
}

void Hash::become_table(const GrowthRules& rules) {
    if (table_ != nullptr) return;
    auto table = std::make_unique<MemberTable>(rules.seed);
    for_each(kAnyTime,
             [&](std::string_view field, std::string_view value) { table->insert(field, value); });
    table_ = std::move(table);
    const Listpack old = std::move(pack_);
}

bool Hash::load(std::string_view field, std::string_view value, int64_t expire_at_ms,
                const GrowthRules& rules) {
    become_table(rules);
    const auto found = table_->find(field);
    if (found) return false;
    table_->insert(found, field, value, expire_at_ms);
    return true;
}

}  // namespace millrace::values
