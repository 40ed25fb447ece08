// SPDX-License-Identifier: BSD-3-Clause
//
// INFO hotkeys, a section of ours: the first of the keys that are used most, and the largest.

#include "engine/hot_keys.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "admin/info/sections.h"
#include "base/quote.h"

namespace millrace::admin::info {
namespace {

using engine::HotKeys;
using engine::KeyMeasure;
using observe::InfoWriter;

constexpr size_t kKeysShown = 3;
constexpr std::pair<KeyMeasure, std::string_view> kMeasures[] = {
    {KeyMeasure::Calls, "calls"},
    {KeyMeasure::Time, "cpu"},
    {KeyMeasure::Read, "read"},
    {KeyMeasure::Written, "written"},
};

void write_hot(InfoWriter& out, const HotKeys& keys) {
    for (const auto& [measure, name] : kMeasures) {
        const auto index = static_cast<size_t>(measure);
        const auto& top = keys.last().top[index];
        for (size_t i = 0; i < top.size() && i < kKeysShown && top[i].amount > 0; ++i) {
            // Time per second in microseconds.
            const uint64_t unit = measure == KeyMeasure::Time ? 1000 : 1;
            out.field(fmt::format("hotkey_by_{}_{}", name, i),
                      fmt::format("db={},per_second={},percent={},key={}", top[i].db,
                                  keys.per_second(top[i].amount) / unit,
                                  HotKeys::percent(top[i].amount, keys.last().total[index]),
                                  quote(top[i].key)));
        }
    }
}

}  // namespace

void register_hot_keys_section(observe::InfoRegistry& info, engine::Engine& engine) {
    info.add("hotkeys", "Hotkeys", observe::InfoRegistry::kEverythingOnly,
             [&engine](InfoWriter& out) {
                 HotKeys& keys = engine.hot_keys();
                 keys.refresh();
                 out.field("hotkeys_window_ms", keys.last().milliseconds);
                 out.field("hotkeys_samples", keys.last().samples);
                 out.field("hotkeys_slow_commands", keys.last().slow_commands);
                 write_hot(out, keys);
                 out.field("bigkeys_passes", keys.big_keys().passes());
                 size_t number = 0;
                 for (const auto& each : keys.big_keys().top(kKeysShown)) {
                     out.field(fmt::format("bigkey_{}", number++),
                               fmt::format("db={},bytes={},length={},key={}", each.db, each.bytes,
                                           each.elements, quote(each.key)));
                 }
             });
}

}  // namespace millrace::admin::info
