// SPDX-License-Identifier: BSD-3-Clause
#include "engine/acl/user.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "engine/acl/user_lines.h"

namespace millrace::engine::acl {
namespace {

constexpr CommandSpec kConfigSubcommands[] = {
    {.name = "GET", .group = Group::Server, .arity = -3, .flags = kAdmin},
    {.name = "SET", .group = Group::Server, .arity = -4, .flags = kAdmin},
};
constexpr CommandSpec kSpecs[] = {
    {.name = "GET", .group = Group::String, .arity = 2, .flags = kReadOnly | kFast},
    {.name = "SET", .group = Group::String, .arity = -3, .flags = kWrite},
    {.name = "SADD", .group = Group::Set, .arity = -3, .flags = kWrite | kFast},
    {.name = "SELECT", .group = Group::Connection, .arity = 2, .flags = kFast},
    {.name = "PING", .group = Group::Connection, .arity = -1, .flags = kFast},
    {.name = "CONFIG", .group = Group::Server, .arity = -2, .subcommands = kConfigSubcommands},
};
const CommandTable kTable{kSpecs};

class AclUser : public testing::Test {
protected:
    AclUser() : commands_(std::vector<const CommandTable*>{&kTable}) {}

    User user(std::initializer_list<std::string_view> rules) {
        User made("u", context_);
        for (std::string_view rule : rules) {
            const Status status = made.apply(rule, context_);
            EXPECT_TRUE(status.ok()) << rule;
        }
        return made;
    }
    std::string refusal(std::string_view rule,
                        std::initializer_list<std::string_view> before = {}) {
        User changed = user(before);
        const Status status = changed.apply(rule, context_);
        return status.ok() ? "" : std::string(status.error().text());
    }
    bool allows(const User& user, std::vector<std::string_view> words) {
        return user.selectors().front().commands().allows(*commands_.resolve(words), words);
    }

