// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/keyspace.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/prefetch.h"
#include "keyspace/collection.h"

namespace millrace::keyspace {

Keyspace::Keyspace(int databases, const SipKey& seed, structures::SlabHeapPool& heaps)
    : heaps_(heaps),
      heap_(heaps.take()),
      seed_(seed),
      builder_(heap_, reclaimer_),
      remote_frees_(std::make_unique<structures::RemoteFrees>(heaps)) {
    for (int number = 0; number < databases; ++number) {
        databases_.push_back(std::make_unique<Database>(seed, heap_));
    }
}

Keyspace::~Keyspace() {
    for (int number = 0; number < database_count(); ++number) flush(number);
    capture_.give_up();
    while (drain_condemned(SIZE_MAX)) {
    }
    limbo_.begin_turn(limbo_.turn() + 1, limbo_.turn() + 1);
    while (auto block = limbo_.take_released()) free_block(*block);
    remote_frees_->flush();
    databases_.clear();
    heaps_.give_back(heap_);
}

void Keyspace::swap_databases(int first, int second) {
    std::swap(databases_[static_cast<size_t>(first)], databases_[static_cast<size_t>(second)]);
}

size_t Keyspace::total_size() const {
    size_t total = 0;
    for (const auto& database : databases_) total += database->size();
    return total;
}

Database::Position Keyspace::find_live(int db, std::string_view key, uint64_t hash) {
    const Database::Position position = database(db).find(key, hash);
    if (!position || (position.tags() & structures::kTagHasExpiry) == 0) return position;
    if (position.element()->expire_at_ms() >= now_ms_) return position;
    if (keep_expired_ != 0) return {};
    expire(db, position, hash);
    return {};
}

void Keyspace::expire(int db, Database::Position position, uint64_t hash) {
    before_change(database(db), position);
    Entry* entry = position.element();
    database(db).remove(position, hash);
    ++counters_.expired;
    if (expiry_listener_ != nullptr) expiry_listener_->on_expired(db, *entry);
    retire(entry);
}

void Keyspace::expire_kept(int db, std::string_view key, uint64_t hash) {
    const Database::Position position = database(db).find(key, hash);
    if (position) expire(db, position, hash);
}

void Keyspace::flush(int db) {
    std::unique_ptr<Database>& database = databases_[static_cast<size_t>(db)];
    if (database->size() == 0) return;
    const uint64_t bytes = counts_condemned_ ? mean_entry_bytes(*database) : 0;
    auto fresh = std::make_unique<Database>(seed_, heap_);
    condemned_.push_back({std::exchange(database, std::move(fresh)), bytes});
}

// By a sample.
uint64_t Keyspace::mean_entry_bytes(const Database& database) const {
    constexpr uint64_t kSamples = 64;
    uint64_t total = 0;
    for (uint64_t i = 0; i < kSamples; ++i) {
        total += bytes_of(*database.table().random(i).element());
    }
    return total / kSamples;
}

// --- what is condemned ---

uint64_t Keyspace::bytes_of(const Entry& entry) const {
    uint64_t bytes = builder_.memory_bytes(entry);
    if (!entry.is_string() && entry.collection() != nullptr) {
        bytes += entry.collection()->memory_bytes(Reclaimer::kMeasuredElements);
    }
    return bytes;
}

void Keyspace::retire_counted(Entry* entry) {
    const uint64_t bytes = counts_condemned_ ? bytes_of(*entry) : 0;
    if (entry->pinned()) {
        detained_bytes_ += bytes;
        entry->set_retired();
    } else if (capture_.may_be_read(*entry)) {
        detained_bytes_ += bytes;
        capture_.hold(entry);
    } else {
        limbo_.retire(entry, bytes);
    }
}

void Keyspace::retire_unpinned(Entry* entry) {
    // It may have been retired while nobody counted.
    if (counts_condemned_) detained_bytes_ -= std::min(detained_bytes_, bytes_of(*entry));
    retire(entry);
}

void Keyspace::retire_returned(Entry* entry) {
    const uint64_t bytes = counts_condemned_ ? bytes_of(*entry) : 0;
    detained_bytes_ -= std::min(detained_bytes_, bytes);
    limbo_.retire(entry, bytes);
}

bool Keyspace::tidy_expiry_indexes(size_t segments_max) {
    rebuilt_bytes_ = 0;
    for (const auto& database : databases_) {
        database->tidy_expiry_index(segments_max);
        rebuilt_bytes_ += database->rebuilt_bytes();
    }
    return rebuilt_bytes_ > 0;
}

uint64_t Keyspace::condemned_bytes() const {
    uint64_t total = rebuilt_bytes_ + detained_bytes_ + reclaimer_.pending_bytes() +
                     limbo_.retired_bytes() - reclaimer_.freed_bytes() + limbo_.block_bytes();
    for (const Condemned& each : condemned_) {
        const Database& database = *each.database;
        total += database.size() * each.bytes_per_entry + database.table().memory_bytes();
    }
    return total;
}

bool Keyspace::is_condemned(const Database& database) const {
    return std::any_of(condemned_.begin(), condemned_.end(),
                       [&](const auto& each) { return each.database.get() == &database; });
}

bool Keyspace::drain_condemned(size_t segments_max) {
    // What a snapshot has not walked through yet stays.
    const auto ready =
        std::find_if(condemned_.rbegin(), condemned_.rend(),
                     [](const Condemned& each) { return !each.database->being_captured(); });
    if (ready == condemned_.rend()) return false;
    const auto release = [this](Entry* entry, unsigned) {
        retire(entry);
        ++lazily_freed_;
    };
    auto& table = ready->database->table();
    const bool more = table.drain(segments_max, release, &heap_, *remote_frees_);
    if (!more) condemned_.erase(std::next(ready).base());
    return true;
}

size_t Keyspace::condemned_objects() const {
    size_t total = 0;
    for (const Condemned& each : condemned_) total += each.database->size();
    return total;
}

void Keyspace::free_block(RetiredBlock& block) {
    constexpr size_t kAhead = 8;
    for (size_t i = 0; i < block.count; ++i) {
        if (i + kAhead < block.count) prefetch(block.entries[i + kAhead]);
        builder_.free(block.entries[i], *remote_frees_);
    }
    reclaimer_.note_freed(block.bytes);
    block.count = 0;
    block.bytes = 0;
}

// Looks at the keys that a due record allows; true if one of them expired.
bool Keyspace::look_at_due(int db, uint64_t hint) {
    Database& database = this->database(db);
    bool expired = false;
    // Removing changes the table, so each round removes at most one and looks again.
    for (bool again = true; again;) {
        again = false;
        database.table().visit_hinted(hint, ExpiryIndex::kHintTopBits,
                                      [&](Database::Position position) {
                                          if ((position.tags() & structures::kTagHasExpiry) == 0)
                                              return true;
                                          const Entry& entry = *position.element();
                                          const uint64_t hash = this->hash(entry.key());
                                          if (!ExpiryIndex::allows(hint, hash)) return true;
                                          if (entry.expire_at_ms() < now_ms_) {
                                              expire(db, position, hash);
                                              expired = true;
                                              again = true;
                                              return false;
                                          }
                                          return true;
                                      });
    }
    // Those that live on are filed again, under their true time.
    database.table().visit_hinted(hint, ExpiryIndex::kHintTopBits,
                                  [&](Database::Position position) {
                                      if ((position.tags() & structures::kTagHasExpiry) == 0)
                                          return true;
                                      const Entry& entry = *position.element();
                                      const uint64_t hash = this->hash(entry.key());
                                      if (ExpiryIndex::allows(hint, hash)) {
                                          database.file_expiry(hash, entry.expire_at_ms());
                                      }
                                      return true;
                                  });
    return expired;
}

// Erases some of the members that are due of the key with this hash value.
void Keyspace::expire_members(int db, uint64_t hash) {
    constexpr size_t kMembersPerSlice = 64;
    Database& database = this->database(db);
    const auto visit = [&](Database::Position position) {
        Entry& entry = *position.element();
        if (entry.is_string() || this->hash(entry.key()) != hash) return true;
        before_change(database, position);
        if (capture_.is_frozen(entry)) capture_.unshare(entry);
        const auto members = entry.collection()->erase_due(now_ms_, kMembersPerSlice);
        if (members.empty()) return true;
        database.member_expiry_changed(entry, hash);
        counters_.expired_members += members.size();
        if (expiry_listener_ != nullptr) expiry_listener_->on_members_expired(db, entry, members);
        if (entry.collection()->size() > 0) return true;
        database.remove(position, hash);
        retire(&entry);
        return false;
    };
    database.table().visit_hinted(hash, ExpiryIndex::kHintTopBits, visit);
}

bool Keyspace::expire_due(int64_t budget_us) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    const auto deadline = start + std::chrono::microseconds(budget_us);
    bool out_of_time = false;
    for (int visited = 0; visited < database_count() && !out_of_time; ++visited) {
        const int db = expire_next_db_;
        ExpiryIndex& index = database(db).expiry_index();
        uint64_t hint = 0;
        for (int count = 1; index.take_due(now_ms_, hint); ++count) {
            look_at_due(db, hint);
            if (count % 16 == 0 && Clock::now() >= deadline) {
                out_of_time = true;
                break;
            }
        }
        uint64_t hash = 0;
        while (!out_of_time && keep_expired_ == 0 &&
               database(db).first_members_due(now_ms_, hash)) {
            expire_members(db, hash);
            out_of_time = Clock::now() >= deadline;
        }
        if (!out_of_time) expire_next_db_ = (db + 1) % database_count();
    }
    const auto spent =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count();
    counters_.expire_cycle_microseconds += static_cast<uint64_t>(spent);
    if (out_of_time) ++counters_.expire_time_cap_reached;
    return out_of_time;
}

}  // namespace millrace::keyspace
