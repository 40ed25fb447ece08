// SPDX-License-Identifier: BSD-3-Clause
//
// Reading configuration: lines, includes, errors, and CONFIG REWRITE of what was read.
#include "config/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "config/rewrite.h"

namespace millrace::config {
namespace {

namespace fs = std::filesystem;

using Numbers = std::vector<int64_t>;

// The numbers of one line add to those of the lines before it.
Result<Numbers> parse_numbers(Words words, const ParseContext<Numbers>& context) {
    if (words.empty() || words[0].empty()) return Numbers{};
    Numbers numbers;
    if (context.source == Source::File && context.seen) numbers = context.current;
    for (const std::string& word : words) numbers.push_back(TRY(parse_integer(word)));
    return numbers;
}

std::string print_numbers(const Numbers& numbers) {
    std::string text;
    for (const int64_t number : numbers) text += (text.empty() ? "" : " ") + std::to_string(number);
    return text;
}

class FileTest : public ::testing::Test {
protected:
    FileTest() {
        folder_ = (fs::temp_directory_path() / "millrace-config-XXXXXX").string();
        EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
        registry_.add_integer("hz", hz_, {.min = 1, .max = 500, .alias = "old-hz"});
        registry_.add_unsigned("memory", memory_, {.unit = Unit::Memory});
        registry_.add_text("title", title_);
        registry_.add_text("secret", secret_, {.flags = kNullable});
        registry_.add_custom<Numbers>("save", save_,
                                      {.parse = parse_numbers,
                                       .print = print_numbers,
                                       .flags = kMultiArgument | kAccumulates});
        registry_.add_directive({.name = "ignored", .words_max = 1, .kept = false});
        registry_.add_directive({.name = "rename", .words_min = 2});
    }
    ~FileTest() override { fs::remove_all(folder_); }

    std::string path(const std::string& name) const { return folder_ + "/" + name; }
    void write(const std::string& name, std::string_view text) const {
        std::ofstream(path(name), std::ios::binary) << text;
    }
    std::string read(const std::string& name) const {
        auto text = read_file(path(name));
        return text.ok() ? std::move(text).value() : "unreadable";
    }
    std::string load(std::string_view text) {
        const auto error = load_text(registry_, text);
        return error ? error->print("9.1.2") : "OK";
    }
    std::string load_file(const std::string& name) {
        const auto error = config::load(registry_, {.path = path(name)});
        return error ? error->print("9.1.2") : "OK";
    }
    std::string rewritten(std::string_view text) {
        return rewrite_text(registry_, text, RewriteScope::Changed);
    }

