// SPDX-License-Identifier: BSD-3-Clause
//
// Moves entries out of sparse slab pages, so that the pages become empty and go back to the system.
//
// A walk visits all segments of all tables in slices. An entry in a sparse page of the main
// thread's own heap moves to a fuller page of it; one of another thread's heap is copied to the
// main thread's. Entries that a reply or another thread may be reading stay where they are until
// the next walk.
//
// On demand collections are made anew, too: the general allocator puts what is allocated into its
// fullest pages, and the old copies leave the others. One of too many allocations for that is made
// anew in steps, as far as it can be (Collection::renew_step).
//
// Owner:   the server's cron.
// Threads: main thread, between commands.
#pragma once

#include <cstdint>
#include <vector>

#include "keyspace/keyspace.h"

namespace millrace::keyspace {

class Compaction {
public:
    struct Counters {
        uint64_t moved = 0;  // Allocations.
        uint64_t left = 0;   // Looked at, and good where they are.
        uint64_t keys_moved = 0;
        uint64_t keys_left = 0;
    };

    explicit Compaction(Keyspace& keyspace) : keyspace_(keyspace) {}

    // Goes on with the walk for about `budget_ns`; true when it has come to its end, and the next
    // call begins another one.
    bool run(uint64_t budget_ns);
    // Whether collections are made anew.
    void set_renewing(bool renewing) { renewing_ = renewing; }
    // Whether a walk is under way.
    bool under_way() const { return db_ != 0 || position_ != 0; }
    Counters& counters() { return counters_; }

private:
    template <typename IsOver>
    bool visit_segment(Database& database, IsOver&& is_over);
    bool move(Database& database, Database::Position position);
    template <typename IsOver>
    bool renew_seen(IsOver&& is_over);
    bool renew(Entry& entry);

    Keyspace& keyspace_;
    Counters counters_;
    int db_ = 0;
    uint64_t position_ = 0;
    bool renewing_ = false;
    // Kept for their memory only, until the walk ends.
    std::vector<Database::Position> sparse_;
    std::vector<Database::Position> seen_;  // All of a segment, if they are to be made anew.
    // How far the segment that is being visited is made anew: so many entries, and the next one
    // from there on. Where entries have come and gone meanwhile some are left out, or come twice.
    size_t renewed_ = 0;
    uint64_t renew_position_ = 0;
};

}  // namespace millrace::keyspace
