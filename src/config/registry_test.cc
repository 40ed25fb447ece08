// SPDX-License-Identifier: BSD-3-Clause
//
// CONFIG GET and CONFIG SET over a few settings of each kind.
#include "config/registry.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {
namespace {

enum class Color { Red, Green };
constexpr Choice<Color> kColors[] = {{"red", Color::Red}, {"green", Color::Green}};
constexpr Choice<uint32_t> kWords[] = {{"default", 0}, {"save", 1}, {"now", 2}};

using Pairs = std::vector<std::pair<std::string, std::string>>;

class RegistryTest : public ::testing::Test {
protected:
    RegistryTest() {
        registry_.add_bool("fast", fast_);
        registry_.add_integer("priority", priority_,
                              {.min = 0, .max = 10, .alias = "old-priority"});
        registry_.add_unsigned("memory", memory_, {.unit = Unit::Memory});
        registry_.add_enum("color", color_, kColors);
        registry_.add_flags("signal", signal_, kWords);
        registry_.add_text("secret", secret_, {.flags = kNullable | kSensitive});
        registry_.add_bool("fixed", fixed_, {.flags = kImmutable});
        registry_.add_bool("guarded", guarded_, {.flags = kProtected});
        registry_.add_bool("busy", busy_, {.flags = kDenyLoading});
        registry_.add_bool("mystery", mystery_, {.flags = kHidden});
    }

    std::string set(std::vector<Assignment> assignments, SetContext context = {}) {
        const Status status = registry_.set(assignments, context);
        return status.ok() ? "OK" : std::string(status.error().text());
    }
    Pairs get(std::vector<std::string_view> patterns) { return registry_.get(patterns); }

    static std::string failure(const std::string& name, const std::string& reason) {
        return "ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + reason;
    }