    std::string folder_;
    int64_t hz_ = 10;
    uint64_t memory_ = 0;
    std::string title_ = "usual";
    std::string secret_;
    Numbers save_ = {1};
    Registry registry_;
};

TEST_F(FileTest, ReadsLines) {
    EXPECT_EQ(load("# c\n   # c2\n\t\n  memory   1mb  \r\nHZ 20\ntitle 'a b'\nold-hz 30"), "OK");
    EXPECT_EQ(memory_, 1048576u);
    EXPECT_EQ(hz_, 30);
    EXPECT_EQ(title_, "a b");
}

TEST_F(FileTest, ShowsTheLineThatIsWrong) {
    EXPECT_EQ(load("\n\n  hz x  \n"),
              "\n*** FATAL CONFIG FILE ERROR (Version 9.1.2) ***\n"
              "Reading the configuration file, at line 3\n"
              ">>> 'hz x'\n"
              "argument couldn't be parsed into an integer\n");
}

TEST_F(FileTest, RefusesBadLines) {
    const auto message = [this](std::string_view text) {
        const auto error = load_text(registry_, text);
        return error ? error->message : "OK";
    };
    EXPECT_EQ(message("hz"), "wrong number of arguments");
    EXPECT_EQ(message("hz 1 2"), "wrong number of arguments");
    EXPECT_EQ(message("hz \"1"), "Unbalanced quotes in configuration line");
    EXPECT_EQ(message("nope 1"), "Bad directive or wrong number of arguments");
    EXPECT_EQ(message("\"\" 1"), "Bad directive or wrong number of arguments");
    EXPECT_EQ(message("rename a"), "Bad directive or wrong number of arguments");
    EXPECT_EQ(message("ignored a b"), "Bad directive or wrong number of arguments");
    EXPECT_EQ(message("ignored"), "Bad directive or wrong number of arguments");
    EXPECT_EQ(message("include"), "Bad directive or wrong number of arguments");
    EXPECT_EQ(message("IGNORED a\nrename a b"), "OK");
}

TEST_F(FileTest, LinesAccumulate) {
    EXPECT_EQ(load("save 2\nsave \"3 4\"\n"), "OK");
    EXPECT_EQ(save_, (Numbers{2, 3, 4}));
    EXPECT_EQ(load("save \"\"\nsave 5"), "OK");
    EXPECT_EQ(save_, Numbers{5});
}

TEST_F(FileTest, SourcesFollowEachOther) {
    write("a.conf", "hz 1\nmemory 1");
    const Sources sources{path("a.conf"), "memory 2\ntitle x", "title \"y\" "};
    EXPECT_FALSE(config::load(registry_, sources));
    EXPECT_EQ(hz_, 1);
    EXPECT_EQ(memory_, 2u);
    EXPECT_EQ(title_, "y");
}

TEST_F(FileTest, IncludesFiles) {
    write("main.conf",
          "hz 1\ninclude " + path("[ab].conf") + "\ninclude \"" + path("no*") + "\"\n");
    write("a.conf", "hz 2\nmemory 2");
    write("b.conf", "memory 3\ninclude " + path("c.conf"));
    write("c.conf", "title c");
    EXPECT_EQ(load_file("main.conf"), "OK");
    EXPECT_EQ(hz_, 2);
    EXPECT_EQ(memory_, 3u);
    EXPECT_EQ(title_, "c");
}

TEST_F(FileTest, LinesOfIncludedFilesAreCountedOnTheirOwn) {
    write("main.conf", "hz 1\n\n\ninclude " + path("a.conf"));
    write("a.conf", "\nhz x");
    const auto error = config::load(registry_, {.path = path("main.conf")});
    ASSERT_TRUE(error);
    EXPECT_EQ(error->line, 2u);
}

TEST_F(FileTest, MissingFilesGoToTheLog) {
    const auto error = config::load(registry_, {.path = path("nope.conf")});
    ASSERT_TRUE(error);
    EXPECT_TRUE(error->for_log);
    EXPECT_EQ(error->message, "Fatal error, can't open config file '" + path("nope.conf") +
                                  "': No such file or directory");
}

TEST_F(FileTest, IncludesEndSomewhere) {
    write("main.conf", "include " + path("main.conf"));
    const auto error = config::load(registry_, {.path = path("main.conf")});
    ASSERT_TRUE(error);
    EXPECT_EQ(error->message, "Too many include files inside each other");
}

TEST_F(FileTest, RewriteKeepsCommentsAndOrder) {
    const std::string text = "# top\n\n  # indented\nhz 20\nmemory 1024\n\nrename a b\n# end\n";
    EXPECT_EQ(load(text), "OK");
    hz_ = 30;
    title_ = "a \"b\"";
    EXPECT_EQ(rewritten(text),
              "# top\n\n  # indented\nhz 30\nmemory 1kb\n\nrename a b\n# end\n\n"
              "# Generated by CONFIG REWRITE\ntitle \"a \\\"b\\\"\"\n");
}

TEST_F(FileTest, RewriteIsStable) {
    title_ = "x";
    const std::string once = rewritten("hz 10");
    EXPECT_EQ(once, "hz 10\n\n# Generated by CONFIG REWRITE\ntitle \"x\"\n");
    EXPECT_EQ(rewritten(once), once);
}

TEST_F(FileTest, RewriteJoinsAndDropsLines) {
    const std::string text = "old-hz 5\nhz 6\nsave 1 2\nsave 3\nsecret x\nignored y\nnonsense\n";
    EXPECT_EQ(load("old-hz 5\nhz 6\nsave 1 2\nsave 3\nsecret x\n"), "OK");
    secret_ = "";
    EXPECT_EQ(rewritten(text), "hz 6\nsave 1 2 3\n# ??? ignored y\n# ??? nonsense\n");
}

TEST_F(FileTest, RewriteAllWritesDefaults) {
    EXPECT_EQ(rewrite_text(registry_, "", RewriteScope::All),
              "# Generated by CONFIG REWRITE\nhz 10\nmemory 0\ntitle \"usual\"\nsave 1\n");
}

TEST_F(FileTest, RewriteLeavesIncludedValuesWhereTheyAre) {
    write("a.conf", "hz 2\nmemory 2\nsave 7");
    const std::string text = "memory 1\ninclude " + path("a.conf") + "\n";
    write("main.conf", text);
    EXPECT_EQ(load_file("main.conf"), "OK");
    EXPECT_EQ(rewritten(text), text);

    memory_ = 3;
    save_ = {8};
    EXPECT_EQ(rewritten(text),
              "include " + path("a.conf") +
                  "\n\n# Generated by CONFIG REWRITE\nmemory 3\nsave \"\"\nsave 8\n");
}

TEST_F(FileTest, RewriteOfWhatIncludesCameBefore) {
    write("a.conf", "hz 2\nsave 7");
    const std::string text = "hz 1\ninclude " + path("a.conf") + "\nhz 3\nsave 9\n";
    write("main.conf", text);
    EXPECT_EQ(load_file("main.conf"), "OK");
    hz_ = 4;
    EXPECT_EQ(save_, (Numbers{7, 9}));
    EXPECT_EQ(rewritten(text),
              "include " + path("a.conf") +
                  "\nhz 4\nsave \"\"\n\n# Generated by CONFIG REWRITE\nsave 7 9\n");
}

TEST_F(FileTest, RewriteReplacesTheFile) {
    write("a.conf", "hz 1\n");
    ASSERT_EQ(::chmod(path("a.conf").c_str(), 0640), 0);
    fs::create_symlink("a.conf", path("link.conf"));
    hz_ = 9;
    EXPECT_TRUE(rewrite_file(registry_, path("link.conf"), RewriteScope::Changed).ok());
    EXPECT_EQ(read("a.conf"), "hz 9\n");
    EXPECT_TRUE(fs::is_symlink(path("link.conf")));
    struct stat status {};
    ASSERT_EQ(::stat(path("a.conf").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0640u);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator{}), 2);
}

TEST_F(FileTest, RewriteTellsWhyItFails) {
    const Status status = rewrite_file(registry_, path("no/a.conf"), RewriteScope::Changed);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code(), ENOENT);
}

}  // namespace
}  // namespace millrace::config
