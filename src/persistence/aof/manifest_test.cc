// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/aof/manifest.h"

#include <gtest/gtest.h>

namespace millrace::persistence::aof {
namespace {

constexpr std::string_view kWhole =
    "file appendonly.aof.2.base.rdb seq 2 type b\n"
    "file appendonly.aof.1.incr.aof seq 1 type h\n"
    "file appendonly.aof.2.incr.aof seq 2 type i\n"
    "file appendonly.aof.4.incr.aof seq 4 type i\n";

std::string error_of(std::string_view text) {
    const auto parsed = Manifest::parse(text);
    return parsed.ok() ? "" : std::string(parsed.error().text());
}

TEST(AofManifest, IsPrintedAsItWasRead) {
    auto manifest = Manifest::parse(kWhole);
    ASSERT_TRUE(manifest.ok());
    EXPECT_EQ(manifest->print(), kWhole);
    EXPECT_EQ(manifest->new_base("appendonly.aof", true).name, "appendonly.aof.3.base.rdb");
    EXPECT_EQ(manifest->new_increment("appendonly.aof").name, "appendonly.aof.5.incr.aof");
}

TEST(AofManifest, QuotesNamesThatNeedIt) {
    Manifest manifest;
    manifest.base = FileEntry{" file seq \n\n.aof .1.base.rdb", 1};
    EXPECT_EQ(manifest.print(), "file \" file seq \\n\\n.aof .1.base.rdb\" seq 1 type b\n");
    auto again = Manifest::parse(manifest.print());
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(*again, manifest);
}

TEST(AofManifest, SkipsCommentsAndNewerWords) {
    auto manifest =
        Manifest::parse("# a comment\nfile a seq 1 type b colour blue\nfile b seq 7 type i\n");
    ASSERT_TRUE(manifest.ok());
    EXPECT_EQ(manifest->base->name, "a");
    EXPECT_EQ(manifest->next_increment(), 8u);
}

TEST(AofManifest, SaysWhatIsWrong) {
    const auto has = [](std::string_view text, const char* what) {
        EXPECT_NE(error_of(text).find(what), std::string::npos) << text << error_of(text);
    };
    has("", "Found an empty AOF manifest");
    has("file a seq 1 type b\n\nfile b seq 1 type i\n", "Invalid AOF manifest file format");
    has("filx a seq 1 type b\n", "Invalid AOF manifest file format");
    has("file a seq 1 type b extra\n", "Invalid AOF manifest file format");
    has("file a type i\n", "Invalid AOF manifest file format");
    has("file a seq 0 type i\n", "Invalid AOF manifest file format");
    has("file \"a seq 1 type i\n", "Invalid AOF manifest file format");
    has("file a seq 1 type x\n", "Unknown AOF file type");
    has("file ../a seq 1 type b\n", "File can't be a path, just a filename");
    has("file a seq 1 type b\nfile b seq 2 type b\n", "Found duplicate base file information");
    has("file a seq 2 type i\nfile b seq 1 type i\n", "Found a non-monotonic sequence number");
    has("file a seq 1 type b" + std::string(1024, ' '),
        "The AOF manifest file contains too long line");
}

TEST(AofManifest, ANewBaseMakesTheRestHistory) {
    auto manifest = std::move(Manifest::parse("file b1 seq 1 type b\nfile i1 seq 1 type i\n"
                                              "file i2 seq 2 type i\nfile i3 seq 3 type i\n"))
                        .value();
    manifest.replace_base({"b2", 2}, 1);
    EXPECT_EQ(manifest.print(),
              "file b2 seq 2 type b\nfile i2 seq 2 type h\nfile i1 seq 1 type h\n"
              "file b1 seq 1 type h\nfile i3 seq 3 type i\n");
    manifest.replace_base({"b3", 3}, 0);
    EXPECT_EQ(manifest.next_increment(), 1u);
}

// A new log with the name of one that was about to be deleted went with it.
TEST(AofManifest, NewFilesHaveNoNameOfHistory) {
    auto manifest = std::move(Manifest::parse("file a.2.base.rdb seq 2 type b\n"
                                              "file a.1.incr.aof seq 1 type h\n"
                                              "file a.3.base.aof seq 3 type h\n"))
                        .value();
    EXPECT_EQ(manifest.new_increment("a").name, "a.2.incr.aof");
    EXPECT_EQ(manifest.new_base("a", false).name, "a.4.base.aof");
    EXPECT_EQ(manifest.new_base("a", true).name, "a.3.base.rdb");
}

}  // namespace
}  // namespace millrace::persistence::aof
