// SPDX-License-Identifier: BSD-3-Clause
#include "values/member_table.h"

namespace millrace::values {

using keyspace::kNoExpiry;

namespace {

// After so many erasures one segment is looked at, whether it could be smaller.
constexpr uint32_t kErasuresPerShrink = 32;

}  // namespace

MemberTable::~MemberTable() {
    uint64_t position = 0;
    do {
        position =
            table_.visit_segment(position, [](Table::Ref ref) { Member::free(ref.element()); });
    } while (position != 0);
}

void MemberTable::count_expiry(int64_t before_ms, int64_t after_ms) {
    if (before_ms != kNoExpiry) --expiring_;
    if (after_ms != kNoExpiry) ++expiring_;
}

void MemberTable::insert(const Position& at, std::string_view name, std::string_view value,
                         int64_t expire_at_ms) {
    table_.insert(at.hash_, Member::make(name, value, expire_at_ms));
    count_expiry(kNoExpiry, expire_at_ms);
}

void MemberTable::assign(const Position& at, std::string_view value, int64_t expire_at_ms) {
    Member* const member = at.ref_.element();
    count_expiry(member->expire_at_ms(), expire_at_ms);
    if (member->set_expire_at_ms(expire_at_ms) && member->assign(value)) return;
    table_.replace(at.ref_, Member::make(member->name(), value, expire_at_ms), 0);
    Member::free(member);
}

void MemberTable::erase(const Position& at) {
    Member* const member = at.ref_.element();
    count_expiry(member->expire_at_ms(), kNoExpiry);
    table_.erase(at.ref_, at.hash_);
    Member::free(member);
    if (++erased_ % kErasuresPerShrink == 0)
        shrink_position_ = table_.shrink_step(shrink_position_);
}

size_t MemberTable::memory_bytes(size_t samples) const {
    size_t looked_at = 0;
    size_t bytes = 0;
    const auto look = [&](const Member& member) {
        ++looked_at;
        bytes += member.memory_bytes();
    };
    if (samples == 0 || samples >= size()) {
        for_each(look);
    } else {
        uint64_t cursor = 0;
        do {
            cursor = scan(cursor, look);
        } while (cursor != 0 && looked_at < samples);
    }
    if (looked_at > 0) bytes = bytes / looked_at * size() + bytes % looked_at * size() / looked_at;
    return sizeof(MemberTable) + table_.memory_bytes() + bytes;
}

}  // namespace millrace::values
