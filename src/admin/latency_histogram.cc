// SPDX-License-Identifier: BSD-3-Clause
//
// Turns histograms into replies.

#include "admin/latency_histogram.h"

namespace millrace::admin {

using engine::Command;

namespace {

// Compat: the steps are powers of two of nanoseconds from 1024 on, and show as the upper edge that
// a histogram with 128 steps in each of them would have, in microseconds.
constexpr int kFirstPower = 10;
constexpr int kLastPower = 36;

int64_t shown_microseconds(int power) {
    const int64_t step = int64_t{1} << power;
    return (step + step / 128 - 1) / 1000;
}

bool ran(const Command& command) {
    const observe::Histogram* latency = command.statistics().latency.get();
    return latency != nullptr && latency->total() != 0;
}

void collect(const Command& command, std::vector<const Command*>& found) {
    if (ran(command)) found.push_back(&command);
    for (const Command* subcommand : command.subcommands()) {
        if (ran(*subcommand)) found.push_back(subcommand);
    }
}

// "container|subcommand" names one; anything else a command of its own.
const Command* find_command(engine::CommandRegistry& commands, std::string_view name) {
    const size_t bar = name.find('|');
    const Command* command = commands.find(name.substr(0, bar));
    if (command == nullptr || bar == std::string_view::npos) return command;
    return command->subcommand(name.substr(bar + 1));
}

void reply_histogram(engine::ReplyWriter& reply, const Command& command) {
    const observe::Histogram& latency = *command.statistics().latency;
    reply.bulk(command.full_name());
    reply.map(2);
    reply.bulk("calls");
    reply.integer(static_cast<int64_t>(latency.total()));
    reply.bulk("histogram_usec");
    const auto counts = cumulative_counts(latency);
    reply.map(counts.size());
    for (const auto& [microseconds, count] : counts) {
        reply.integer(microseconds);
        reply.integer(static_cast<int64_t>(count));
    }
}

}  // namespace

std::vector<std::pair<int64_t, uint64_t>> cumulative_counts(const observe::Histogram& nanoseconds) {
    std::vector<std::pair<int64_t, uint64_t>> counts;
    uint64_t before = 0;
    for (int power = kFirstPower; power <= kLastPower && before < nanoseconds.total(); ++power) {
        const uint64_t up_to = power == kLastPower
                                   ? nanoseconds.total()
                                   : nanoseconds.count_to((uint64_t{1} << power) - 1);
        if (up_to == before) continue;
        counts.emplace_back(shown_microseconds(power), up_to);
        before = up_to;
    }
    return counts;
}

void reply_histograms(engine::Call& call, std::span<const std::string_view> names) {
    engine::CommandRegistry& commands = call.engine().commands();
    std::vector<const Command*> found;
    if (names.empty()) {
        for (const Command* command : commands.commands()) collect(*command, found);
    }
    for (const std::string_view name : names) {
        if (const Command* command = find_command(commands, name)) collect(*command, found);
    }
    call.reply().map(found.size());
    for (const Command* command : found) reply_histogram(call.reply(), *command);
}

}  // namespace millrace::admin
