// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/victim_finder.h"

#include <algorithm>

#include "base/prefetch.h"

namespace millrace::keyspace {
namespace {

// From this share of keys that expire on, the table is sampled for them rather than the index.
constexpr size_t kSparseFactor = 8;
constexpr int kTriesMax = 64;
// Records of the finest ring of the index are true to within so much.
constexpr int64_t kFineMs = 256;

// Visits as (hash, expiry) the keys that the hint of an expiry record allows; how many there are.
template <typename Visitor>
size_t visit_expiring(Database& database, uint64_t hint, Visitor&& visitor) {
    size_t count = 0;
    const auto visit = [&](Database::Position position) {
        if ((position.tags() & structures::kTagHasExpiry) == 0) return true;
        const Entry& entry = *position.element();
        const uint64_t hash = database.table().hash_of(entry);
        if (!ExpiryIndex::allows(hint, hash)) return true;
        ++count;
        visitor(hash, entry.expire_at_ms());
        return true;
    };
    database.table().visit_hinted(hint, ExpiryIndex::kHintTopBits, visit);
    return count;
}

// Whatever key has this hash, all of it: what the table keeps of hashes may agree by chance.
Database::Position find(Database& database, uint64_t hash) {
    constexpr unsigned kTopBits = 63;
    Database::Position found;
    database.table().visit_hinted(hash, kTopBits, [&](Database::Position position) {
        if (database.table().hash_of(*position.element()) != hash) return true;
        found = position;
        return false;
    });
    return found;
}

}  // namespace

void VictimFinder::configure(MaxmemoryPolicy policy, int samples) {
    samples_ = static_cast<size_t>(std::max(samples, 1));
    if (policy == policy_) return;
    policy_ = policy;
    candidate_count_ = 0;
    using enum MaxmemoryPolicy;
    only_volatile_ = policy == VolatileLru || policy == VolatileLfu || policy == VolatileRandom ||
                     policy == VolatileTtl;
    by_frequency_ = policy == AllkeysLfu || policy == VolatileLfu;
}

bool VictimFinder::next(Victim& victim) {
    switch (policy_) {
        case MaxmemoryPolicy::NoEviction:
            return false;
        case MaxmemoryPolicy::AllkeysRandom:
        case MaxmemoryPolicy::VolatileRandom:
            return next_random(victim);
        case MaxmemoryPolicy::VolatileTtl:
            return next_to_expire(victim);
        default:
            return next_ranked(victim);
    }
}

uint64_t VictimFinder::random() {
    uint64_t mixed = random_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
}

uint64_t VictimFinder::weight(const Database& database) const {
    return only_volatile_ ? database.expiring() : database.size();
}

// One that has keys which may go, in proportion to how many; -1 if none has.
int VictimFinder::random_database() {
    uint64_t total = 0;
    int last = -1;
    for (int db = 0; db < keyspace_.database_count(); ++db) {
        const uint64_t keys = weight(keyspace_.database(db));
        if (keys > 0) last = db;
        total += keys;
    }
    if (last < 0 || weight(keyspace_.database(last)) == total) return last;
    uint64_t at = random() % total;
    for (int db = 0;; ++db) {
        const uint64_t keys = weight(keyspace_.database(db));
        if (at < keys) return db;
        at -= keys;
    }
}

uint64_t VictimFinder::rank_of(const Entry& entry) const {
    const AccessClock& clock = keyspace_.access_clock();
    if (by_frequency_) return static_cast<uint64_t>(clock.frequency(entry));
    const int64_t last_use_s = keyspace_.now_ms() / 1000 - clock.idle_seconds(entry);
    return static_cast<uint64_t>(std::max<int64_t>(last_use_s, 0));
}

bool VictimFinder::may_go(Database::Position position) const {
    return !only_volatile_ || (position.tags() & structures::kTagHasExpiry) != 0;
}

// --- candidates ---

void VictimFinder::insert(const Candidate& candidate) {
    Candidate* const begin = candidates_.data();
    Candidate* const end = begin + candidate_count_;
    for (const Candidate* each = begin; each != end; ++each) {
        if (each->hash == candidate.hash && each->db == candidate.db) return;
    }
    // After those that go later: the best is last.
    Candidate* at = std::partition_point(
        begin, end, [&](const Candidate& each) { return each.rank > candidate.rank; });
    if (candidate_count_ < kCandidatesMax) {
        std::move_backward(at, end, end + 1);
        ++candidate_count_;
        *at = candidate;
    } else if (at != begin) {
        std::move(begin + 1, at, begin);  // The worst one leaves.
        at[-1] = candidate;
    }
}

void VictimFinder::add_candidate(int db, const Entry& entry) {
    const uint64_t rank = rank_of(entry);
    if (candidate_count_ == kCandidatesMax && rank >= candidates_[0].rank) return;
    insert({rank, keyspace_.database(db).table().hash_of(entry), db});
}

// The best candidate that has not been used since.
bool VictimFinder::take_candidate(Victim& victim) {
    while (candidate_count_ > 0) {
        const Candidate best = candidates_[--candidate_count_];
        const Database::Position position = find(keyspace_.database(best.db), best.hash);
        if (!position || !may_go(position)) continue;
        const uint64_t rank = rank_of(*position.element());
        if (rank > best.rank) {
            insert({rank, best.hash, best.db});
            if (candidates_[candidate_count_ - 1].hash != best.hash) continue;
            --candidate_count_;
        }
        victim = {best.db, best.hash, position};
        return true;
    }
    return false;
}

// --- sampling ---

size_t VictimFinder::look_at(const Spot& spot) {
    size_t seen = 0;
    keyspace_.database(spot.db).table().visit_bucket(spot.hash, [&](Database::Position position) {
        if (!may_go(position)) return;
        ++seen;
        add_candidate(spot.db, *position.element());
    });
    return seen;
}

// Looks at about `wanted` keys. What it reads was fetched by earlier calls, and it fetches for
// later ones.
void VictimFinder::sample(size_t wanted) {
    size_t seen = 0;
    for (int tries = 0; seen < wanted && tries < kTriesMax; ++tries) {
        const int db = random_database();
        if (db < 0) return;
        const Database& database = keyspace_.database(db);
        if (only_volatile_ && database.expiring() * kSparseFactor < database.size()) {
            seen += look_into_index(wanted - seen);
            continue;
        }
        const size_t at = static_cast<size_t>(tries) % kSpots;
        seen += look_at(entries_fetched_[at]);
        const Spot next = bucket_fetched_[at];
        keyspace_.database(next.db).table().visit_bucket(
            next.hash, [&](Database::Position position) {
                if (may_go(position)) prefetch(position.element());
            });
        entries_fetched_[at] = next;
        const uint64_t hash = random();
        database.prefetch_bucket(hash);
        bucket_fetched_[at] = {hash, db};
    }
}

size_t VictimFinder::look_into_index(size_t wanted) {
    size_t seen = 0;
    const int db = random_database();
    Victim found;
    for (size_t i = 0; i < wanted; ++i) {
        uint64_t hint = 0;
        if (!keyspace_.database(db).expiry_index().random(random(), hint)) return seen;
        if (!find_hinted(db, hint, found)) continue;
        ++seen;
        add_candidate(db, *found.position.element());
    }
    return seen;
}

bool VictimFinder::next_ranked(Victim& victim) {
    constexpr size_t kCandidatesMin = 16;
    sample(samples_);
    if (candidate_count_ < kCandidatesMin) sample(kCandidatesMax);
    if (!take_candidate(victim)) return any(victim);
    // The one after this will be looked up next.
    if (candidate_count_ > 0) {
        const Candidate& after = candidates_[candidate_count_ - 1];
        keyspace_.database(after.db).prefetch_bucket(after.hash);
    }
    return true;
}

// --- the others ---

bool VictimFinder::next_random(Victim& victim) {
    for (int tries = 0; tries < kTriesMax; ++tries) {
        const int db = random_database();
        if (db < 0) return false;
        Database& database = keyspace_.database(db);
        if (only_volatile_ && database.expiring() * kSparseFactor < database.size()) {
            uint64_t hint = 0;
            if (!database.expiry_index().random(random(), hint)) continue;
            if (find_hinted(db, hint, victim)) return true;
            continue;
        }
        const Database::Position position = database.table().random(random());
        if (!position || !may_go(position)) continue;
        victim = {db, database.table().hash_of(*position.element()), position};
        return true;
    }
    return any(victim);
}

// A key that the hint of an expiry record allows.
bool VictimFinder::find_hinted(int db, uint64_t hint, Victim& victim) {
    Database& database = keyspace_.database(db);
    uint64_t found = 0;
    const auto note = [&](uint64_t hash, int64_t) { found = hash; };
    const size_t count = visit_expiring(database, hint, note);
    if (count == 0) return false;
    victim = {db, found, find(database, found)};
    return static_cast<bool>(victim.position);
}

bool VictimFinder::next_to_expire(Victim& victim) {
    int db = -1;
    int64_t earliest_ms = INT64_MAX;
    for (int each = 0; each < keyspace_.database_count(); ++each) {
        Database& database = keyspace_.database(each);
        if (database.expiring() == 0) continue;
        const int64_t at_ms = database.expiry_index().earliest_ms();
        if (db >= 0 && at_ms >= earliest_ms) continue;
        db = each;
        earliest_ms = at_ms;
    }
    if (db < 0) return false;
    Database& database = keyspace_.database(db);
    uint64_t best = 0;
    int64_t best_at_ms = INT64_MAX;
    // The records that are taken go; keys that they stand for are filed again, but for the victim.
    const auto visit = [&](uint64_t hash, int64_t at_ms) {
        if (at_ms >= best_at_ms) {
            database.file_expiry(hash, at_ms);
            return;
        }
        if (best_at_ms != INT64_MAX) database.file_expiry(best, best_at_ms);
        best = hash;
        best_at_ms = at_ms;
    };
    size_t live = 0;
    for (int tries = 0; tries < kTriesMax && live < samples_; ++tries) {
        uint64_t hint = 0;
        bool fine = false;
        const int64_t due_ms = database.expiry_index().earliest_ms();
        if (!database.expiry_index().take_earliest(random(), hint, fine)) break;
        // A key whose expiry has moved stands where it does not belong any more.
        bool in_order = false;
        visit_expiring(database, hint, [&](uint64_t hash, int64_t at_ms) {
            visit(hash, at_ms);
            in_order = in_order || !fine || at_ms < due_ms + kFineMs;
        });
        live += in_order;
        if (fine && in_order) break;
    }
    if (best_at_ms == INT64_MAX) return any(victim);
    victim = {db, best, find(database, best)};
    return static_cast<bool>(victim.position);
}

// Where sampling found nothing although there is something: walks until there is one.
bool VictimFinder::any(Victim& victim) {
    const int db = random_database();
    if (db < 0) return false;
    Database& database = keyspace_.database(db);
    bool found = false;
    uint64_t cursor = random() >> 16;
    for (int rounds = 0; rounds < 2 && !found;) {
        cursor = database.table().scan(cursor, [&](Entry* entry, unsigned tags) {
            if (found || (only_volatile_ && (tags & structures::kTagHasExpiry) == 0)) return;
            const uint64_t hash = database.table().hash_of(*entry);
            victim = {db, hash, find(database, hash)};
            found = true;
        });
        if (cursor == 0) ++rounds;
    }
    return found;
}

}  // namespace millrace::keyspace