    bool fast_ = false;
    int64_t priority_ = 5;
    uint64_t memory_ = 0;
    Color color_ = Color::Green;
    uint32_t signal_ = 0;
    std::string secret_;
    bool fixed_ = false;
    bool guarded_ = false;
    bool busy_ = false;
    bool mystery_ = false;
    Registry registry_;
};

TEST_F(RegistryTest, GetAnswersUnderTheAskedName) {
    EXPECT_EQ(get({"priority"}), (Pairs{{"priority", "5"}}));
    EXPECT_EQ(get({"OLD-Priority"}), (Pairs{{"OLD-Priority", "5"}}));
    EXPECT_EQ(get({"nope"}), Pairs{});
}

TEST_F(RegistryTest, GetMatchesPatternsOnceAndSorted) {
    EXPECT_EQ(get({"*priority", "Fast", "priority"}),
              (Pairs{{"Fast", "no"}, {"old-priority", "5"}, {"priority", "5"}}));
    EXPECT_EQ(get({"PRIORITY", "priority"}), (Pairs{{"PRIORITY", "5"}}));
}

TEST_F(RegistryTest, GetHidesHiddenOnesFromPatterns) {
    EXPECT_EQ(get({"myst*"}), Pairs{});
    EXPECT_EQ(get({"mystery"}), (Pairs{{"mystery", "no"}}));
}

TEST_F(RegistryTest, SetStoresEachKind) {
    EXPECT_EQ(set({{"fast", "yes"},
                   {"priority", "7"},
                   {"memory", "1kb"},
                   {"color", "RED"},
                   {"signal", "now save"},
                   {"secret", "x y"}}),
              "OK");
    EXPECT_TRUE(fast_);
    EXPECT_EQ(priority_, 7);
    EXPECT_EQ(memory_, 1024u);
    EXPECT_EQ(color_, Color::Red);
    EXPECT_EQ(signal_, 3u);
    EXPECT_EQ(secret_, "x y");
    EXPECT_EQ(get({"signal"}), (Pairs{{"signal", "save now"}}));
}

TEST_F(RegistryTest, SetTakesEverythingBackWhenOneValueIsBad) {
    EXPECT_EQ(set({{"priority", "7"}, {"memory", "x"}, {"color", "nope"}}),
              failure("memory", "argument must be a memory value"));
    EXPECT_EQ(priority_, 5);
}

TEST_F(RegistryTest, SetRefusesNames) {
    EXPECT_EQ(set({{"nope", "1"}}),
              "ERR Unknown option or number of arguments for CONFIG SET - 'nope'");
    EXPECT_EQ(set({{"fixed", "yes"}, {"nope", "1"}}),
              failure("fixed", "can't set immutable config"));
    EXPECT_EQ(set({{"guarded", "yes"}}), failure("guarded", "can't set protected config"));
    EXPECT_EQ(set({{"guarded", "yes"}}, {.protected_allowed = true}), "OK");
    EXPECT_EQ(set({{"busy", "yes"}}, {.loading = true}),
              "LOADING Valkey is loading the dataset in memory");
    EXPECT_EQ(set({{"fast", "yes"}, {"FAST", "no"}}), failure("FAST", "duplicate parameter"));
    EXPECT_EQ(set({{"priority", "1"}, {"old-priority", "2"}}), "OK");
    EXPECT_EQ(priority_, 2);
}

TEST_F(RegistryTest, ErrorsNameTheNameThatWasUsed) {
    EXPECT_EQ(set({{"Old-Priority", "11"}}),
              failure("old-priority", "argument must be between 0 and 10 inclusive"));
    EXPECT_EQ(set({{"color", "blue"}}),
              failure("color", "argument(s) must be one of the following: red, green"));
    EXPECT_EQ(set({{"signal", ""}}),
              failure("signal", "argument(s) must be one of the following: default, save, now"));
}

TEST_F(RegistryTest, HooksRunOnceAndOnlyForChanges) {
    int runs = 0;
    registry_.on_change({"fast", "priority"}, [&runs]() -> Status {
        ++runs;
        return done();
    });
    EXPECT_EQ(set({{"fast", "no"}, {"priority", "5"}}), "OK");
    EXPECT_EQ(runs, 0);
    EXPECT_EQ(set({{"fast", "yes"}, {"priority", "6"}}), "OK");
    EXPECT_EQ(runs, 1);
}

TEST_F(RegistryTest, RefusedHookTakesEverythingBack) {
    std::vector<std::string> seen;
    registry_.on_change({"memory"}, [&]() -> Status {
        seen.push_back("memory " + std::to_string(memory_));
        return done();
    });
    registry_.on_change({"priority"}, [&]() -> Status {
        seen.push_back("priority " + std::to_string(priority_));
        if (priority_ == 9) return Error("too high");
        return done();
    });
    registry_.on_change({"fast"}, [&]() -> Status {
        seen.push_back("fast");
        return done();
    });
    EXPECT_EQ(set({{"memory", "3"}, {"priority", "9"}, {"fast", "yes"}}),
              failure("priority", "too high"));
    EXPECT_EQ(memory_, 0u);
    EXPECT_EQ(priority_, 5);
    EXPECT_FALSE(fast_);
    EXPECT_EQ(seen, (std::vector<std::string>{"memory 3", "priority 9", "memory 0", "priority 5"}));
}

TEST_F(RegistryTest, KnowsWhatMustNotBeLogged) {
    EXPECT_TRUE(registry_.is_sensitive("SECRET"));
    EXPECT_FALSE(registry_.is_sensitive("fast"));
    EXPECT_FALSE(registry_.is_sensitive("nope"));
}

TEST_F(RegistryTest, ValidatorsAndAdjusters) {
    int64_t even = 0;
    registry_.add_integer("even", even,
                          {.validate = [](const int64_t& value) -> Status {
                               if (value % 2 != 0) return Error("must be even");
                               return done();
                           },
                           .adjust = [](int64_t value) { return value < 100 ? value : 100; }});
    EXPECT_EQ(set({{"even", "3"}}), failure("even", "must be even"));
    EXPECT_EQ(set({{"even", "1000"}}), "OK");
    EXPECT_EQ(even, 100);
}

TEST_F(RegistryTest, CustomSettingsApplyAndGoBack) {
    std::string place = "here";
    std::vector<std::string> visited;
    registry_.add_custom<std::string>(
        "place", place,
        {.parse = [](Words words, const ParseContext<std::string>&) -> Result<std::string> {
             return words[0];
         },
         .print = [](const std::string& value) { return value; },
         .apply = [&visited](const std::string& value) -> Status {
             if (value == "nowhere") return Error("no such place");
             visited.push_back(value);
             return done();
         }});
    EXPECT_EQ(set({{"place", "nowhere"}}), failure("place", "no such place"));
    EXPECT_EQ(place, "here");
    visited.clear();
    EXPECT_EQ(set({{"place", "there"}, {"priority", "x"}}).substr(0, 3), "ERR");
    EXPECT_EQ(place, "here");
    EXPECT_EQ(visited, (std::vector<std::string>{"there", "here"}));
}

}  // namespace
}  // namespace millrace::config
