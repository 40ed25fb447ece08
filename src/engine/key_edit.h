// SPDX-License-Identifier: BSD-3-Clause
//
// A change to one key, from the lookup to the commit.
//
//     KeyEdit counter = TRY(call.edit(1, ValueType::String));
//     counter.store_integer(TRY(counter.integer_or(0)) + 1);
//     counter.commit(EventClass::String, "incrby");
//
// commit() is the only way to end an edit that stored something: it marks the dataset dirty, tells
// WATCH and tracking, and emits the event. A changed edit that is destroyed uncommitted fails a
// CHECK, so nobody can forget one of them.
//
// Between edit and commit no other key may be changed: a change of the table ends the position.
// Commands of several keys make one edit after the other.
//
// Owner:   the handler.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "engine/key_events.h"
#include "keyspace/collection.h"
#include "keyspace/keyspace.h"

namespace millrace::engine {

class Engine;

enum class KeepExpiry : bool { No, Yes };

class KeyEdit {
public:
    KeyEdit(Engine& engine, int db, std::string_view key, uint64_t hash);
    ~KeyEdit() { CHECK(!changed_); }
    KeyEdit(KeyEdit&& other) noexcept;
    KeyEdit& operator=(KeyEdit&&) = delete;

    bool exists() const { return static_cast<bool>(position_); }
    keyspace::Entry* entry() const { return position_ ? position_.element() : nullptr; }
    std::string_view key() const { return key_; }
    int64_t expire_at_ms() const {
        return exists() ? entry()->expire_at_ms() : keyspace::kNoExpiry;
    }

    // The number in a string value, `missing` if there is no key; "not an integer" otherwise.
    Result<int64_t> integer_or(int64_t missing) const;

    // The collection of an existing key, whose type has been checked, to be changed; null if there
    // is no key.
    template <typename T>
    T* value() {
        if (frozen_) [[unlikely]]
            unshare();
        return exists() ? static_cast<T*>(entry()->collection()) : nullptr;
    }

    // --- changes; each ends the old entry, if there was one ---

    // Links an entry that the caller built for this key.
    void store(keyspace::Entry* fresh);
    // An integer in place of the value; keeps the expiry.
    void store_integer(int64_t value);
    void store_string(std::string_view value, KeepExpiry keep);
    // Room to change the string in place: bytes [0, bytes) are kept from the old value, the rest up
    // to `bytes` is zero. A missing key becomes one of zeros. Keeps the expiry; the result is Raw,
    // as Valkey makes it.
    char* grow_string(size_t bytes);
    // A collection in place of whatever there is; without expiry.
    void store_collection(std::unique_ptr<keyspace::Collection> value);
    // The collection of the key, whose type has been checked; links an empty one made of
    // `arguments` if there is none, and then something must be added to it before the commit.
    template <typename T, typename... Arguments>
    T& value_or_make(Arguments&&... arguments) {
        if (!exists()) store_collection(std::make_unique<T>(std::forward<Arguments>(arguments)...));
        return *value<T>();
    }
    // The collection was changed in place.
    void value_changed() { changed_ = true; }
    void set_expiry(int64_t at_ms);  // Or kNoExpiry.
    // The entry leaves the table but is not freed: RENAME and MOVE link its value elsewhere. The
    // caller retires it.
    keyspace::Entry* take();
    void remove();

    // Ends the edit: one event of `event_class`, or none with an empty name. `changes` is what it
    // adds to the count of changes since the last save: 0 in an edit that is half of one change
    // (RENAME).
    void commit(EventClass event_class, std::string_view event, uint64_t changes = 1);

    // The same if the expiry of its members may have changed too.
    void members_changed();
    // The same for a change that may have taken the last element: an empty collection goes with its
    // key, and "del" follows the event.
    void commit_or_remove(EventClass event_class, std::string_view event, uint64_t changes = 1);

private:
    void put(keyspace::Entry* fresh);
    void unshare();

    Engine& engine_;
    std::string_view key_;
    uint64_t hash_;
    int db_;
    bool changed_ = false;
    bool frozen_;  // A snapshot is reading the collection.
    keyspace::Database::Position position_;
};

}  // namespace millrace::engine
