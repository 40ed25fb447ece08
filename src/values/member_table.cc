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

void MemberTable::file(const Member* member) {
    const int64_t at = member->expire_at_ms();
    if (at != kNoExpiry) expiries_.emplace(at, member);
}

void MemberTable::unfile(const Member* member) {
    const int64_t at = member->expire_at_ms();
    if (at != kNoExpiry) expiries_.erase({at, member});
}

void MemberTable::insert(const Position& at, std::string_view name, std::string_view value,
                         int64_t expire_at_ms) {
    Member* const member = Member::make(name, value, expire_at_ms);
    table_.insert(at.hash_, member);
    file(member);
}

void MemberTable::assign(const Position& at, std::string_view value, int64_t expire_at_ms) {
    Member* const member = at.ref_.element();
    unfile(member);
    if (member->set_expire_at_ms(expire_at_ms) && member->assign(value)) return file(member);
    Member* const fresh = Member::make(member->name(), value, expire_at_ms);
    table_.replace(at.ref_, fresh, 0);
    Member::free(member);
    file(fresh);
}

void MemberTable::set_expiry(const Position& at, int64_t expire_at_ms) {
    Member* const member = at.ref_.element();
    unfile(member);
    if (member->set_expire_at_ms(expire_at_ms)) return file(member);
    Member* const fresh = Member::make(member->name(), member->value(), expire_at_ms);
    table_.replace(at.ref_, fresh, 0);
    Member::free(member);
    file(fresh);
}

void MemberTable::erase(const Position& at) {
    Member* const member = at.ref_.element();
    unfile(member);
    table_.erase(at.ref_, at.hash_);
    Member::free(member);
    if (++erased_ % kErasuresPerShrink == 0)
        shrink_position_ = table_.shrink_step(shrink_position_);
}

std::vector<std::string> MemberTable::erase_due(int64_t now_ms, size_t count_max) {
    std::vector<std::string> names;
    while (names.size() < count_max && !expiries_.empty() && expiries_.begin()->first < now_ms) {
        names.emplace_back(expiries_.begin()->second->name());
        erase(find(names.back()));
    }
    return names;
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
    constexpr size_t kNodeBytes = 48;  // Of the set of expiries.
    return sizeof(MemberTable) + table_.memory_bytes() + expiries_.size() * kNodeBytes + bytes;
}

}  // namespace millrace::values
