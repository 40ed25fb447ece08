// SPDX-License-Identifier: BSD-3-Clause
#include "engine/monitors.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/quote.h"
#include "engine/services.h"
#include "engine/session.h"

namespace millrace::engine {

void Monitors::add(const Session& session) {
    const std::pair monitor(session.slot(), session.generation());
    if (std::ranges::find(monitors_, monitor) == monitors_.end()) monitors_.push_back(monitor);
}

void Monitors::remove(const Session& session) {
    std::erase(monitors_, std::pair(session.slot(), session.generation()));
}

void Monitors::feed(int64_t now_us, int db, std::string_view address,
                    std::span<const std::string_view> words, SessionTable& sessions,
                    ClientControl& clients) {
    constexpr int64_t kMicroseconds = 1000000;
    std::string line;
    fmt::format_to(std::back_inserter(line), "+{}.{:06} [{} {}]", now_us / kMicroseconds,
                   now_us % kMicroseconds, db, address);
    for (std::string_view word : words) {
        line += ' ';
        append_quoted(line, word);
    }
    line += "\r\n";

    for (const auto& [slot, generation] : monitors_) {
        Session* monitor = sessions.find(slot, generation);
        if (monitor == nullptr) continue;
        ReplyLog& log = clients.log_for(*monitor);
        const size_t opened = log.open_bytes();
        log.bytes().append(line);
        log.close_bytes(slot, opened);
        monitor->produced_bytes += line.size();
    }
}

}  // namespace millrace::engine
