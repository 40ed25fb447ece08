// SPDX-License-Identifier: BSD-3-Clause
//
// Quoting and splitting; every expectation was seen on Valkey 9.1.2 with inline commands.
#include "base/quote.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace millrace {
namespace {

using Words = std::vector<std::string>;
using namespace std::string_view_literals;

Words split(std::string_view line) {
    auto words = split_arguments(line);
    if (!words.ok()) return {"ERROR", std::string(words.error().text())};
    return std::move(words).value();
}

const Words kError{"ERROR", "Unbalanced quotes"};

TEST(Quote, EscapesLikeValkey) {
    EXPECT_EQ(quote(""), R"("")");
    EXPECT_EQ(quote("a b"), R"("a b")");
    EXPECT_EQ(quote("\\\"\n\r\t\a\b"), R"("\\\"\n\r\t\a\b")");
    EXPECT_EQ(quote("\0\x1b\x7f\xff'"sv), R"("\x00\x1b\x7f\xff'")");
}

TEST(Quote, TellsWhatNeedsQuotes) {
    EXPECT_TRUE(needs_quotes(""));
    EXPECT_TRUE(needs_quotes("a b"));
    EXPECT_TRUE(needs_quotes("a\"b"));
    EXPECT_TRUE(needs_quotes("it's"));
    EXPECT_TRUE(needs_quotes("\n"));
    EXPECT_FALSE(needs_quotes("/var/run/x.sock"));
}

TEST(SplitArguments, SeparatesAtBlanks) {
    EXPECT_EQ(split(""), Words{});
    EXPECT_EQ(split(" \t\r\n\v\f "), Words{});
    EXPECT_EQ(split("  GET\ta \r\n"), (Words{"GET", "a"}));
    EXPECT_EQ(split("SET a \vo"), (Words{"SET", "a", "o"}));
    EXPECT_EQ(split("SET a fo\vo"), (Words{"SET", "a", "fo\vo"}));
    EXPECT_EQ(split("a b\0 c"sv), (Words{"a", "b"}));
}

TEST(SplitArguments, UndoesDoubleQuotes) {
    EXPECT_EQ(split(R"("x\x41\n\q")"), Words{"xA\nq"});
    EXPECT_EQ(split(R"("\xZZ\x4")"), Words{"xZZx4"});
    EXPECT_EQ(split(R"("\X41\xaF")"), Words{"X41\xaf"});
    EXPECT_EQ(split(R"("a\\b\"\r\t\a\b")"), Words{"a\\b\"\r\t\a\b"});
    EXPECT_EQ(split(R"("" "")"), (Words{"", ""}));
}

TEST(SplitArguments, UndoesSingleQuotes) {
    EXPECT_EQ(split(R"('x\ny\'')"), Words{R"(x\ny')"});
    EXPECT_EQ(split(R"('fo\\')"), Words{R"(fo\\)"});
    EXPECT_EQ(split(R"('a\\\'b')"), Words{R"(a\\'b)"});
    EXPECT_EQ(split(R"('a\' NX b')"), Words{R"(a' NX b)"});
    EXPECT_EQ(split("''"), Words{""});
}

TEST(SplitArguments, JoinsPartsThatTouch) {
    EXPECT_EQ(split(R"(foo"bar"z)"), Words{"foobarz"});
    EXPECT_EQ(split(R"("bar"'z')"), Words{"barz"});
    EXPECT_EQ(split("SET a'b c'd e"), (Words{"SET", "ab cd", "e"}));
    EXPECT_EQ(split(R"(ab\ncd x\"y")"), (Words{R"(ab\ncd)", R"(x\y)"}));
}

TEST(SplitArguments, RefusesOpenQuotes) {
    EXPECT_EQ(split("SET a \"foo"), kError);
    EXPECT_EQ(split("SET a x'"), kError);
    EXPECT_EQ(split(R"("x\)"), kError);
    EXPECT_EQ(split(R"("x\x4)"), kError);
    EXPECT_EQ(split(R"("x\" )"), kError);
    EXPECT_EQ(split(R"('fo\' )"), kError);
}

TEST(SplitArguments, TakesTheLastQuoteAsClosing) {
    EXPECT_EQ(split(R"("a\")"), Words{R"(a\)"});
    EXPECT_EQ(split(R"('a\')"), Words{R"(a\)"});
    EXPECT_EQ(split(R"('a\'\')"), Words{R"(a'\)"});
    EXPECT_EQ(split(R"("\\\"")"), Words{R"(\")"});
}

TEST(SplitArguments, ReadsWhatQuoteWrites) {
    std::string every_byte;
    for (int byte = 0; byte < 256; ++byte) every_byte.push_back(static_cast<char>(byte));
    EXPECT_EQ(split(quote(every_byte) + " " + quote("") + " x"), (Words{every_byte, "", "x"}));
}

}  // namespace
}  // namespace millrace