    CommandRegistry commands_;
    RuleContext context_{commands_};
};

TEST_F(AclUser, NewUsersMayDoNothing) {
    const User fresh = user({});
    EXPECT_EQ(fresh.print(), "off resetchannels -@all");
    EXPECT_FALSE(fresh.is_password(""));
    EXPECT_FALSE(allows(fresh, {"PING"}));
    EXPECT_FALSE(fresh.is_unlimited());
}

TEST_F(AclUser, EverythingAndNothing) {
    EXPECT_TRUE(user({"+@all", "~*", "&*"}).is_unlimited());
    EXPECT_TRUE(user({"allcommands", "allkeys", "allchannels"}).is_unlimited());
    EXPECT_FALSE(user({"+@all", "~*", "&*", "db=0"}).is_unlimited());
    EXPECT_FALSE(user({"+@all", "~*", "&*", "-get"}).is_unlimited());
    EXPECT_TRUE(user({"+@all", "~*", "&*", "-get", "+get"}).is_unlimited());
    EXPECT_FALSE(user({"+@all", "~*", "&*", "reset"}).is_unlimited());
}

TEST_F(AclUser, LaterRulesDropWhatTheyMakeMeaningless) {
    const auto commands = [&](std::initializer_list<std::string_view> rules) {
        return user(rules).selectors().front().commands().print();
    };
    EXPECT_EQ(commands({"+@all", "-@string", "-@slow", "+get", "-@string"}),
              "+@all -@slow +get -@string");
    EXPECT_EQ(commands({"+config|get", "-config|set", "+config"}), "-@all +config");
    EXPECT_EQ(commands({"+GET", "+get"}), "-@all +get");
    EXPECT_EQ(commands({"-@string", "+@all"}), "+@all");
    EXPECT_EQ(commands({"+select|0", "+select|1"}), "-@all +select|0 +select|1");
}

TEST_F(AclUser, FirstArguments) {
    const User some = user({"+select|0", "+get|A"});
    EXPECT_TRUE(allows(some, {"SELECT", "0"}));
    EXPECT_FALSE(allows(some, {"SELECT", "00"}));
    EXPECT_TRUE(allows(some, {"GET", "a"}));
    EXPECT_FALSE(allows(user({"+select|0", "-select"}), {"SELECT", "0"}));
    EXPECT_FALSE(allows(user({"+select|0", "-@connection"}), {"SELECT", "0"}));
}

TEST_F(AclUser, KeysDatabasesChannels) {
    const Selector mine = user({"%R~r*", "%W~w*", "~a*", "&c", "&p*", "db=3,1,3"}).selectors()[0];
    EXPECT_TRUE(mine.allows_key("r1", kReadKey));
    EXPECT_FALSE(mine.allows_key("r1", kWriteKey));
    EXPECT_FALSE(mine.allows_key("r1", kReadKey | kWriteKey));
    EXPECT_TRUE(mine.allows_key("r1", 0));
    EXPECT_FALSE(mine.allows_key("x", 0));
    EXPECT_TRUE(mine.allows_key("a1", kReadKey | kWriteKey));
    EXPECT_TRUE(mine.allows_channel("p1", false));
    EXPECT_FALSE(mine.allows_channel("p1", true));
    EXPECT_TRUE(mine.allows_channel("p*", true));
    EXPECT_TRUE(mine.allows_database(1));
    EXPECT_FALSE(mine.allows_database(0));
    EXPECT_EQ(mine.print(), "%R~r* %W~w* ~a* resetchannels &c &p* db=1,3 -@all");
    EXPECT_EQ(user({"%R~k", "%W~k"}).selectors()[0].print_keys(), "~k");
    EXPECT_EQ(user({"%R~*", "%W~*"}).selectors()[0].print_keys(), "~*");
}

TEST_F(AclUser, Passwords) {
    User some = user({">a", ">b", ">a"});
    EXPECT_EQ(some.password_hashes().size(), 2u);
    EXPECT_TRUE(some.is_password("a"));
    EXPECT_FALSE(some.is_password("c"));
    EXPECT_TRUE(some.apply("<a", context_).ok());
    EXPECT_FALSE(some.is_password("a"));
    EXPECT_TRUE(user({">a", "nopass"}).is_password("x"));
    EXPECT_FALSE(user({"nopass", ">a"}).is_password("x"));
    EXPECT_FALSE(user({"nopass", "resetpass"}).is_password("x"));
}

TEST_F(AclUser, Refusals) {
    EXPECT_EQ(refusal("foo"), "Syntax error");
    EXPECT_EQ(refusal(""), "Syntax error");
    EXPECT_EQ(refusal("%"), "Syntax error");
    EXPECT_EQ(refusal("%~"), "Syntax error");
    EXPECT_EQ(refusal("%RR~a"), "Syntax error");
    EXPECT_EQ(refusal("~a b"), "Syntax error");
    EXPECT_EQ(refusal("db=1,"), "Syntax error");
    EXPECT_EQ(refusal("db=-1"), "The provided database ID is out of range");
    EXPECT_EQ(refusal("+nosuch"), "Unknown command or category name in ACL");
    EXPECT_EQ(refusal("-select|0"), "Unknown command or category name in ACL");
    EXPECT_EQ(refusal("+config|nosuch"), "Unknown command or category name in ACL");
    EXPECT_EQ(refusal("+config|get|x"), "Allowing first-arg of a subcommand is not supported");
    EXPECT_EQ(refusal("+select|a b"), "Syntax error");
    EXPECT_EQ(refusal("#12"),
              "The password hash must be exactly 64 characters and contain only lowercase "
              "hexadecimal characters");
    EXPECT_EQ(refusal("~x", {"~*"}).substr(0, 40), "Adding a pattern after the * pattern (or");
    EXPECT_EQ(refusal("(on)"), "Syntax error");
    EXPECT_EQ(refusal("(+get"), "Syntax error");
}

// Patterns with quotes and parentheses used to break when they came back from a file.
TEST_F(AclUser, SelectorsSurviveOddPatterns) {
    const User odd = user({"on", "(\"~a)\" ~b\"\"c)", "(\"~q\\\"\")"});
    User again("u", context_);
    std::vector<std::string> rules;
    std::string unmatched;
    const std::string text = odd.print();
    std::vector<std::string_view> words;
    for (size_t at = 0; at <= text.size();) {
        const size_t end = std::min(text.find(' ', at), text.size());
        words.push_back(std::string_view(text).substr(at, end - at));
        at = end + 1;
    }
    ASSERT_TRUE(join_selectors(words, rules, unmatched));
    for (const std::string& rule : rules) ASSERT_TRUE(again.apply(rule, context_).ok()) << rule;
    EXPECT_EQ(odd, again);
}

// Whatever is accepted is printed so that it is accepted again and means the same.
TEST_F(AclUser, AcceptPrintAcceptAgain) {
    constexpr std::string_view kRules[] = {
        "on",           "off",        "nopass",        ">p",          "resetpass",
        "+@all",        "-@all",      "+get",          "-get",        "+config",
        "-config|set",  "+config|get", "+select|0",    "+select|1",   "-select",
        "+@string",     "-@string",   "+@slow",        "-@slow",      "+@connection",
        "-@connection", "~a*",        "%R~b",          "%W~b",        "~*",
        "resetkeys",    "&c",         "&*",            "resetchannels", "db=0,2",
        "db=1",         "alldbs",     "resetdbs",      "clearselectors", "(+get ~x)",
        "(-@all)",      "(+@all ~* &d db=3)", "(%R~y +select|0 -@string)", "reset",
    };
    std::mt19937 random(1);
    for (int round = 0; round < 2000; ++round) {
        User made("u", context_);
        for (int step = 0; step < 12; ++step) {
            (void)made.apply(kRules[random() % std::size(kRules)], context_).ok();
        }
        UserTable table;
        table["u"] = std::make_shared<User>(made);
        auto read = parse_users(print_users(table), "file", context_);
        ASSERT_TRUE(read.ok()) << made.print() << ": " << read.error().text();
        ASSERT_EQ(*read.value().at("u"), made) << made.print();
    }
}

TEST_F(AclUser, FilesTellAllThatIsWrong) {
    const auto error = [&](std::string_view text) {
        auto read = parse_users(text, "f", context_);
        return read.ok() ? "" : std::string(read.error().text());
    };
    constexpr std::string_view kEnd =
        "WARNING: ACL errors detected, no change to the previously active ACL rules was performed";
    EXPECT_EQ(error("\n user a on \r\nuser b\n"), "");
    EXPECT_EQ(error("bogus"), "f:1 should start with user keyword followed by the username. " +
                                  std::string(kEnd));
    EXPECT_EQ(error("user a +x -y bad worse\nuser a\n"),
              "f:1: Error in applying operation '+x': Unknown command or category name in ACL. "
              "f:1: Error in applying operation '-y': Unknown command or category name in ACL. "
              "f:1: Syntax error. WARNING: Duplicate user 'a' found on line 2. " +
                  std::string(kEnd));
    EXPECT_EQ(error("user a (+get"),
              "f:1: Unmatched parenthesis in selector definition." + std::string(kEnd));
}

}  // namespace
}  // namespace millrace::engine::acl
