// SPDX-License-Identifier: BSD-3-Clause
//
// What a handler gets: the arguments of one command, the keys that they name, and the reply. Only
// the dispatcher makes one, so holding a Call& is the proof of being on the main thread.
//
// Argument 0 is the command's name (of a subcommand: container and subcommand are 0 and 1).
//
// Owner:   the engine, for the time of the command.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "base/result.h"
#include "engine/blocking.h"
#include "engine/engine.h"
#include "engine/errors.h"
#include "engine/key_edit.h"

namespace millrace::engine {

class Call {
public:
    // --- arguments ---

    size_t count() const { return request_.word_count; }
    std::string_view arg(size_t at) const {
        DCHECK(at < count());
        return request_.words[at];
    }
    std::span<const std::string_view> arguments() const { return request_.arguments(); }
    // Whether argument `at` is `word`, in any case. `word` is upper case.
    bool arg_is(size_t at, std::string_view word) const;
    Result<int64_t> integer(size_t at) const;  // Else kNotInteger.
    // Else kNotInteger, or that it must lie between the two.
    Result<int64_t> integer(size_t at, int64_t low, int64_t high) const;
    Result<double> number(size_t at) const;  // Else kNotFloat.

    // --- keys ---

    // The live entry of the key at argument `at`, for reading: counts a hit or miss and notes the
    // access.
    keyspace::Entry* find(size_t at);
    // The same for a key that is not an argument, in the session's database.
    keyspace::Entry* find(std::string_view key);
    // The first, or kWrongType.
    Result<keyspace::Entry*> find(size_t at, keyspace::ValueType type);
    // The collection of the key for reading; null if there is no key, else kWrongType if it is not
    // a T.
    template <typename T>
    Result<const T*> read(size_t at) {
        const keyspace::Entry* entry = TRY(find(at, T::kType));
        return entry == nullptr ? nullptr : static_cast<const T*>(entry->collection());
    }
    // The same for a command that reads but changes what stands beside the contents, as the groups
    // of a stream.
    template <typename T>
    Result<T*> read_to_change(size_t at) {
        (void)TRY(find(at, T::kType));
        return edit(at).template value<T>();
    }
    // Counts, but does not note the access (EXISTS, TTL, TYPE ...).
    keyspace::Entry* find_untouched(size_t at);
    // Without counting or noting anything.
    keyspace::Entry* peek(size_t at);
    keyspace::Entry* peek(std::string_view key, int db);
    // Begins a change of the key at argument `at`, which counts as an access.
    KeyEdit edit(size_t at);
    Result<KeyEdit> edit(size_t at, keyspace::ValueType type);
    KeyEdit edit(std::string_view key, int db);
    uint64_t hash(size_t at) const;

    // The entry that the I/O side built for this command's key and value, or one made now. The
    // caller owns it.
    keyspace::Entry* take_entry(size_t key_at, size_t value_at, keyspace::ExpiryRoom room);

    // --- effects ---

    // By default a command that changed something is propagated as it came. These say otherwise.
    void propagate_as(std::initializer_list<std::string_view> words);
    void propagate_as(std::span<const std::string_view> words);
    // A message: not for the AOF, and whether or not anything changed.
    void propagate_to_replicas(std::span<const std::string_view> words) {
        propagation_ = Propagation::AsRecorded;
        if (propagates()) engine_.effects().record(session_.database, words, true);
    }
    void propagate_nothing() { propagation_ = Propagation::Nothing; }
    // Whether anybody listens; a handler may skip making words that nobody reads.
    bool propagates() const { return engine_.effects().wanted(); }

    // --- surroundings ---

    ReplyWriter& reply() { return reply_; }
    Session& session() { return session_; }
    Engine& engine() { return engine_; }
    keyspace::Keyspace& keyspace() { return engine_.keyspace(); }
    keyspace::Database& database() { return engine_.keyspace().database(session_.database); }
    const Command& command() const { return *request_.command; }
    int db() const { return session_.database; }
    int64_t now_ms() const { return engine_.now_ms(); }
    const Settings& settings() const { return engine_.settings(); }

    // Argument `at` is a secret: MONITOR and the command logs show "(redacted)" in its place.
    void redact(size_t at) { request_.redacted |= uint64_t{1} << (at < 63 ? at : 63); }

    // The error that the handler is about to return comes from a command that it ran, and was
    // counted there.
    void error_was_counted() { error_counted_ = true; }

    // The reply comes later, from somebody else, or never.
    void reply_later() { replies_later_ = true; }

    // The client waits and this command runs again when it may find what it looks for
    // (engine/blocking.h). Where nobody may wait, it is answered as if the time were over.
    Status block_on(const WaitFor& wait);
    bool may_block() const;

private:
    friend class Engine;
    friend class Dispatch;
    keyspace::Entry* find_untouched(std::string_view key, uint64_t hash);
    keyspace::Entry* touched(keyspace::Entry* entry);
    enum class Propagation : uint8_t { AsItCame, AsRecorded, Nothing };

    Call(Engine& engine, Session& session, Request& request, ReplyWriter& reply)
        : engine_(engine), session_(session), request_(request), reply_(reply) {}

    Engine& engine_;
    Session& session_;
    Request& request_;
    ReplyWriter& reply_;
    Propagation propagation_ = Propagation::AsItCame;
    bool replies_later_ = false;
    bool runs_again_ = false;  // It has been waiting.
    bool waits_ = false;
    bool error_counted_ = false;
};

}  // namespace millrace::engine
