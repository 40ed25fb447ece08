// SPDX-License-Identifier: BSD-3-Clause
//
// The resolve stage: turns parsed words into a request that the main thread can run without looking
// at text: the command's table entry, the outcome of the arity check, the hash of the first key,
// and for plain string writes the finished entry.
//
// Owner:   an I/O side.
// Threads: the I/O side's.
#pragma once

#include <span>
#include <string_view>

#include "base/siphash.h"
#include "engine/command_registry.h"
#include "keyspace/entry_builder.h"
#include "pipeline/batch.h"

namespace millrace::pipeline {

class Resolver {
public:
    Resolver(const engine::CommandRegistry& commands, const SipKey& seed,
             keyspace::EntryBuilder& builder)
        : commands_(commands), seed_(seed), builder_(builder) {}

    // Fills `request` from `words`, whose bytes are copied into the batch. `ready_entry` is the
    // entry whose value was received straight into place, or null.
    void resolve(std::span<const std::string_view> words, keyspace::Entry* ready_entry,
                 Batch& batch, engine::Request& request);

    // Whether the value now arriving as word `at` of `count`, after `words_before`, belongs into an
    // entry of its own.
    bool value_of_plain_write(std::span<const std::string_view> words_before, size_t count) const;

    keyspace::EntryBuilder& builder() const { return builder_; }

private:
    const engine::Command* command_of(std::span<const std::string_view> words);
    void check(std::span<const std::string_view> words, engine::Request& request);
    keyspace::Entry* build(std::span<const std::string_view> words,
                           const engine::Command& command) const;

    const engine::CommandRegistry& commands_;
    const SipKey seed_;
    keyspace::EntryBuilder& builder_;
    // The last simple command, as it was spelled: the next one is the same more often than not.
    static constexpr size_t kRememberedBytesMax = 16;
    char last_name_[kRememberedBytesMax] = {};
    size_t last_name_bytes_ = 0;
    const engine::Command* last_command_ = nullptr;
};

}  // namespace millrace::pipeline
