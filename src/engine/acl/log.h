// SPDX-License-Identifier: BSD-3-Clause
//
// ACL LOG: what was refused lately, newest first; the same again within a minute is one entry.
//
// Owner:   AccessControl.
// Threads: main thread.
// Limits:  as many entries as add() is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>

namespace millrace::engine::acl {

enum class LogReason : uint8_t { Command, Key, Channel, Login, Database };
enum class LogContext : uint8_t { TopLevel, Multi, Script };

std::string_view name_of(LogReason reason);
std::string_view name_of(LogContext context);

class AclLog {
public:
    struct Entry {
        LogReason reason;
        LogContext context;
        std::string object;
        std::string user;
        std::string client;  // Its line of CLIENT LIST.
        uint64_t count = 1;
        uint64_t id = 0;
        int64_t created_ms = 0;
        int64_t updated_ms = 0;
    };

    void add(Entry entry, int64_t now_ms, size_t entries_max);
    void clear() { entries_.clear(); }
    const std::list<Entry>& entries() const { return entries_; }

private:
    std::list<Entry> entries_;
    uint64_t next_id_ = 0;
};

}  // namespace millrace::engine::acl
