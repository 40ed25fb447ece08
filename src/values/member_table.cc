// SPDX-License-Identifier: BSD-3-Clause
#include "values/member_table.h"

namespace millrace::values {

using keyspace::kNoExpiry;

namespace {

// For so many erasures one segment is looked at, whether it could be smaller; what a version has
// kept from being looked at follows with the next ones.
constexpr uint32_t kErasuresPerShrink = 32;

// What a member has at least, more often than not; it may reach into a second cache line.
constexpr size_t kUsualBytes = 32;

}  // namespace

MemberTable::MemberTable(structures::AsVersion as_version, const MemberTable& original)
    : traits_(original.traits_),
      table_(as_version, original.table_),
      expiring_(original.expiring_),
      leftovers_(std::make_unique<structures::Leftovers>()) {}

MemberTable::MemberTable(structures::AsCopy as_copy, const MemberTable& original)
    : traits_(original.traits_),
      table_(as_copy, original.table_, [](const Member& member) { return member.clone(); }) {
    if (original.expiring_ == 0) return;
    for_each([this](const Member& member) { file(&member); });
}

MemberTable::~MemberTable() {
    DCHECK(version_ == nullptr);
    if (leftovers_ != nullptr) return;
    uint64_t position = 0;
    do {
        position =
            table_.visit_elements(position, [](Table::Ref ref) { Member::free(ref.element()); });
    } while (position != 0);
}

// ---- Versions ----

std::unique_ptr<MemberTable> MemberTable::freeze() {
    CHECK(version_ == nullptr);
    auto version = std::make_unique<MemberTable>(structures::AsVersion{}, *this);
    version_ = version.get();
    return version;
}

// What `at` means in a segment that no version has.
MemberTable::Position MemberTable::own(const Position& at) {
    const Member* const member = at ? at.ref_.element() : nullptr;
    table_.own(at.hash_, version_->table_, *version_->leftovers_);
    Position owned;
    owned.hash_ = at.hash_;
    if (member != nullptr) owned.ref_ = table_.find(at.hash_, member);
    return owned;
}

// The end of a member that has left the table.
void MemberTable::give_up(uint64_t hash, Member* member) {
    if (!is_shared(hash, member)) return Member::free(member);
    version_->leftovers_->add(member, member->memory_bytes(),
                              [](void* left) { Member::free(static_cast<Member*>(left)); });
}

// ---- Changes ----

void MemberTable::file(const Member* member) {
    const int64_t at = member->expire_at_ms();
    if (at == kNoExpiry) return;
    expiries_.emplace(at, member);
    ++expiring_;
}

void MemberTable::unfile(const Member* member) {
    const int64_t at = member->expire_at_ms();
    if (at == kNoExpiry) return;
    expiries_.erase({at, member});
    --expiring_;
}

void MemberTable::fetch_member(uint64_t place) const {
    const auto* member = reinterpret_cast<const char*>(table_.likely_element(place));
    if (member == nullptr) {
        (void)table_.prefetch_further(place);
        return;
    }
    prefetch(member);
    prefetch(member + kUsualBytes);
}

void MemberTable::insert(const Position& at, std::string_view name, std::string_view value,
                         int64_t expire_at_ms) {
    Member* const member = Member::make(name, value, expire_at_ms);
    if (version_ != nullptr) [[unlikely]]
        (void)own(at);
    table_.insert(at.hash_, member);
    file(member);
}

void MemberTable::assign(const Position& at, std::string_view value, int64_t expire_at_ms) {
    Member* const member = at.ref_.element();
    unfile(member);
    if (!is_shared(at.hash_, member)) [[likely]] {
        if (member->set_expire_at_ms(expire_at_ms) && member->assign(value)) return file(member);
    }
    replace(at, value, expire_at_ms);
}

void MemberTable::set_expiry(const Position& at, int64_t expire_at_ms) {
    Member* const member = at.ref_.element();
    unfile(member);
    if (!is_shared(at.hash_, member)) [[likely]] {
        if (member->set_expire_at_ms(expire_at_ms)) return file(member);
    }
    replace(at, member->value(), expire_at_ms);
}

// Puts another member of the same name in the place of one that is not on file.
void MemberTable::replace(const Position& found, std::string_view value, int64_t expire_at_ms) {
    const Position at = version_ == nullptr ? found : own(found);
    Member* const member = at.ref_.element();
    Member* const fresh = Member::make(member->name(), value, expire_at_ms);
    table_.replace(at.ref_, fresh, 0);
    give_up(at.hash_, member);
    file(fresh);
}

void MemberTable::erase(const Position& found) {
    const Position at = version_ == nullptr ? found : own(found);
    Member* const member = at.ref_.element();
    unfile(member);
    table_.erase(at.ref_, at.hash_);
    give_up(at.hash_, member);
    if (++erased_ >= kErasuresPerShrink && version_ == nullptr) {
        erased_ -= kErasuresPerShrink;
        shrink_position_ = table_.shrink_step(shrink_position_);
    }
}

uint64_t MemberTable::renew_step(uint64_t position) {
    if (version_ != nullptr) return 0;
    (void)table_.visit_elements(position, [this](Table::Ref ref) {
        Member* const member = ref.element();
        Member* const fresh = member->clone();
        unfile(member);
        table_.replace(ref, fresh, 0);
        Member::free(member);
        file(fresh);
    });
    return table_.renew_segment(position);
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
    if (leftovers_ != nullptr) return leftovers_->bytes();
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
