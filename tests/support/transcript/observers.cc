// SPDX-License-Identifier: BSD-3-Clause
#include "observers.h"

#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "lines.h"

namespace millrace::transcript {
namespace {

// Marks may be late while clients are paused; then nothing is known of that step.
constexpr int64_t kMarkMs = 1'000;
constexpr int64_t kSnapshotMs = 10'000;
constexpr std::string_view kEventChannel = "__keyevent@";

bool begins_with_text(const protocol::Reply& reply, std::string_view word) {
    return !reply.parts.empty() && equals_ignore_case(reply.parts[0].text, word);
}

// What comes from nobody.
bool is_bookkeeping(const protocol::Reply& request) {
    for (const std::string_view word : {"PING", "REPLCONF"}) {
        if (begins_with_text(request, word)) return true;
    }
    return false;
}

}  // namespace

bool EventObserver::begin(const std::string& host, int port) {
    if (!connection_.open(host, port).ok()) return false;
    const Answer first = connection_.ask({"PSUBSCRIBE", std::string(kEventChannel) + "*"});
    if (first.kind != Answer::Kind::Reply || first.reply.is_error()) {
        connection_.close();
        return false;
    }
    return connection_.ask({"SUBSCRIBE", kMarkChannel}).kind == Answer::Kind::Reply;
}

std::optional<std::vector<std::string>> EventObserver::read_until(const std::string& mark) {
    if (!connection_.is_open()) return std::nullopt;
    std::vector<std::string> lines;
    for (;;) {
        const Answer answer = connection_.receive(kMarkMs);
        if (answer.kind != Answer::Kind::Reply) return std::nullopt;
        const std::vector<protocol::Reply>& parts = answer.reply.parts;
        if (parts.size() == 3 && parts[1].text == kMarkChannel && parts[2].text == mark) {
            return lines;
        }
        if (parts.size() != 4 || !parts[2].text.starts_with(kEventChannel)) continue;
        // "__keyevent@<db>__:<event>"
        const std::string_view channel =
            std::string_view(parts[2].text).substr(kEventChannel.size());
        const size_t end = channel.find("__:");
        const int db = std::atoi(std::string(channel.substr(0, end)).c_str());
        lines.push_back(event_line(db, channel.substr(end + 3), parts[3].text));
    }
}

bool EffectObserver::begin(const std::string& host, int port) {
    if (!connection_.open(host, port).ok()) return false;
    connection_.send({"PSYNC", "?", "-1"});
    std::string line;
    const bool accepted =
        connection_.receive_line(line, kSnapshotMs) && line.starts_with("+FULLRESYNC");
    // Empty lines keep the connection alive while the snapshot is made: "$<bytes>", then the bytes.
    bool announced = false;
    while (accepted && !announced && connection_.receive_line(line, kSnapshotMs)) {
        announced = line.starts_with("$");
    }
    const uint64_t bytes = announced ? std::strtoull(line.c_str() + 1, nullptr, 10) : 0;
    if (!announced || !connection_.skip(bytes, kSnapshotMs)) {
        connection_.close();
        return false;
    }
    connection_.send({"REPLCONF", "ACK", "0"});
    return true;
}

std::optional<std::vector<std::string>> EffectObserver::read_until(const std::string& mark) {
    if (!connection_.is_open()) return std::nullopt;
    connection_.send({"REPLCONF", "ACK", "0"});
    std::vector<std::string> lines;
    for (;;) {
        const Answer answer = connection_.receive(kMarkMs);
        if (answer.kind != Answer::Kind::Reply) return std::nullopt;
        const std::vector<protocol::Reply>& parts = answer.reply.parts;
        if (begins_with_text(answer.reply, "PUBLISH") && parts.size() == 3 &&
            parts[1].text == kMarkChannel) {
            if (parts[2].text == mark) return lines;
            continue;
        }
        if (begins_with_text(answer.reply, "SELECT")) {
            db_ = std::atoi(parts[1].text.c_str());
            continue;
        }
        if (is_bookkeeping(answer.reply)) continue;
        std::vector<std::string_view> words;
        for (const protocol::Reply& part : parts) words.push_back(part.text);
        lines.push_back(effect_line(db_, words));
    }
}

}  // namespace millrace::transcript
