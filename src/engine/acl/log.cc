// SPDX-License-Identifier: BSD-3-Clause
#include "engine/acl/log.h"

#include <utility>

namespace millrace::engine::acl {
namespace {

// Only the newest entries are asked whether one more is the same.
constexpr size_t kComparedMax = 10;
constexpr int64_t kMergedMsMax = 60000;

bool is_same(const AclLog::Entry& a, const AclLog::Entry& b) {
    return a.reason == b.reason && a.context == b.context && a.object == b.object &&
           a.user == b.user;
}

}  // namespace

std::string_view name_of(LogReason reason) {
    switch (reason) {
        case LogReason::Command:
            return "command";
        case LogReason::Key:
            return "key";
        case LogReason::Channel:
            return "channel";
        case LogReason::Login:
            return "auth";
        case LogReason::Database:
            return "database";
    }
    return "unknown";
}

std::string_view name_of(LogContext context) {
    switch (context) {
        case LogContext::TopLevel:
            return "toplevel";
        case LogContext::Multi:
            return "multi";
        case LogContext::Script:
            return "lua";
    }
    return "unknown";
}

void AclLog::add(Entry entry, int64_t now_ms, size_t entries_max) {
    if (entries_max == 0) return entries_.clear();
    size_t compared = 0;
    for (auto old = entries_.begin(); old != entries_.end(); ++old) {
        if (++compared > kComparedMax) break;
        if (now_ms - old->updated_ms > kMergedMsMax || !is_same(*old, entry)) continue;
        ++old->count;
        old->updated_ms = now_ms;
        old->client = std::move(entry.client);
        entries_.splice(entries_.begin(), entries_, old);
        return;
    }
    entry.id = next_id_++;
    entry.created_ms = now_ms;
    entry.updated_ms = now_ms;
    entries_.push_front(std::move(entry));
    while (entries_.size() > entries_max) entries_.pop_back();
}

}  // namespace millrace::engine::acl
