// SPDX-License-Identifier: BSD-3-Clause
#include "engine/key_edit.h"

#include <cstring>
#include <utility>

#include "base/numbers.h"
#include "engine/engine.h"
#include "engine/errors.h"

namespace millrace::engine {

using keyspace::Entry;
using keyspace::ExpiryRoom;
using keyspace::kNoExpiry;
using keyspace::StringForm;

KeyEdit::KeyEdit(Engine& engine, int db, std::string_view key, uint64_t hash)
    : engine_(engine),
      key_(key),
      hash_(hash),
      db_(db),
      position_(engine.keyspace().find_for_change(db, key, hash)) {
    frozen_ = position_ && engine.keyspace().capture().is_frozen(*position_.element());
}

KeyEdit::KeyEdit(KeyEdit&& other) noexcept
    : engine_(other.engine_),
      key_(other.key_),
      hash_(other.hash_),
      db_(other.db_),
      changed_(std::exchange(other.changed_, false)),
      frozen_(other.frozen_),
      position_(other.position_) {}

Result<int64_t> KeyEdit::integer_or(int64_t missing) const {
    const Entry* current = entry();
    if (current == nullptr) return missing;
    if (current->is_integer()) return current->integer();
    const auto number = parse_integer(current->string());
    if (!number) return errors::kNotInteger;
    return *number;
}

void KeyEdit::unshare() {
    frozen_ = false;
    engine_.keyspace().capture().unshare(*entry());
}

void KeyEdit::put(Entry* fresh) {
    keyspace::Keyspace& keyspace = engine_.keyspace();
    frozen_ = keyspace.capture().is_frozen(*fresh);
    keyspace::Database& database = keyspace.database(db_);
    changed_ = true;
    if (position_) {
        Entry* old = position_.element();
        database.replace(position_, fresh, hash_);
        keyspace.retire(old);
        return;
    }
    position_ = database.insert(fresh, hash_);
    engine_.emit(EventClass::New, "new", key_, db_);
}

namespace {

// Compat: the object that takes the place of one that expires has room for an expiry, even if it
// has none itself; OBJECT ENCODING shows whether the value still fits into it.
void settle_form(Entry& fresh) {
    if (fresh.has_expiry_room() || !fresh.is_string()) return;
    if (fresh.form() != StringForm::Embedded) return;
    fresh.set_form(
        keyspace::form_by_size(fresh.key_bytes(), fresh.string_bytes(), ExpiryRoom::Yes));
}

}  // namespace

void KeyEdit::store(Entry* fresh) {
    DCHECK(fresh->key() == key_);
    const keyspace::AccessClock& clock = engine_.keyspace().access_clock();
    // A key that is used often stays one when its value is overwritten.
    const bool inherits = position_ && clock.policy() == keyspace::AccessClock::Policy::Frequency;
    if (expire_at_ms() != kNoExpiry) settle_form(*fresh);
    fresh->set_access(inherits ? entry()->access() : clock.fresh());
    put(fresh);
}

void KeyEdit::store_integer(int64_t value) {
    keyspace::Keyspace& keyspace = engine_.keyspace();
    Entry* current = entry();
    if (current != nullptr && current->is_integer() && !keyspace.may_be_referenced(*current)) {
        current->set_integer(value);
        changed_ = true;
        return;
    }
    const int64_t at = expire_at_ms();
    const ExpiryRoom room = at == kNoExpiry ? ExpiryRoom::No : ExpiryRoom::Yes;
    Entry* fresh = keyspace.builder().integer(key_, value, room);
    if (at != kNoExpiry) fresh->set_expire_at_ms(at);
    store(fresh);
}

void KeyEdit::store_string(std::string_view value, KeepExpiry keep) {
    const int64_t at = keep == KeepExpiry::Yes ? expire_at_ms() : kNoExpiry;
    const ExpiryRoom room = at == kNoExpiry ? ExpiryRoom::No : ExpiryRoom::Yes;
    Entry* fresh = engine_.keyspace().builder().string(key_, value, room);
    if (at != kNoExpiry) fresh->set_expire_at_ms(at);
    store(fresh);
}

void KeyEdit::store_collection(std::unique_ptr<keyspace::Collection> value) {
    store(engine_.keyspace().builder().collection(key_, std::move(value), ExpiryRoom::No));
}

char* KeyEdit::grow_string(size_t bytes) {
    keyspace::Keyspace& keyspace = engine_.keyspace();
    Entry* current = entry();
    char digits[24];
    std::string_view old;
    if (current != nullptr) {
        old = current->is_integer()
                  ? std::string_view(digits, format_integer(digits, current->integer()))
                  : current->string();
    }
    if (bytes < old.size()) bytes = old.size();
    const bool in_place = current != nullptr && !current->is_integer() &&
                          !keyspace.may_be_referenced(*current) &&
                          bytes <= keyspace.builder().string_capacity(*current);
    if (in_place) {
        char* data = current->mutable_string();
        std::memset(data + old.size(), 0, bytes - old.size());
        current->set_string_bytes(bytes);
        current->set_form(StringForm::Raw);
        changed_ = true;
        return data;
    }
    // What grows gets room to grow as much again, up to a mebibyte, so that a series of appends
    // copies each byte a few times only.
    constexpr size_t kSpareBytesMax = size_t{1} << 20;
    const bool grows = current != nullptr && bytes > old.size();
    const size_t spare = grows ? (bytes < kSpareBytesMax ? bytes : kSpareBytesMax) : 0;
    const int64_t at = expire_at_ms();
    const ExpiryRoom room = at == kNoExpiry ? ExpiryRoom::No : ExpiryRoom::Yes;
    Entry* fresh =
        keyspace.builder().blank_string(key_, bytes, bytes + spare, room, StringForm::Raw);
    old.copy(fresh->mutable_string(), old.size());
    std::memset(fresh->mutable_string() + old.size(), 0, bytes - old.size());
    if (at != kNoExpiry) fresh->set_expire_at_ms(at);
    store(fresh);
    return fresh->mutable_string();
}

void KeyEdit::set_expiry(int64_t at_ms) {
    CHECK(exists());
    keyspace::Keyspace& keyspace = engine_.keyspace();
    Entry* current = entry();
    const int64_t before = current->expire_at_ms();
    if (current->has_expiry_room()) {  // No other thread reads the expiry of an entry.
        current->set_expire_at_ms(at_ms);
        keyspace.database(db_).expiry_changed(position_, hash_, before);
        changed_ = true;
        return;
    }
    if (at_ms == kNoExpiry) return;
    Entry* fresh = keyspace.builder().rekey(*current, key_, ExpiryRoom::Yes);
    fresh->set_expire_at_ms(at_ms);
    put(fresh);
}

Entry* KeyEdit::take() {
    CHECK(exists());
    Entry* current = entry();
    engine_.keyspace().database(db_).remove(position_, hash_);
    position_ = {};
    changed_ = true;
    frozen_ = false;
    return current;
}

void KeyEdit::remove() {
    engine_.keyspace().retire(take());
}

void KeyEdit::commit(EventClass event_class, std::string_view event, uint64_t changes) {
    changed_ = false;
    engine_.mark_dirty(changes);
    engine_.key_changed(key_, db_);
    if (!event.empty()) engine_.emit(event_class, event, key_, db_);
}

void KeyEdit::members_changed() {
    changed_ = true;
    engine_.keyspace().database(db_).member_expiry_changed(*entry(), hash_);
}

void KeyEdit::commit_or_remove(EventClass event_class, std::string_view event, uint64_t changes) {
    const bool emptied = exists() && !entry()->is_string() && entry()->collection()->size() == 0;
    if (emptied) remove();
    commit(event_class, event, changes);
    if (emptied) engine_.emit(EventClass::Generic, "del", key_, db_);
}

}  // namespace millrace::engine
