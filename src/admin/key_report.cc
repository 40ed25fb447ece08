// SPDX-License-Identifier: BSD-3-Clause
#include "admin/key_report.h"

#include <fmt/format.h>

#include "base/quote.h"
#include "observe/info_registry.h"

namespace millrace::admin {

using engine::HotKeys;
using engine::KeyMeasure;
using keyspace::BigKeys;

namespace {

// A key stands out with a third of everything, if that is not next to nothing.
constexpr int64_t kPercentMin = 33;
constexpr uint64_t kBusyPercentMin = 5;  // Of the time.
constexpr uint64_t kBytesPerSecondMin = 1024 * 1024;
constexpr uint64_t kBigPercentMin = 10;
constexpr uint64_t kBigBytesMin = 10 * 1024 * 1024;
constexpr uint64_t kNanosecondsPerMs = 1'000'000;
constexpr size_t kShownBytesMax = 128;

std::string shown(const std::string& key) {
    return quote(key.substr(0, kShownBytesMax)) + (key.size() > kShownBytesMax ? "..." : "");
}

struct Aspect {
    KeyMeasure measure;
    uint64_t least;  // A millisecond, of all keys together.
    std::string_view what;
    std::string_view word;  // For HOTKEYS GET BY.
};
constexpr Aspect kAspects[] = {
    {KeyMeasure::Time, kNanosecondsPerMs * kBusyPercentMin / 100, "of the time of all commands",
     "CPU"},
    {KeyMeasure::Read, kBytesPerSecondMin / 1000, "of all bytes that were read", "READ"},
    {KeyMeasure::Written, kBytesPerSecondMin / 1000, "of all bytes that were written", "WRITTEN"},
};

}  // namespace

std::string describe_hot_keys(const HotKeys::Window& window) {
    std::string found;
    for (const Aspect& aspect : kAspects) {
        const auto index = static_cast<size_t>(aspect.measure);
        const uint64_t total = window.total[index];
        if (total < aspect.least * static_cast<uint64_t>(window.milliseconds)) continue;
        if (window.top[index].empty()) continue;
        const HotKeys::Item& first = window.top[index].front();
        const int64_t percent = HotKeys::percent(first.amount, total);
        if (percent < kPercentMin) continue;
        found += fmt::format("- The key {} of database {} had {} % {}. HOTKEYS GET BY {} shows "
                             "more.\n",
                             shown(first.key), first.db, percent, aspect.what, aspect.word);
    }
    return found;
}

std::string describe_big_keys(const std::vector<BigKeys::Item>& keys, uint64_t dataset_bytes) {
    if (keys.empty()) return {};
    const BigKeys::Item& first = keys.front();
    if (first.bytes < kBigBytesMin || first.bytes * 100 < dataset_bytes * kBigPercentMin) return {};
    return fmt::format("- The key {} of database {} alone takes {}. BIGKEYS GET shows more.\n",
                       shown(first.key), first.db, observe::human_bytes(first.bytes));
}

}  // namespace millrace::admin
