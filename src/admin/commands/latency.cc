// SPDX-License-Identifier: BSD-3-Clause
//
// LATENCY: moments at which something took long, and how long commands take.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "admin/key_report.h"
#include "admin/latency_histogram.h"
#include "admin/latency_report.h"
#include "base/token.h"
#include "engine/command.h"
#include "engine/help.h"
#include "engine/hot_keys.h"

namespace millrace::admin::commands::latency {
namespace {

using namespace engine;

Status doctor(Call& call);
Status graph(Call& call);
Status help(Call& call);
Status histogram(Call& call);
Status history(Call& call);
Status latest(Call& call);
Status reset(Call& call);

constexpr std::string_view kDoctorTips[] = {"nondeterministic_output", "request_policy:all_nodes",
                                            "response_policy:special"};
constexpr Arg kGraphArgs[] = {
    {.name = "event", .type = ArgType::String},
};
constexpr Arg kHistogramArgs[] = {
    {.name = "command", .type = ArgType::String, .flags = kOptional | kMultiple},
};
constexpr Arg kResetArgs[] = {
    {.name = "event", .type = ArgType::String, .flags = kOptional | kMultiple},
};
constexpr std::string_view kResetTips[] = {"request_policy:all_nodes", "response_policy:agg_sum"};

constexpr CommandSpec kSubcommands[] = {
    {.name = "DOCTOR",
     .summary = "Explains in words what was slow, and what to do.",
     .since = "2.8.13",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .tips = kDoctorTips,
     .run = doctor},
    {.name = "GRAPH",
     .summary = "Draws the samples of an event.",
     .since = "2.8.13",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .args = kGraphArgs,
     .tips = kDoctorTips,
     .run = graph},
    {.name = "HELP",
     .summary = "Describes the subcommands.",
     .since = "2.8.13",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = help},
    {.name = "HISTOGRAM",
     .summary = "Shows how the run times of commands are distributed.",
     .since = "7.0.0",
     .group = Group::Server,
     .complexity =
         "O(N) where N is the number of commands with latency information being retrieved",
     .arity = -2,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .args = kHistogramArgs,
     .tips = kDoctorTips,
     .run = histogram},
    {.name = "HISTORY",
     .summary = "Shows the samples of an event.",
     .since = "2.8.13",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .args = kGraphArgs,
     .tips = kDoctorTips,
     .run = history},
    {.name = "LATEST",
     .summary = "Shows the last sample of each event.",
     .since = "2.8.13",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .tips = kDoctorTips,
     .run = latest},
    {.name = "RESET",
     .summary = "Forgets the samples of some or all events.",
     .since = "2.8.13",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = -2,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .args = kResetArgs,
     .tips = kResetTips,
     .run = reset},
};

constexpr CommandSpec kCommands[] = {
    {.name = "LATENCY",
     .summary = "Commands on how long events took.",
     .since = "2.8.13",
     .group = Group::Server,
     .complexity = "Depends on subcommand",
     .arity = -2,
     .subcommands = kSubcommands},
};

using observe::LatencyEvent;
using observe::LatencySample;

int64_t now_seconds(Call& call) {
    return call.now_ms() / 1000;
}

Status doctor(Call& call) {
    const observe::LatencyMonitor& monitor = call.engine().latency();
    std::string text =
        diagnose_latency(monitor.events(), monitor.threshold_ms(), now_seconds(call));
    call.engine().hot_keys().refresh();
    const std::string keys = describe_hot_keys(call.engine().hot_keys().last());
    if (!keys.empty()) text.append("\nLately:\n\n").append(keys);
    call.reply().verbatim("txt", text);
    return done();
}

Status graph(Call& call) {
    const auto& events = call.engine().latency().events();
    const auto found = events.find(call.arg(2));
    if (found == events.end()) {
        return Error(
            fmt::format("ERR No samples available for event '{}'", until_zero(call.arg(2))));
    }
    call.reply().verbatim("txt", draw_latency(found->first, found->second, now_seconds(call)));
    return done();
}

Status history(Call& call) {
    const auto& events = call.engine().latency().events();
    const auto found = events.find(call.arg(2));
    const size_t opened = call.reply().open();
    size_t count = 0;
    if (found != events.end()) {
        found->second.for_each([&](const LatencySample& sample) {
            call.reply().array(2);
            call.reply().integer(sample.unix_seconds);
            call.reply().integer(sample.milliseconds);
            ++count;
        });
    }
    call.reply().close_array(opened, count);
    return done();
}

Status latest(Call& call) {
    const auto& events = call.engine().latency().events();
    call.reply().array(events.size());
    for (const auto& [name, event] : events) {
        call.reply().array(6);
        call.reply().bulk(name);
        call.reply().integer(event.latest().unix_seconds);
        call.reply().integer(event.latest().milliseconds);
        call.reply().integer(event.highest_ms);
        call.reply().integer(event.sum_ms);
        call.reply().integer(event.count);
    }
    return done();
}

Status reset(Call& call) {
    observe::LatencyMonitor& monitor = call.engine().latency();
    int removed = call.count() == 2 ? monitor.reset({}) : 0;
    for (size_t at = 2; at < call.count(); ++at) {
        if (!call.arg(at).empty()) removed += monitor.reset(call.arg(at));
    }
    call.reply().integer(removed);
    return done();
}

Status histogram(Call& call) {
    reply_histograms(call, call.arguments().subspan(2));
    return done();
}

Status help(Call& call) {
    static constexpr std::string_view kLines[] = {
        "DOCTOR",
        "    Says in words what was slow, and what may help.",
        "GRAPH <event>",
        "    Draws the samples of an event.",
        "HISTOGRAM [<command> ...]",
        "    Shows how the run times of these or all commands are distributed: how many took up",
        "    to so many microseconds.",
        "HISTORY <event>",
        "    Shows the samples of an event.",
        "LATEST",
        "    Shows the last sample of each event, with maximum, sum and count.",
        "RESET [<event> ...]",
        "    Forgets the samples of these or all events.",
    };
    reply_help(call.reply(), "LATENCY", kLines);
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::latency
