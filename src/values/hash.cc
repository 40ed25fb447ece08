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
    return table_ == nullptr ? 2 : 1 + table_->blocks();
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

std::unique_ptr<keyspace::Collection> Hash::freeze() {
    if (table_ == nullptr) return nullptr;
    auto version = std::make_unique<Hash>();
    version->table_ = table_->freeze();
    return version;
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

FieldBefore Hash::set_in_pack(std::string_view field, std::string_view value) {
    const Position at = find_in_pack(field);
    if (at != kNone) {
        pack_.replace(pack_.next(at), value);
        return FieldBefore::There;
    }
    pack_.append(field);
    pack_.append(value);
    return FieldBefore::Missing;
}

FieldBefore Hash::set_in_table(std::string_view field, std::string_view value,
                               const FieldTime& time) {
    const auto found = table_->find(field);
    if (!found) {
        table_->insert(found, field, value, time.expire_at_ms);
        return FieldBefore::Missing;
    }
    const bool due = found->is_due(time.now_ms);
    const bool keeps = time.keep_expiry && !due;
    table_->assign(found, value, keeps ? found->expire_at_ms() : time.expire_at_ms);
    return due ? FieldBefore::Due : FieldBefore::There;
}

FieldBefore Hash::set(std::string_view field, std::string_view value, const GrowthRules& rules,
                      const FieldTime& time) {
    if (table_ == nullptr) {
        const size_t bytes_max = rules.encodings.hash_max_listpack_value;
        const bool fits = field.size() <= bytes_max && value.size() <= bytes_max &&
                          time.expire_at_ms == kNoExpiry &&
                          pack_.fits(field.size() + value.size(), 2);
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
    const auto found = table_->find(field);
    if (found) return false;
    table_->insert(found, field, value, expire_at_ms);
    return true;
}

bool Hash::erase(std::string_view field, int64_t now_ms) {
    if (table_ != nullptr) {
        const auto found = table_->find(field);
        if (!found || found->is_due(now_ms)) return false;
        table_->erase(found);
        return true;
    }
    const Position at = find_in_pack(field);
    if (at != kNone) pack_.erase(at, 2);
    return at != kNone;
}

std::optional<int64_t> Hash::expiry(std::string_view field, int64_t now_ms) const {
    if (table_ == nullptr) {
        if (find_in_pack(field) == kNone) return std::nullopt;
        return kNoExpiry;
    }
    const auto found = table_->find(field);
    if (!found || found->is_due(now_ms)) return std::nullopt;
    return found->expire_at_ms();
}

void Hash::set_expiry(std::string_view field, int64_t expire_at_ms, const GrowthRules& rules) {
    if (table_ == nullptr && expire_at_ms == kNoExpiry) return;
    become_table(rules);
    table_->set_expiry(table_->find(field), expire_at_ms);
}

std::vector<std::string> Hash::erase_due(int64_t now_ms, size_t count_max) {
    if (table_ == nullptr) return {};
    return table_->erase_due(now_ms, count_max);
}

void Hash::become_table(const GrowthRules& rules) {
    if (table_ != nullptr) return;
    auto table = std::make_unique<MemberTable>(rules.seed);
    for_each(kAnyTime,
             [&](std::string_view field, std::string_view value) { table->insert(field, value); });
    table_ = std::move(table);
    const Listpack old = std::move(pack_);
}

}  // namespace millrace::values
