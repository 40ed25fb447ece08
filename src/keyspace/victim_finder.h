// SPDX-License-Identifier: BSD-3-Clause
//
// Chooses which key memory is taken from, as `maxmemory-policy` says.
//
// - **lru, lfu**: looks at a few keys at random for each victim, whole buckets of the table at a
//   time, and remembers the best candidates that it has seen. A candidate is looked at again before
//   it is chosen: one that has been used since is put back where it now belongs. So quality grows
//   with the number of victims, towards what an exact order would choose.
// - **ttl**: the index of expiry times is in order up to the width of its slots; among several keys
//   of a wide slot the first to expire is chosen.
// - **random**: any key.
//
// The `volatile-` policies look at the tag in the table's slots, without touching other keys; where
// few keys expire they draw from the index of expiry times.
//
// Buckets and entries are fetched one or two victims before they are read, so that the waits for
// memory overlap with the work in between.
//
// Owner:   engine::MemoryLimit.
// Threads: main thread.
// Limits:  kCandidatesMax candidates.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "keyspace/keyspace.h"
#include "keyspace/settings.h"

namespace millrace::keyspace {

class VictimFinder {
public:
    struct Victim {
        int db = 0;
        uint64_t hash = 0;
        Database::Position position;  // Good until the next change of the table.
    };

    explicit VictimFinder(Keyspace& keyspace) : keyspace_(keyspace) {}

    // `samples` keys are looked at for each victim.
    void configure(MaxmemoryPolicy policy, int samples);

    // The next key to go, which the caller removes; false if there is none that may.
    bool next(Victim& victim);

private:
    static constexpr size_t kCandidatesMax = 64;

    // In what order candidates go: the second of the last use, or how often it is used. Lower goes
    // first.
    struct Candidate {
        uint64_t rank;
        uint64_t hash;
        int db;
    };
    struct Spot {  // A bucket to look at soon.
        uint64_t hash;
        int db;
    };

    uint64_t random();
    int random_database();
    uint64_t weight(const Database& database) const;
    uint64_t rank_of(const Entry& entry) const;
    bool may_go(Database::Position position) const;

    void sample(size_t wanted);
    size_t look_at(const Spot& spot);
    size_t look_into_index(size_t wanted);
    void add_candidate(int db, const Entry& entry);
    void insert(const Candidate& candidate);
    bool take_candidate(Victim& victim);

    bool next_ranked(Victim& victim);
    bool next_random(Victim& victim);
    bool next_to_expire(Victim& victim);
    bool find_hinted(int db, uint64_t hint, Victim& victim);
    bool any(Victim& victim);

    Keyspace& keyspace_;
    MaxmemoryPolicy policy_ = MaxmemoryPolicy::NoEviction;
    size_t samples_ = 5;
    bool only_volatile_ = false;
    bool by_frequency_ = false;
    uint64_t random_ = 0x9e3779b97f4a7c15;
    std::array<Candidate, kCandidatesMax> candidates_;  // The best last.
    size_t candidate_count_ = 0;
    // Spots whose buckets have been fetched, and those whose entries have been too.
    static constexpr size_t kSpots = 2;
    std::array<Spot, kSpots> bucket_fetched_{};
    std::array<Spot, kSpots> entries_fetched_{};
};

}  // namespace millrace::keyspace
