// SPDX-License-Identifier: BSD-3-Clause
//
// INFO commandstats, errorstats, latencystats: what the engine counts for each command and error.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "admin/info/sections.h"
#include "admin/setting_value.h"
#include "base/numbers.h"
#include "base/quote.h"

namespace millrace::admin::info {
namespace {

using engine::Command;
using engine::CommandStatistics;
using observe::InfoRegistry;
using observe::InfoWriter;

// In a field's name these would end it.
std::string safe_name(std::string_view name) {
    std::string safe(name);
    for (char& letter : safe) {
        if (std::string_view("#:\n\r").find(letter) != std::string_view::npos) letter = '_';
    }
    return safe;
}

template <typename Visit>
void for_each_command(engine::CommandRegistry& commands, Visit&& visit) {
    for (uint32_t id = 0; id < commands.size(); ++id) visit(commands.by_id(id));
}

void write_command(InfoWriter& out, const Command& command) {
    const CommandStatistics& counts = command.statistics();
    if (counts.calls == 0 && counts.failed_calls == 0 && counts.rejected_calls == 0) return;
    const uint64_t microseconds = counts.microseconds_x1024 / 1024;
    const double mean = counts.calls == 0
                            ? 0.0
                            : static_cast<double>(microseconds) / static_cast<double>(counts.calls);
    out.field(
        fmt::format("cmdstat_{}", safe_name(command.full_name())),
        fmt::format("calls={},usec={},usec_per_call={:.2f},rejected_calls={},failed_calls={}",
                    counts.calls, microseconds, mean, counts.rejected_calls, counts.failed_calls));
}

// "99.9", without zeros at the end.
std::string percentile_name(double percentile) {
    std::string name = fmt::format("{:f}", percentile);
    name.erase(name.find_last_not_of('0') + 1);
    if (name.back() == '.') name.pop_back();
    return name;
}

std::vector<double> shown_percentiles(engine::Engine& engine) {
    std::vector<double> percentiles;
    const auto words =
        split_arguments(setting_text(engine, "latency-tracking-info-percentiles", "50 99 99.9"));
    if (!words.ok()) return percentiles;
    for (const std::string& word : words.value()) {
        if (const auto percentile = parse_double(word)) percentiles.push_back(*percentile);
    }
    return percentiles;
}

void write_latency(InfoWriter& out, const Command& command,
                   const std::vector<double>& percentiles) {
    const observe::Histogram* latency = command.statistics().latency.get();
    if (latency == nullptr || latency->total() == 0) return;
    std::string values;
    for (const double percentile : percentiles) {
        values +=
            fmt::format("{}p{}={:.3f}", values.empty() ? "" : ",", percentile_name(percentile),
                        static_cast<double>(latency->percentile(percentile)) / 1000);
    }
    out.field(fmt::format("latency_percentiles_usec_{}", safe_name(command.full_name())), values);
}

}  // namespace

void register_command_sections(InfoRegistry& info, engine::Engine& engine) {
    info.add("commandstats", "Commandstats", InfoRegistry::kAll, [&engine](InfoWriter& out) {
        for_each_command(engine.commands(), [&](const Command& each) { write_command(out, each); });
    });
    info.add("errorstats", "Errorstats", InfoRegistry::kDefault, [&engine](InfoWriter& out) {
        for (const auto& [prefix, count] : engine.counters().errors_by_prefix) {
            out.field(fmt::format("errorstat_{}", safe_name(prefix)),
                      fmt::format("count={}", count));
        }
    });
    info.add("latencystats", "Latencystats", InfoRegistry::kAll, [&engine](InfoWriter& out) {
        if (setting_text(engine, "latency-tracking", "yes") != "yes") return;
        const std::vector<double> percentiles = shown_percentiles(engine);
        for_each_command(engine.commands(),
                         [&](const Command& each) { write_latency(out, each, percentiles); });
    });
}

}  // namespace millrace::admin::info
