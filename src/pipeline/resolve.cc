// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/resolve.h"

#include <cstring>

#include "base/bytes.h"

namespace millrace::pipeline {

using engine::Command;
using engine::Request;
using keyspace::Entry;
using keyspace::ExpiryRoom;

namespace {

// Whether the options of a write with more than its plain words give the key an expiry.
ExpiryRoom room_for_options(std::span<const std::string_view> options) {
    for (std::string_view option : options) {
        if (option.size() != 2 && option.size() != 4) continue;
        if (equals_ignore_case(option.substr(0, 2), "EX") ||
            equals_ignore_case(option.substr(0, 2), "PX")) {
            return ExpiryRoom::Yes;
        }
    }
    return ExpiryRoom::No;
}

}  // namespace

const Command* Resolver::command_of(std::span<const std::string_view> words) {
    if (words.empty()) return nullptr;
    const std::string_view name = words[0];
    if (name.size() == last_name_bytes_ && std::memcmp(name.data(), last_name_, name.size()) == 0)
        return last_command_;
    const Command* command = commands_.resolve(words);
    if (command != nullptr && command->spec().subcommands.empty() && command->parent() == nullptr &&
        name.size() <= kRememberedBytesMax) {
        name.copy(last_name_, name.size());
        last_name_bytes_ = name.size();
        last_command_ = command;
    }
    return command;
}

void Resolver::check(std::span<const std::string_view> words, Request& request) {
    request.command = command_of(words);
    if (request.command == nullptr) {
        request.faults = engine::kUnknownCommand;
        return;
    }
    const Command& command = *request.command;
    if (!command.spec().subcommands.empty() && words.size() > 1) {
        request.faults = engine::kUnknownSubcommand;
    } else if (!command.arity_matches(words.size())) {
        request.faults = engine::kWrongArity;
    }
}

Entry* Resolver::build(std::span<const std::string_view> words, const Command& command) const {
    const auto value_at = static_cast<size_t>(command.spec().prebuilt_value);
    constexpr size_t kWordsMax = 8;
    if (words.size() <= value_at || words.size() > kWordsMax || words[1].size() > UINT32_MAX)
        return nullptr;
    const ExpiryRoom room =
        value_at > 2 ? ExpiryRoom::Yes : room_for_options(words.subspan(value_at + 1));
    return builder_.string(words[1], words[value_at], room);
}

void Resolver::resolve(std::span<const std::string_view> words, Entry* ready_entry, Batch& batch,
                       Request& request) {
    check(words, request);
    auto* copies = batch.arena().array<std::string_view>(words.size());
    request.words = copies;
    request.word_count = static_cast<uint32_t>(words.size());

    // The key and the value of a prebuilt entry serve as the arguments; retired or not, it outlives
    // the batch.
    size_t value_at = 0;
    if (request.faults == 0) {
        const int key_at = request.command->first_key();
        if (key_at > 0 && static_cast<size_t>(key_at) < words.size()) {
            const std::string_view key = words[static_cast<size_t>(key_at)];
            request.key_hash = siphash13(key.data(), key.size(), seed_);
        }
        value_at = static_cast<size_t>(request.command->spec().prebuilt_value);
        if (value_at > 0)
            request.prebuilt =
                ready_entry != nullptr ? ready_entry : build(words, *request.command);
    }
    const Entry* entry = request.entry();
    for (size_t i = 0; i < words.size(); ++i) {
        if (entry != nullptr && i == 1) {
            copies[i] = entry->key();
        } else if (entry != nullptr && i == value_at && !entry->is_integer()) {
            copies[i] = entry->string();
        } else {
            copies[i] = batch.arena().copy(words[i]);
        }
    }
}

bool Resolver::value_of_plain_write(std::span<const std::string_view> words_before,
                                    size_t count) const {
    if (words_before.size() != 2 || count != 3 || words_before[1].size() > UINT32_MAX) return false;
    const Command* command = commands_.find(words_before[0]);
    return command != nullptr && command->spec().prebuilt_value == 2 &&
           command->arity_matches(count);
}

}  // namespace millrace::pipeline
