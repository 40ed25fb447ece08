// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/database.h"

#include <utility>

#include "keyspace/collection.h"

namespace millrace::keyspace {

void Database::count_expiry(int64_t before_ms, int64_t after_ms, uint64_t hash) {
    if (before_ms != kNoExpiry) {
        --expiring_;
        expire_at_sum_ms_ -= static_cast<uint64_t>(before_ms);
    }
    if (after_ms == kNoExpiry) return;
    ++expiring_;
    expire_at_sum_ms_ += static_cast<uint64_t>(after_ms);
    // A key that only ever moves its expiry further out keeps the one record that it has.
    if (before_ms == kNoExpiry || after_ms < before_ms) file_expiry(hash, after_ms);
}

void Database::member_expiry_changed(Entry& entry, uint64_t hash) {
    Collection* collection = entry.collection();
    if (collection == nullptr) return;
    const int64_t filed = collection->expiry_filed_ms();
    const int64_t next = collection->next_expiry_ms();
    if (filed == next) return;
    if (filed != kNoExpiry) member_expiry_.erase({filed, hash});
    if (next != kNoExpiry) member_expiry_.emplace(next, hash);
    collection->set_expiry_filed_ms(next);
}

void Database::forget_members(Entry& entry, uint64_t hash) {
    Collection* collection = entry.collection();
    if (collection == nullptr) return;
    const int64_t filed = collection->expiry_filed_ms();
    if (filed == kNoExpiry) return;
    member_expiry_.erase({filed, hash});
    collection->set_expiry_filed_ms(kNoExpiry);
}

bool Database::first_members_due(int64_t now_ms, uint64_t& hash) const {
    if (member_expiry_.empty() || member_expiry_.begin()->first >= now_ms) return false;
    hash = member_expiry_.begin()->second;
    return true;
}

Database::Position Database::insert(Entry* entry, uint64_t hash) {
    const unsigned tags = tags_of(*entry);
    if ((tags & structures::kTagHasExpiry) != 0)
        count_expiry(kNoExpiry, entry->expire_at_ms(), hash);
    if (!entry->is_string()) member_expiry_changed(*entry, hash);
    return table_.insert(hash, entry, tags);
}

void Database::replace(Position position, Entry* entry, uint64_t hash) {
    DCHECK(is_captured(position));
    const bool had_expiry = (position.tags() & structures::kTagHasExpiry) != 0;
    const unsigned tags = tags_of(*entry);
    if (had_expiry || (tags & structures::kTagHasExpiry) != 0) {
        count_expiry(had_expiry ? position.element()->expire_at_ms() : kNoExpiry,
                     entry->expire_at_ms(), hash);
    }
    Entry* old = position.element();
    if (!old->is_string()) forget_members(*old, hash);
    if (!entry->is_string()) member_expiry_changed(*entry, hash);
    table_.replace(position, entry, tags);
}

void Database::remove(Position position, uint64_t hash) {
    DCHECK(is_captured(position));
    if ((position.tags() & structures::kTagHasExpiry) != 0) {
        count_expiry(position.element()->expire_at_ms(), kNoExpiry, hash);
    }
    Entry* entry = position.element();
    if (!entry->is_string()) forget_members(*entry, hash);
    table_.erase(position, hash);
    ++keys_lost_;
}

void Database::expiry_changed(Position position, uint64_t hash, int64_t before_ms) {
    DCHECK(is_captured(position));
    const Entry& entry = *position.element();
    count_expiry(before_ms, entry.expire_at_ms(), hash);
    table_.set_tags(position, tags_of(entry));
}

void Database::begin_capture(int number) {
    CHECK(!being_captured());
    captured_tag_ ^= structures::kTagSnapshot;
    capture_number_ = number;
}

void Database::tidy_expiry_index(size_t segments_max) {
    if (rebuilt_ == nullptr) {
        if (!expiry_.wasteful(expiring_)) return;
        rebuilt_ = std::make_unique<ExpiryIndex>();
        rebuild_position_ = 0;
    }
    for (size_t i = 0; i < segments_max; ++i) {
        rebuild_position_ = table_.visit_elements(rebuild_position_, [this](Position position) {
            if ((position.tags() & structures::kTagHasExpiry) == 0) return;
            const Entry& entry = *position.element();
            rebuilt_->add(table_.hash_of(entry), entry.expire_at_ms());
        });
        if (rebuild_position_ != 0) continue;
        expiry_ = std::move(*rebuilt_);
        rebuilt_.reset();
        return;
    }
}

int64_t Database::average_ttl_ms(int64_t now_ms) const {
    if (expiring_ == 0) return 0;
    const auto mean = static_cast<int64_t>(expire_at_sum_ms_ / expiring_);
    return mean > now_ms ? mean - now_ms : 0;
}

}  // namespace millrace::keyspace
