// SPDX-License-Identifier: BSD-3-Clause
#include "engine/call.h"

#include <fmt/format.h>

#include <utility>

#include "base/bytes.h"
#include "base/numbers.h"
#include "base/token.h"

namespace millrace::engine {

using keyspace::Entry;

bool Call::arg_is(size_t at, std::string_view word) const {
    return is_token(arg(at), word);
}

Result<int64_t> Call::integer(size_t at) const {
    const auto number = parse_integer(arg(at));
    if (!number) return errors::kNotInteger;
    return *number;
}

Result<int64_t> Call::integer(size_t at, int64_t low, int64_t high) const {
    const int64_t number = TRY(integer(at));
    if (number < low || number > high) {
        return Error(
            fmt::format("ERR value is out of range, value must between {} and {}", low, high));
    }
    return number;
}

Result<double> Call::number(size_t at) const {
    const auto parsed = parse_double(arg(at));
    if (!parsed) return errors::kNotFloat;
    return *parsed;
}

uint64_t Call::hash(size_t at) const {
    if (static_cast<int>(at) == request_.command->first_key()) return request_.key_hash;
    return engine_.keyspace().hash(arg(at));
}

Entry* Call::find_untouched(std::string_view key, uint64_t hash) {
    keyspace::Keyspace& keyspace = engine_.keyspace();
    const auto position = keyspace.find_live(session_.database, key, hash);
    if (!position) {
        ++keyspace.counters().misses;
        engine_.emit(EventClass::Miss, "keymiss", key, session_.database);
        return nullptr;
    }
    ++keyspace.counters().hits;
    return position.element();
}

Entry* Call::find_untouched(size_t at) {
    return find_untouched(arg(at), hash(at));
}

Entry* Call::find(size_t at) {
    return touched(find_untouched(at));
}

Entry* Call::find(std::string_view key) {
    return touched(find_untouched(key, engine_.keyspace().hash(key)));
}

Entry* Call::touched(Entry* entry) {
    if (entry != nullptr && !session_.is(kNoTouch)) engine_.keyspace().access_clock().touch(*entry);
    return entry;
}

Result<Entry*> Call::find(size_t at, keyspace::ValueType type) {
    Entry* entry = find(at);
    if (entry != nullptr && entry->type() != type) return errors::kWrongType;
    return entry;
}

Entry* Call::peek(size_t at) {
    const auto position = engine_.keyspace().find_live(session_.database, arg(at), hash(at));
    return position ? position.element() : nullptr;
}

Entry* Call::peek(std::string_view key, int db) {
    keyspace::Keyspace& keyspace = engine_.keyspace();
    const auto position = keyspace.find_live(db, key, keyspace.hash(key));
    return position ? position.element() : nullptr;
}

KeyEdit Call::edit(size_t at) {
    KeyEdit edit(engine_, session_.database, arg(at), hash(at));
    if (edit.exists() && !session_.is(kNoTouch)) {
        engine_.keyspace().access_clock().touch(*edit.entry());
    }
    return edit;
}

KeyEdit Call::edit(std::string_view key, int db) {
    return KeyEdit(engine_, db, key, engine_.keyspace().hash(key));
}

Result<KeyEdit> Call::edit(size_t at, keyspace::ValueType type) {
    KeyEdit edit = this->edit(at);
    if (edit.exists() && edit.entry()->type() != type) return errors::kWrongType;
    return edit;
}

Entry* Call::take_entry(size_t key_at, size_t value_at, keyspace::ExpiryRoom room) {
    const bool needs_room = room == keyspace::ExpiryRoom::Yes;
    Entry* prebuilt = request_.entry();
    if (prebuilt != nullptr && prebuilt->has_expiry_room() == needs_room) {
        request_.prebuilt = nullptr;
        return prebuilt;
    }
    return engine_.keyspace().builder().string(arg(key_at), arg(value_at), room);
}

void Call::propagate_as(std::span<const std::string_view> words) {
    propagation_ = Propagation::AsRecorded;
    if (propagates()) engine_.effects().record(session_.database, words);
}

void Call::propagate_as(std::initializer_list<std::string_view> words) {
    propagate_as(std::span<const std::string_view>(words.begin(), words.size()));
}

// --- waiting ---

bool Call::may_block() const {
    return !engine_.is_nested() && !session_.is(kInMulti | kDenyBlocking);
}

Status Call::block_on(const WaitFor& wait) {
    if (!may_block()) {
        wait.not_allowed(reply_);
        return done();
    }
    if (!runs_again_) engine_.blocking().block(session_, request_, wait);
    waits_ = true;
    return done();
}

}  // namespace millrace::engine
