// SPDX-License-Identifier: BSD-3-Clause
//
// The members of a large hash or set, found by a keyed hash of their names.
//
// Its segments and members come from the general allocator, so any thread can destroy it.
//
// A frozen version has the same members, too: one that it has is never changed in place, and when
// it leaves the table it stays with the version, until that goes.
//
// Owner:   Hash or Set.
// Threads: main thread; destroyed on any. A version is read on any.
// Invariants: a position is good until the next insertion or erasure; a member until it is erased
// or assigned to.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/siphash.h"
#include "structures/hash_table.h"
#include "values/member.h"

namespace millrace::values {

class MemberTable {
    struct Traits {
        using Element = Member;
        uint64_t hash_name(std::string_view name) const {
            return siphash13(name.data(), name.size(), seed);
        }
        uint64_t hash(const Member& member) const { return hash_name(member.name()); }
        static bool equal(const Member& member, std::string_view name) {
            return equal_bytes(member.name(), name);
        }
        static bool equal(const Member& member, const Member* same) { return &member == same; }
        SipKey seed;
    };
    using Table = structures::HashTable<Traits>;

public:
    // Where a member stands, or would stand: false if it is not there.
    class Position {
    public:
        explicit operator bool() const { return static_cast<bool>(ref_); }
        const Member* operator->() const { return ref_.element(); }
        const Member& operator*() const { return *ref_.element(); }

    private:
        friend class MemberTable;
        uint64_t hash_ = 0;
        Table::Ref ref_;
    };

    explicit MemberTable(const SipKey& seed) : traits_{seed}, table_(traits_) {}
    // A frozen version; freeze() makes it.
    MemberTable(structures::AsVersion as_version, const MemberTable& original);
    // Members of its own, and the same shape.
    MemberTable(structures::AsCopy as_copy, const MemberTable& original);
    ~MemberTable();
    MemberTable(const MemberTable&) = delete;
    MemberTable& operator=(const MemberTable&) = delete;

    Position find(std::string_view name) const {
        Position position;
        position.hash_ = traits_.hash_name(name);
        position.ref_ = table_.find(position.hash_, name);
        return position;
    }

    // In two steps, what find() will look at: what comes of the first one goes to the second.
    uint64_t fetch_place(std::string_view name) const {
        const uint64_t hash = traits_.hash_name(name);
        table_.prefetch_bucket(hash);
        return hash;
    }
    void fetch_member(uint64_t place) const;

    // `at` is where find() did not find `name`.
    void insert(const Position& at, std::string_view name, std::string_view value = {},
                int64_t expire_at_ms = keyspace::kNoExpiry);
    // For names that are known to be missing.
    void insert(std::string_view name, std::string_view value = {},
                int64_t expire_at_ms = keyspace::kNoExpiry) {
        Position position;
        position.hash_ = traits_.hash_name(name);
        insert(position, name, value, expire_at_ms);
    }
    void assign(const Position& at, std::string_view value, int64_t expire_at_ms);
    void set_expiry(const Position& at, int64_t expire_at_ms);
    void erase(const Position& found);
    // Erases up to `count_max` members whose time is over, those due first at first; names them.
    std::vector<std::string> erase_due(int64_t now_ms, size_t count_max);

    // The table as it is now, for another thread to read: one at a time, until thaw(). It outlives
    // that, and knows in memory_bytes() and blocks() of what it alone still has.
    std::unique_ptr<MemberTable> freeze();
    void thaw() { version_ = nullptr; }

    // Collection::renew_step(): does nothing while there is a version.
    uint64_t renew_step(uint64_t position);

    // Any member, each about as likely as another; the table is not empty.
    const Member& random(uint64_t entropy) const { return *table_.random(entropy).element(); }

    uint64_t size() const { return table_.size(); }
    // How many members have an expiry, and when the first of them goes (kNoExpiry: none does).
    uint64_t expiring() const { return expiring_; }
    int64_t next_expiry_ms() const {
        return expiries_.empty() ? keyspace::kNoExpiry : expiries_.begin()->first;
    }
    // Under which moment the database has the hash on file for that: Collection::expiry_filed_ms().
    int64_t filed_ms() const { return filed_ms_; }
    void set_filed_ms(int64_t at) { filed_ms_ = at; }
    const SipKey& seed() const { return traits_.seed; }
    // Looks at about `samples` members and estimates; 0: at all of them.
    size_t memory_bytes(size_t samples) const;
    // How many allocations its destructor frees.
    size_t blocks() const { return leftovers_ != nullptr ? leftovers_->count() : 2 + size(); }

    // Visits all members as (const Member&), in no order.
    template <typename Visitor>
    void for_each(Visitor&& visitor) const {
        (void)for_each_while([&](const Member& member) {
            visitor(member);
            return true;
        });
    }
    // Until the visitor returns false; then this does.
    template <typename Visitor>
    bool for_each_while(Visitor&& visitor) const {
        uint64_t position = 0;
        bool more = true;
        do {
            position = table_.visit_elements(position, [&](Table::Ref ref) {
                more = more && visitor(std::as_const(*ref.element()));
            });
        } while (more && position != 0);
        return more;
    }
    // Visits some members, and returns the cursor for the next step: HashTable::scan().
    template <typename Visitor>
    uint64_t scan(uint64_t cursor, Visitor&& visitor) const {
        return table_.scan(cursor,
                           [&](Member* member, unsigned) { visitor(std::as_const(*member)); });
    }

    void check_invariants() const { table_.check_invariants(); }

private:
    void file(const Member* member);
    void unfile(const Member* member);
    void replace(const Position& found, std::string_view value, int64_t expire_at_ms);
    Position own(const Position& at);
    bool is_shared(uint64_t hash, const Member* member) const {
        return version_ != nullptr && version_->table_.find(hash, member);
    }
    void give_up(uint64_t hash, Member* member);

    Traits traits_;
    Table table_;
    std::set<std::pair<int64_t, const Member*>> expiries_;  // Of the members that have one.
    uint64_t expiring_ = 0;
    int64_t filed_ms_ = keyspace::kNoExpiry;
    uint64_t shrink_position_ = 0;
    uint64_t erased_ = 0;                               // Not yet made up for.
    MemberTable* version_ = nullptr;                    // The one that is being read.
    std::unique_ptr<structures::Leftovers> leftovers_;  // Of a version.
};

}  // namespace millrace::values
