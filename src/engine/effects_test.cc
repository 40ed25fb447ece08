// SPDX-License-Identifier: BSD-3-Clause
#include "engine/effects.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace::engine {
namespace {

// Notes what it is told, one text a unit: "0:SET a b; 1:DEL c".
class Notes : public EffectSink {
public:
    void on_unit(std::span<const Effect> effects) override {
        std::string unit;
        for (const Effect& effect : effects) {
            if (!unit.empty()) unit += "; ";
            unit += std::to_string(effect.db) + ":";
            for (std::string_view word : effect.words) unit += std::string(word) + ",";
        }
        units.push_back(unit);
    }
    std::vector<std::string> units;
};

TEST(Effects, HandOnWholeUnits) {
    Effects effects;
    Notes first;
    Notes second;
    effects.add_sink(&first);
    effects.add_sink(&second);
    effects.record(0, {"SET", "a", ""});
    effects.record(3, {"DEL", std::string(1000, 'x')});
    effects.end_unit();
    effects.end_unit();
    effects.record(0, {"INCR", "n"});
    effects.end_unit();
    const std::vector<std::string> expected = {"0:SET,a,,; 3:DEL," + std::string(1000, 'x') + ",",
                                               "0:INCR,n,"};
    EXPECT_EQ(first.units, expected);
    EXPECT_EQ(second.units, expected);
}

TEST(Effects, RecordNothingWhileNobodyListens) {
    Effects effects;
    Notes notes;
    EXPECT_FALSE(effects.wanted());
    effects.record(0, {"SET", "a", "b"});
    effects.add_sink(&notes);
    effects.end_unit();
    EXPECT_TRUE(notes.units.empty());
    EXPECT_TRUE(effects.wanted());
    effects.remove_sink(&notes);
    EXPECT_FALSE(effects.wanted());
}

}  // namespace
}  // namespace millrace::engine
