// SPDX-License-Identifier: BSD-3-Clause
//
// What a snapshot needs of the keyspace: the state of every key at one moment, the *cut*, taken
// while commands go on changing them.
//
// **Captured.** Each slot of a table has a bit, and the database has the value that the bit has in
// slots that are *captured*. Outside of a snapshot all slots are. begin() turns that value around,
// so at once no slot is, and that is all that the cut costs. From then on a slot is captured, once,
// by whoever comes first: the walk, which goes through all tables in the order of hashes, or a
// change. New keys are born captured, since they do not belong to the cut. When the walk is
// through, all slots agree again.
//
// **Before a change.** KeyEdit and the expiry find the key that they will change through
// Keyspace::find_for_change() or call before_change(), which captures it first; Database checks
// (debug builds) that they did.
//
// **Handed over.** The sink passes what is captured to another thread. A string is passed by
// pointer: the thread reads the entry's key and value, so neither may change or be freed until the
// thread has *returned* it. The sink numbers what it passes and says up to which number all has
// come back; meanwhile
//   - an entry that was passed has a reference stamp (as if a reply referred to it), and
//     Keyspace::may_be_referenced() says so, so that it is copied rather than changed in place;
//   - one that is retired waits here, and goes on to limbo when all that had been passed by then
//     has come back.
// A stamp may also come from a reply, which only makes an entry wait in vain.
//
// **Frozen.** Of a large collection the thread reads a frozen version, which Collection::freeze()
// makes in a moment: the collection goes on changing, and copies the nodes that it changes. What
// the version alone still needs is freed with it, on another thread. A collection in one piece has
// no versions: it is passed as it is, and until it has come back nobody changes it.
// KeyEdit::value() and the expiry of fields call unshare(), which puts a clone in its place; that
// copies bytes in one piece, as changes of such a collection do anyway.
//
// Owner:   Keyspace.
// Threads: main thread.
// Limits:  what waits here is what was changed or deleted before it had been written out, and what
// was retired while the sink's queue, which is bounded, went on.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "keyspace/database.h"

namespace millrace::keyspace {

class Keyspace;

// Why a key is captured.
enum class CapturedBy : uint8_t { Walk, Change };

class CaptureSink {
public:
    virtual ~CaptureSink() = default;
    // The key of `entry` belongs to the cut, in the database that had the number `db` then. What is
    // to be read later than in this call is announced with Capture::handed_over() or freeze().
    virtual void take(int db, Entry& entry, CapturedBy by) = 0;
};

class Capture {
public:
    explicit Capture(Keyspace& keyspace) : keyspace_(keyspace) {}
    ~Capture();
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;

    // --- the snapshot's side ---

    // The cut. The one before must have been walked through.
    void begin(CaptureSink& sink);
    bool walking() const { return !databases_.empty(); }
    // Captures some more keys, those of one segment at most, as long as `go_on()` holds; true while
    // there is more. At least one key is captured, so that every walk ends.
    template <typename GoOn>
    bool step(GoOn&& go_on);
    // Nobody wants to know any more; the walk that is left only settles the bits.
    void give_up();

    // `entry` has been passed on under `number`, which never falls.
    void handed_over(Entry& entry, uint64_t number);
    // What is to be passed on under `number` in place of the collection.
    const Collection& freeze(Collection& collection, uint64_t number);
    // All that was passed under `number` or before has come back.
    void returned(uint64_t number);
    // What waited for that goes on to limbo, by and by: as long as `go_on()` holds, which is asked
    // now and then.
    template <typename GoOn>
    void let_go(GoOn&& go_on);
    bool may_let_go() const { return !held_.empty() && held_.front().number <= returned_; }

    // --- the keyspace's side ---

    // Captures a key of the cut that has not been yet.
    void take(Database& database, Database::Position position, CapturedBy by);

    // Whether another thread may read the entry or its collection.
    bool may_be_read(const Entry& entry) const {
        if (!lags_) [[likely]]
            return false;
        return entry.is_string() ? entry.reference_generation() != 0 : is_frozen(entry);
    }
    // Whether another thread reads the collection of this entry, or a version of it.
    bool is_frozen(const Entry& entry) const {
        return !roots_.empty() && !entry.is_string() && by_collection_.contains(entry.collection());
    }
    // Takes an unlinked entry that may_be_read().
    void hold(Entry* entry);
    // Before the frozen collection of a linked entry is changed: puts a clone in its place, if it
    // has no version.
    void unshare(Entry& entry);

    // Strings that wait here, and the bytes that collections keep for the sink alone.
    size_t held_strings() const { return held_.size() - held_collections_; }
    uint64_t held_collection_bytes() const;

private:
    struct Held {
        uint64_t number;
        Entry* entry;
        uint64_t collection_bytes;  // 0 of a string.
    };
    // A collection that is read under `number`: its version, or if there is none, itself.
    struct Root {
        uint64_t number;
        Collection* collection;
        std::unique_ptr<Collection> version;
        bool is_replaced = false;  // By a clone; nobody else has it.
    };

    void release(Root& root);
    void let_first_go();
    void gather();
    void finish_segment();

    Keyspace& keyspace_;
    CaptureSink* sink_ = nullptr;
    std::vector<Database*> databases_;  // Still to be walked; the last is under way.
    uint64_t position_ = 0;
    uint64_t next_position_ = 0;
    std::vector<Database::Position> segment_;  // What gather() found; its memory is kept.
    bool lags_ = false;                        // Something has not come back.
    uint64_t newest_ = 0;                      // What was passed last.
    uint64_t returned_ = 0;                    // What has come back, up to and with this.
    std::deque<Held> held_;
    size_t held_collections_ = 0;  // Among them.
    uint64_t held_collections_bytes_ = 0;
    std::deque<Root> roots_;
    std::unordered_map<const Collection*, Root*> by_collection_;
};

template <typename GoOn>
bool Capture::step(GoOn&& go_on) {
    if (databases_.empty()) return false;
    gather();
    for (size_t i = 0; i < segment_.size(); ++i) {
        if (i > 0 && !go_on()) return true;  // The rest of the segment comes next time.
        take(*databases_.back(), segment_[i], CapturedBy::Walk);
    }
    finish_segment();
    return !databases_.empty();
}

template <typename GoOn>
void Capture::let_go(GoOn&& go_on) {
    constexpr size_t kAtATime = 16;
    while (may_let_go() && go_on()) {
        for (size_t i = 0; i < kAtATime && may_let_go(); ++i) let_first_go();
    }
}

}  // namespace millrace::keyspace
