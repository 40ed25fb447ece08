// SPDX-License-Identifier: BSD-3-Clause
//
// Which sections INFO shows and how, and the forms of fields.

#include "observe/info_registry.h"

#include <gtest/gtest.h>

#include <vector>

namespace millrace::observe {
namespace {

class InfoTest : public testing::Test {
protected:
    InfoTest() {
        info_.add("server", "Server", InfoRegistry::kDefault,
                  [](InfoWriter& out) { out.field("port", 6379); });
        info_.add("modules", "Modules", InfoRegistry::kDefault, [](InfoWriter&) {});
        info_.add("stats", "Stats", InfoRegistry::kAll,
                  [](InfoWriter& out) { out.field("ratio", 1.5, 2); });
        info_.add("extra", "Extra", InfoRegistry::kEverythingOnly, [](InfoWriter&) {});
        info_.add("debug", "Debug", InfoRegistry::kOnlyByName, [](InfoWriter&) {});
        info_.add("server", "Server", InfoRegistry::kDefault,
                  [](InfoWriter& out) { out.field("second", "writer"); });
        info_.add_alias("modules", "module_list");
    }
    std::string render(std::vector<std::string_view> names) const { return info_.render(names); }

    static std::string joined(std::initializer_list<std::string_view> parts) {
        std::string all;
        for (const std::string_view part : parts) all += part;
        return all;
    }

    static constexpr const char* kServer = "# Server\r\nport:6379\r\nsecond:writer\r\n";
    static constexpr const char* kStats = "# Stats\r\nratio:1.50\r\n";
    InfoRegistry info_;
};

TEST_F(InfoTest, WithoutNamesTheDefaultSectionsWithAnEmptyLineBetween) {
    EXPECT_EQ(render({}), joined({kServer, "\r\n# Modules\r\n"}));
    EXPECT_EQ(render({"default"}), render({}));
}

TEST_F(InfoTest, SectionsComeOnceInTheirOwnOrder) {
    EXPECT_EQ(render({"STATS", "server", "Stats", "server"}), joined({kServer, "\r\n", kStats}));
    EXPECT_EQ(render({"debug", "server"}), joined({kServer, "\r\n# Debug\r\n"}));
}

TEST_F(InfoTest, GroupsAndNamesAddUp) {
    EXPECT_EQ(render({"default", "stats"}), joined({kServer, "\r\n# Modules\r\n\r\n", kStats}));
    EXPECT_EQ(render({"all"}), render({"default", "stats"}));
    EXPECT_EQ(render({"everything"}), joined({render({"all"}), "\r\n# Extra\r\n"}));
    EXPECT_EQ(render({"everything", "debug"}), joined({render({"everything"}), "\r\n# Debug\r\n"}));
}

TEST_F(InfoTest, UnknownNamesGiveNothing) {
    EXPECT_EQ(render({"nosuch"}), "");
    EXPECT_EQ(render({""}), "");
    EXPECT_EQ(render({"nosuch", "stats"}), kStats);
}

TEST_F(InfoTest, ASecondNameMeansTheSameSection) {
    EXPECT_EQ(render({"module_list"}), "# Modules\r\n");
    EXPECT_EQ(render({"Module_List", "modules"}), "# Modules\r\n");
}

TEST(InfoWriterTest, Fields) {
    std::string text;
    InfoWriter out(text);
    out.field("flag", true);
    out.field("negative", int64_t{-1});
    out.field("large", UINT64_MAX);
    out.field("text", std::string("a b"));
    out.field("real", 2.0 / 3, 6);
    out.human_bytes("human", 1389272);
    EXPECT_EQ(text,
              "flag:1\r\nnegative:-1\r\nlarge:18446744073709551615\r\ntext:a b\r\nreal:0.666667\r\n"
              "human:1.32M\r\n");
}

TEST(HumanBytesTest, ChangesUnitsAtPowersOf1024) {
    EXPECT_EQ(human_bytes(0), "0B");
    EXPECT_EQ(human_bytes(1023), "1023B");
    EXPECT_EQ(human_bytes(1024), "1.00K");
    EXPECT_EQ(human_bytes(33792), "33.00K");
    EXPECT_EQ(human_bytes(1024 * 1024 - 1), "1024.00K");
    EXPECT_EQ(human_bytes(1024 * 1024), "1.00M");
    EXPECT_EQ(human_bytes(25276510208), "23.54G");
    EXPECT_EQ(human_bytes(uint64_t{1} << 40), "1.00T");
    EXPECT_EQ(human_bytes(uint64_t{1} << 50), "1.00P");
    EXPECT_EQ(human_bytes((uint64_t{1} << 60) - 1), "1024.00P");
    EXPECT_EQ(human_bytes(uint64_t{1} << 60), "1152921504606846976B");
}

}  // namespace
}  // namespace millrace::observe
