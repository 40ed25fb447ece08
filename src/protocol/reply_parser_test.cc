// SPDX-License-Identifier: BSD-3-Clause
#include "protocol/reply_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::protocol {
namespace {

using Outcome = ReplyParser::Outcome;

// The texts of all replies in `wire`, which arrives in pieces of `piece` bytes; or the error.
std::vector<std::string> texts(std::string_view wire, size_t piece) {
    std::vector<std::string> shown;
    ReplyParser parser;
    std::string input;
    for (size_t at = 0; at < wire.size(); at += piece) {
        input += wire.substr(at, piece);
        for (bool more = true; more;) {
            const Outcome outcome = parser.parse(input);
            if (outcome == Outcome::Reply) shown.push_back(to_text(parser.reply()));
            if (outcome == Outcome::Error) {
                shown.emplace_back(parser.error());
                return shown;
            }
            input.erase(0, parser.consumed());
            more = outcome == Outcome::Reply;
        }
    }
    if (!input.empty()) shown.push_back("left: " + input);
    return shown;
}

void check(std::string_view wire, const std::vector<std::string>& expected) {
    for (size_t piece = 1; piece <= wire.size(); ++piece) {
        ASSERT_EQ(texts(wire, piece), expected) << wire << " in pieces of " << piece;
    }
}

TEST(ReplyParser, ValuesWithoutParts) {
    check("+OK\r\n", {"+OK"});
    check("+\r\n", {"+"});
    check("-ERR bad\xff\r\n", {"-ERR bad\\xff"});
    check(":5\r\n:-9223372036854775808\r\n", {":5", ":-9223372036854775808"});
    check("$5\r\na\r\nb\"\r\n$0\r\n\r\n", {"\"a\\r\\nb\\\"\"", "\"\""});
    check("$-1\r\n*-1\r\n_\r\n", {"(nil)", "(nil array)", "(nil)"});
    check(",1.5\r\n,inf\r\n,-inf\r\n,nan\r\n", {",1.5", ",inf", ",-inf", ",nan"});
    check("#t\r\n#f\r\n", {"#t", "#f"});
    check("(-12345678901234567890123\r\n", {"(-12345678901234567890123"});
    check("=8\r\ntxt:a\nb!\r\n", {"=txt:\"a\\nb!\""});
    check("!9\r\nSYNTAX no\r\n", {"!\"SYNTAX no\""});
    check("*0\r\n%0\r\n~0\r\n>0\r\n",
          {"(empty array)", "(empty map)", "(empty set)", "(empty push)"});
}

TEST(ReplyParser, Parts) {
    check("*2\r\n:1\r\n*2\r\n$1\r\na\r\n*1\r\n$-1\r\n", {"1) :1\n"
                                                         "2) 1) \"a\"\n"
                                                         "   2) 1) (nil)"});
    check("~2\r\n:1\r\n:2\r\n", {"1~ :1\n2~ :2"});
    check(">2\r\n+message\r\n*0\r\n", {"1> +message\n2> (empty array)"});
    check("%2\r\n$3\r\nkey\r\n:1\r\n$4\r\nlist\r\n*2\r\n:1\r\n%1\r\n+a\r\n~1\r\n+b\r\n",
          {"1# \"key\" => :1\n"
           "2# \"list\" =>\n"
           "   1) :1\n"
           "   2) 1# +a =>\n"
           "         1~ +b"});
    check("%1\r\n*1\r\n:1\r\n*1\r\n:2\r\n", {"1# 1) :1\n"
                                             "   =>\n"
                                             "   1) :2"});
    std::string wire = "*10\r\n";
    std::string expected;
    for (int i = 1; i < 10; ++i) {
        wire += ":7\r\n";
        expected += std::to_string(i) + ") :7\n";
    }
    check(wire + "*2\r\n:8\r\n:9\r\n", {expected + "10) 1) :8\n    2) :9"});
}

TEST(ReplyParser, Attributes) {
    check("|1\r\n+ttl\r\n:3600\r\n$1\r\nv\r\n+OK\r\n", {"1| +ttl => :3600\n\"v\"", "+OK"});
    check("|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n*1\r\n:2\r\n*1\r\n:3\r\n", {"1| +a => :1\n"
                                                                     "2| +b =>\n"
                                                                     "   1) :2\n"
                                                                     "1) :3"});
    check("*3\r\n:1\r\n|1\r\n+ttl\r\n:3600\r\n:2\r\n|0\r\n:3\r\n", {"1) :1\n"
                                                                    "2) 1| +ttl => :3600\n"
                                                                    "   :2\n"
                                                                    "3) :3"});
    check("|1\r\n+a\r\n|1\r\n+b\r\n:1\r\n:2\r\n*0\r\n", {"1| +a =>\n"
                                                         "   1| +b => :1\n"
                                                         "   :2\n"
                                                         "(empty array)"});
}

TEST(ReplyParser, BadReplies) {
    const std::pair<std::string_view, const char*> bad[] = {
        {"\r\n", "a line is empty"},
        {"?1\r\n", "a type is unknown"},
        {":x\r\n", "an integer is none"},
        {":\r\n", "an integer is none"},
        {"#x\r\n", "a boolean is none"},
        {",x\r\n", "a double is none"},
        {"(1x\r\n", "a big number is none"},
        {"_x\r\n", "a null holds something"},
        {"$-2\r\n", "a bulk has a bad length"},
        {"$x\r\n", "a bulk has a bad length"},
        {"=-1\r\n", "a bulk has a bad length"},
        {"$536870913\r\n", "a bulk is too long"},
        {"$9223372036854775807\r\n", "a bulk is too long"},
        {"$1\r\naXX", "a bulk does not end where it should"},
        {"=3\r\ntxt\r\n", "a verbatim string has no format"},
        {"*-2\r\n", "a count of parts is bad"},
        {"%-1\r\n", "a count of parts is bad"},
        {"*2147483648\r\n", "a count of parts is bad"},
        {"*$?\r\n", "a count of parts is bad"}};
    for (const auto& [wire, error] : bad) {
        check(wire, {"Bad reply: " + std::string(error)});
        check("*2\r\n:1\r\n" + std::string(wire), {"Bad reply: " + std::string(error)});
    }
}

TEST(ReplyParser, DepthAndMemoryAreBounded) {
    std::string deep;
    for (size_t i = 0; i < kReplyDepthMax; ++i) deep += "*1\r\n";
    EXPECT_EQ(texts(deep + ":1\r\n", 1000).size(), 1u);
    EXPECT_EQ(texts(deep + "*0\r\n", 1000)[0], "Bad reply: parts are nested too deeply");
    EXPECT_EQ(texts("*2147483647\r\n:1\r\n", 1000).size(), 0u);
}

TEST(ReplyParser, ALineThatArrivesSlowlyIsSearchedOnce) {
    ReplyParser parser;
    std::string input = "+";
    for (int i = 0; i < 20000; ++i) {
        input += "x";
        ASSERT_EQ(parser.parse(input), Outcome::Incomplete);
    }
    input += "\r\n";
    ASSERT_EQ(parser.parse(input), Outcome::Reply);
    EXPECT_EQ(parser.reply().text.size(), 20000u);
}

}  // namespace
}  // namespace millrace::protocol
