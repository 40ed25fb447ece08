// SPDX-License-Identifier: BSD-3-Clause
//
// Draws bars and writes the diagnosis.

#include "admin/latency_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <vector>

namespace millrace::admin {

using observe::LatencyEvent;
using observe::LatencySample;

namespace {

constexpr size_t kColumns = 80;
constexpr int kRows = 4;
constexpr std::string_view kFills = "_o#";  // A third, two thirds and all of a row's height.
constexpr int kLevels = kRows * static_cast<int>(kFills.size());

struct Column {
    int level;  // 0 .. kLevels - 1.
    std::string label;
};

std::string age_label(int64_t seconds) {
    if (seconds < 60) return fmt::format("{}s", seconds);
    if (seconds < 3600) return fmt::format("{}m", seconds / 60);
    if (seconds < 86400) return fmt::format("{}h", seconds / 3600);
    return fmt::format("{}d", seconds / 86400);
}

// The character of a column in a row, counted from the bottom.
char fill_of(int level, int row) {
    const int above = level - row * static_cast<int>(kFills.size());
    if (above < 0) return ' ';
    return above < static_cast<int>(kFills.size()) ? kFills[static_cast<size_t>(above)] : '|';
}

// Columns side by side: bars, an empty line, labels from top to bottom.
void draw_block(std::string& out, const Column* columns, size_t count) {
    for (int row = kRows - 1; row >= 0; --row) {
        for (size_t i = 0; i < count; ++i) out += fill_of(columns[i].level, row);
        out += '\n';
    }
    out.append(count, ' ').append(1, '\n');
    size_t label_rows = 0;
    for (size_t i = 0; i < count; ++i) label_rows = std::max(label_rows, columns[i].label.size());
    for (size_t row = 0; row < label_rows; ++row) {
        for (size_t i = 0; i < count; ++i) {
            out += row < columns[i].label.size() ? columns[i].label[row] : ' ';
        }
        out += '\n';
    }
}

std::vector<LatencySample> used_samples(const LatencyEvent& history) {
    std::vector<LatencySample> samples;
    history.for_each([&](const LatencySample& sample) { samples.push_back(sample); });
    return samples;
}

}  // namespace

std::string draw_latency(std::string_view event, const LatencyEvent& history, int64_t now_seconds) {
    const std::vector<LatencySample> samples = used_samples(history);
    if (samples.empty()) return {};
    const auto by_length = [](const LatencySample& a, const LatencySample& b) {
        return a.milliseconds < b.milliseconds;
    };
    const auto [low, high] = std::minmax_element(samples.begin(), samples.end(), by_length);
    const int64_t range = std::max<int64_t>(1, high->milliseconds - low->milliseconds);

    std::vector<Column> columns;
    for (const LatencySample& sample : samples) {
        const int64_t level = (sample.milliseconds - low->milliseconds) * kLevels / range;
        columns.push_back({static_cast<int>(std::min<int64_t>(level, kLevels - 1)),
                           age_label(now_seconds - sample.unix_seconds)});
    }
    std::string out = fmt::format("{} - high {} ms, low {} ms (all time high {} ms)\n", event,
                                  high->milliseconds, low->milliseconds, history.highest_ms);
    out.append(80, '-').append(1, '\n');
    for (size_t from = 0; from < columns.size(); from += kColumns) {
        if (from != 0) out += '\n';
        draw_block(out, &columns[from], std::min(kColumns, columns.size() - from));
    }
    return out;
}

LatencyAnalysis analyse(const LatencyEvent& history, int64_t now_seconds) {
    LatencyAnalysis analysis;
    int64_t sum = 0;
    int64_t oldest = now_seconds;
    history.for_each([&](const LatencySample& sample) {
        ++analysis.samples;
        sum += sample.milliseconds;
        oldest = std::min(oldest, sample.unix_seconds);
    });
    analysis.highest_ms = history.highest_ms;
    if (analysis.samples == 0) return analysis;
    analysis.mean_ms = sum / analysis.samples;
    int64_t distances = 0;
    history.for_each([&](const LatencySample& sample) {
        distances += std::abs(sample.milliseconds - analysis.mean_ms);
    });
    analysis.deviation_ms = distances / analysis.samples;
    analysis.period_seconds =
        static_cast<double>(now_seconds - oldest) / static_cast<double>(analysis.samples);
    return analysis;
}

namespace {

std::string_view advice_for(std::string_view event) {
    static constexpr struct {
        std::string_view event;
        std::string_view advice;
    } kAdvice[] = {
        {"command",
         "SLOWLOG GET shows which commands took long. Deleting very large collections is one "
         "reason; smaller ones are quicker."},
        {"fast-command",
         "Commands that should be quick were not, so it is rather the machine that was busy: look "
         "for other processes, virtual machines that steal time, or swapping."},
        {"expire-cycle", "Many keys expired at once. Spread their times, or raise `hz`."},
        {"eviction-cycle",
         "Making room under `maxmemory` took long. Raise the limit, or keep values smaller."},
        {"eviction-del", "Evicted values were large. Smaller ones are freed more quickly."},
        {"aof-write", "The disk is slow, or shared with someone busy."},
        {"aof-fsync-always", "`appendfsync always` is as slow as the disk; see `everysec`."},
    };
    for (const auto& each : kAdvice) {
        if (each.event == event) return each.advice;
    }
    return {};
}

}  // namespace

std::string diagnose_latency(const LatencyEvents& events, int64_t threshold_ms,
                             int64_t now_seconds) {
    if (threshold_ms == 0) {
        return "Latency is not monitored, so there is nothing to say. \"CONFIG SET "
               "latency-monitor-threshold <milliseconds>\" turns it on.\n";
    }
    if (events.empty()) {
        return fmt::format("Nothing took {} ms or longer since monitoring began.\n", threshold_ms);
    }
    std::string out = "Latency spikes were seen:\n\n";
    std::string advice;
    int number = 0;
    for (const auto& [event, history] : events) {
        const LatencyAnalysis found = analyse(history, now_seconds);
        fmt::format_to(
            std::back_inserter(out),
            "{}. {}: {} latency spikes (average {}ms, mean deviation {}ms, period {:.2f} "
            "sec). Worst all time event {}ms.\n",
            ++number, event, found.samples, found.mean_ms, found.deviation_ms, found.period_seconds,
            found.highest_ms);
        if (const std::string_view text = advice_for(event); !text.empty()) {
            advice.append("- ").append(text).append(1, '\n');
        }
    }
    if (!advice.empty()) out.append("\nWhat may help:\n\n").append(advice);
    return out;
}

}  // namespace millrace::admin
