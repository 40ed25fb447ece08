// SPDX-License-Identifier: BSD-3-Clause
//
// Keyspace events: what happened to which key. Classes are those of `notify-keyspace-events`.
//
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace::engine {

enum class EventClass : uint32_t {
    Keyspace = 1u << 0,   // K: published per key.
    Keyevent = 1u << 1,   // E: published per event.
    Generic = 1u << 2,    // g
    String = 1u << 3,     // $
    List = 1u << 4,       // l
    Set = 1u << 5,        // s
    Hash = 1u << 6,       // h
    SortedSet = 1u << 7,  // z
    Expired = 1u << 8,    // x
    Evicted = 1u << 9,    // e
    Stream = 1u << 10,    // t
    Miss = 1u << 11,      // m, not in A
    Loaded = 1u << 12,    // internal
    Module = 1u << 13,    // d
    New = 1u << 14,       // n, not in A
};

// `notify-keyspace-events` to a mask and back, in Valkey's order of letters.
Result<uint32_t> parse_event_classes(std::string_view letters);
std::string event_class_letters(uint32_t mask);

// Whoever wants to know of changes: pub/sub notifications, blocked clients, WATCH, tracking, tests.
class KeyEventListener {
public:
    virtual ~KeyEventListener() = default;
    virtual void on_key_event(EventClass event_class, std::string_view event, std::string_view key,
                              int db) = 0;
};

// WATCH and client-side caching: told of every change before its event.
class KeyChangeListener {
public:
    virtual ~KeyChangeListener() = default;
    virtual void on_key_change(std::string_view key, int db) = 0;
    // All keys of the databases [begin, end) are about to go, or those of two to change places.
    virtual void on_flush(int begin, int end) { (void)begin, (void)end; }
    virtual void on_swap(int first, int second) { (void)first, (void)second; }
};

}  // namespace millrace::engine
