// SPDX-License-Identifier: BSD-3-Clause
//
// One request as the engine gets it: parsed, its command looked up, its first key hashed and, for
// plain string writes, its entry built. An I/O side makes it; scripts, AOF replay, replicas and
// tests make it with make_request().
//
// Owner:   the batch that holds it, arguments included; they stay valid until the batch has been
// published. Threads: filled on the I/O side, then read on the main thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/command_registry.h"
#include "engine/reply_log.h"

namespace millrace::engine {

enum class RequestKind : uint8_t {
    Command,
    ProtocolError,  // The error, what the log calls it, and an excerpt of what could not be read.
                    // The client is closed after it.
    InputLimit,  // The client sent more than client-query-buffer-limit allows; it is closed without
                 // a word.
    Disconnected,  // The client has gone; nothing of it follows.
    Frozen,        // Nothing of the client is in flight; it may be detached.
    Detached,      // `prebuilt` is the connection object, ready for another I/O side.
    Unpinned,      // `prebuilt` is an entry whose pinned value has been sent.
};

// What the I/O side found wrong; the main thread answers it in order.
enum RequestFault : uint8_t { kUnknownCommand = 1, kUnknownSubcommand = 2, kWrongArity = 4 };

struct Request {
    const Command* command = nullptr;  // Null with kUnknownCommand.
    const std::string_view* words = nullptr;
    uint32_t word_count = 0;
    uint32_t wire_bytes = 0;  // Saturates at 4 GiB.
    ClientSlot client = 0;
    uint32_t client_generation = 0;
    uint64_t key_hash = 0;  // Of the word at command->first_key(), if that is not 0.
    void* prebuilt =
        nullptr;  // Of a command: keyspace::Entry*, owned by the request until it is linked.
    RequestKind kind = RequestKind::Command;
    uint8_t faults = 0;
    // Arguments that MONITOR and the command logs must not show, by bit; the last bit stands for
    // all from 63 on.
    uint64_t redacted = 0;

    std::span<const std::string_view> arguments() const { return {words, word_count}; }
    keyspace::Entry* entry() const { return static_cast<keyspace::Entry*>(prebuilt); }
};
static_assert(sizeof(Request) <= 64);

}  // namespace millrace::engine
