// SPDX-License-Identifier: BSD-3-Clause
#include "protocol/request_parser.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace millrace::protocol {
namespace {

using Parsed = RequestParser::Outcome;
using Words = std::vector<std::string>;

class TestSink : public BigArgumentSink {
public:
    char* begin(std::span<const std::string_view> before, size_t count, size_t bytes) override {
        calls.emplace_back(before.begin(), before.end());
        counts.push_back(count);
        if (refuse) return nullptr;
        memory.push_back(std::make_unique<char[]>(bytes));
        return memory.back().get();
    }

    bool refuse = false;
    std::vector<Words> calls;
    std::vector<size_t> counts;
    std::deque<std::unique_ptr<char[]>> memory;
};

// A client whose bytes arrive in pieces. The input is a fresh allocation each time, so that views
// into an older one are found by the sanitizers.
class Feeder {
public:
    explicit Feeder(RequestLimits limits = {}) : limits_(limits) {}

    // Appends the bytes and runs everything that is complete. False after an error.
    bool feed(std::string_view bytes) {
        std::vector<char> longer(input_.begin(), input_.end());
        longer.insert(longer.end(), bytes.begin(), bytes.end());
        input_.swap(longer);
        while (error_.empty()) {
            const Parsed outcome = parser_.parse(view(), limits_, sink_);
            if (outcome == Parsed::Error) error_ = parser_.error();
            if (outcome == Parsed::Error) break;
            if (outcome == Parsed::Request) {
                EXPECT_FALSE(parser_.arguments().empty());
                requests_.emplace_back(parser_.arguments().begin(), parser_.arguments().end());
                bytes_.push_back(parser_.request_bytes());
            }
            input_.erase(input_.begin(), input_.begin() + static_cast<long>(parser_.consumed()));
            input_.shrink_to_fit();
            if (outcome == Parsed::Incomplete) break;
        }
        return error_.empty();
    }

    // As feed(), but big arguments are received where they belong.
    void feed_directly(std::string_view bytes) {
        while (!bytes.empty()) {
            const std::span<char> window = parser_.big_window();
            if (window.empty()) {
                if (!feed(bytes.substr(0, 7))) return;
                bytes.remove_prefix(std::min<size_t>(7, bytes.size()));
                continue;
            }
            const size_t size = std::min({window.size(), bytes.size(), size_t{1000}});
            bytes.copy(window.data(), size);
            parser_.big_received(size);
            bytes.remove_prefix(size);
        }
        feed("");
    }

    std::string_view view() const { return {input_.data(), input_.size()}; }

    RequestLimits limits_;
    TestSink sink_;
    RequestParser parser_;
    std::vector<char> input_;
    std::vector<Words> requests_;
    std::vector<size_t> bytes_;
    std::string error_;
};

std::string request(const Words& words) {
    std::string wire = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string& word : words) {
        wire += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
    }
    return wire;
}

struct Case {
    std::string_view input;
    std::vector<Words> requests;
    std::string_view error = {};  // Behind "ERR Protocol error: "; empty: none.
    size_t left = 0;              // Bytes that stay unused.
};

void check(const Case& expected, RequestLimits limits = {}) {
    // Whole, and in small pieces: what a request is does not depend on how it arrives.
    const size_t small = expected.input.size() < 1000 ? 1 : 997;
    for (const size_t piece : {expected.input.size(), small}) {
        Feeder feeder(limits);
        for (size_t at = 0; at < expected.input.size(); at += piece) {
            if (!feeder.feed(expected.input.substr(at, piece))) break;
        }
        const std::string shown(expected.input.substr(0, 80));
        EXPECT_EQ(feeder.requests_, expected.requests) << shown;
        const std::string error =
            expected.error.empty() ? "" : "ERR Protocol error: " + std::string(expected.error);
        EXPECT_EQ(feeder.error_, error) << shown;
        if (error.empty()) {
            EXPECT_EQ(feeder.input_.size(), expected.left) << shown;
        }
    }
}

#define PING "*1\r\n$4\r\nPING\r\n"
const Words kPing = {"PING"};

// Each line was tried on Valkey 9.1.2 over a socket.
TEST(RequestParser, Arrays) {
    check({PING, {kPing}});
    check({PING PING, {kPing, kPing}});
    check({"*2\r\n$3\r\nGET\r\n$0\r\n\r\n", {{"GET", ""}}});
    check({"*1\r\n$2\r\n\r\n\r\n", {{"\r\n"}}});
    check({"*0\r\n" PING, {kPing}});
    check({"*-1\r\n*-10\r\n*-9223372036854775808\r\n" PING, {kPing}});
    check({"\r\n\n   \r\n\r\r\n" PING, {kPing}});
    check({"*1\r", {}, "", 3});
    check({"*1\n$4\nPING\n", {}, "", 11});
    check({"*1\r\n$4\r\nPINGX", {}, "", 13});
    check({"*2147483647\r\n", {}, "", 13});
    check({"*1\r\nf", {}, "", 5});
    check({"*1\r\n$16383\r\n", {}, "", 12});
    Feeder feeder;
    feeder.sink_.refuse = true;
    EXPECT_TRUE(feeder.feed("*1\r\n$536870912\r\n"));
}

TEST(RequestParser, BadCounts) {
    const std::string_view bad[] = {"*2147483648\r\n",
                                    "*3000000000\r\n",
                                    "*+1\r\n",
                                    "*01\r\n",
                                    "*\r\n",
                                    "* 1\r\n",
                                    "*1 \r\n",
                                    "*-0\r\n",
                                    "*9223372036854775808\r\n",
                                    "*-9223372036854775809\r\n",
                                    "*3xx$3\r\n",
                                    std::string_view("*1\0\r\n", 5)};
    for (const std::string_view input : bad) check({input, {}, "invalid multibulk length"});
    const std::string_view cut[] = {"*3x\rx", "*1\rX",  "*1\n\r$4",
                                    "*0\rX",  "*-1\rX", "*2147483648\rX"};
    for (const std::string_view input : cut) check({input, {}, "invalid CRLF in request"});
}

TEST(RequestParser, BadBulks) {
    const std::string_view bad[] = {"$\r\n",
                                    "$-1\r\n",
                                    "$00\r\n",
                                    "$536870913\r\n",
                                    "$x\r\n",
                                    "$+1\r\n",
                                    "$04\r\n",
                                    "$3x\n\r\n",
                                    "$9999999999\r\n",
                                    "$99999999999999999999\r\n",
                                    std::string_view("$4\0\r\n", 5)};
    for (const std::string_view line : bad) {
        check({PING "*1\r\n" + std::string(line), {kPing}, "invalid bulk length"});
    }
    for (const std::string_view line :
         {"$4\rXPING", "$x\rX", "$-1\rX", "$4\r\nPINGXX", "$4\r\nPING\rX", "$4\r\nPINGX\n"}) {
        check({"*1\r\n" + std::string(line), {}, "invalid CRLF in request"});
    }
    check({"*1\r\nfoo\r\n", {}, "expected '$', got 'f'"});
    check({"*1\r\nf\rX", {}, "expected '$', got 'f'"});
    check({"*1\r\n\r\n", {}, "expected '$', got ' '"});
    check({"*1\r\n\n$4\r\nPING\r\n", {}, "expected '$', got ' '"});
    check({"*1\r\n\xff\r\n", {}, "expected '$', got '\xff'"});
    check(
        {std::string_view("*1\r\n\0\r\n", 7), {}, std::string_view("expected '$', got '\0'", 21)});
}

TEST(RequestParser, LengthLinesThatAreTooLong) {
    const std::string longest(kInlineBytesMax - 1, '1');
    check({"*" + longest, {}, "", kInlineBytesMax});
    check({"*" + longest + "\r\n", {}, "invalid multibulk length"});
    check({"*" + longest + "1", {}, "too big mbulk count string"});
    check({"*1\r\n$" + longest, {}, "", kInlineBytesMax + 4});
    check({"*1\r\n$" + longest + "1", {}, "too big bulk count string"});
    check({"*1\r\nf" + longest + "1", {}, "too big bulk count string"});
}

TEST(RequestParser, Unauthenticated) {
    const RequestLimits limits{.authenticated = false};
    check({"*10\r\n", {}, "", 5}, limits);
    check({"*11\r\n", {}, "unauthenticated multibulk length"}, limits);
    check({"*11\rX", {}, "invalid CRLF in request"}, limits);
    check({"*2147483648\r\n", {}, "invalid multibulk length"}, limits);
    check({"*1\r\n$16384\r\n", {}, "", 0}, limits);
    check({"*1\r\n$16385\r\n", {}, "unauthenticated bulk length"}, limits);
    check({"*1\r\n$536870913\r\n", {}, "invalid bulk length"}, limits);
}

// As it stands in the log, and from where on the log shows the input.
TEST(RequestParser, ErrorsTellWhereTheyAre) {
    const struct {
        std::string_view input;
        std::string_view reason;
        size_t position;
        bool authenticated = true;
    } kCases[] = {
        {"*abc\r\n", "invalid mbulk count", 0},
        {"*1\r\n$abc\r\n", "invalid bulk length", 4},
        {"*2\r\n$3\r\nGET\r\nxyz\r\n", "expected $ but got something else", 13},
        {"GET \"a\r\n", "unbalanced quotes in inline request", 0},
        {"*11\r\n", "unauth mbulk count", 0, false},
        {"*1\r\n$20000\r\n", "unauth bulk length", 4, false},
    };
    for (const auto& each : kCases) {
        RequestParser parser;
        TestSink sink;
        const RequestLimits limits{.authenticated = each.authenticated};
        ASSERT_EQ(parser.parse(each.input, limits, sink), Parsed::Error) << each.input;
        EXPECT_EQ(parser.error_reason(), each.reason);
        EXPECT_EQ(parser.error_position(), each.position) << each.input;
    }
}

TEST(RequestParser, BulkLimit) {
    const RequestLimits limits{.bulk_bytes_max = 4};
    check({PING, {kPing}}, limits);
    check({"*1\r\n$5\r\nHELLO\r\n", {}, "invalid bulk length"}, limits);
    Feeder feeder({.bulk_bytes_max = INT64_MAX});
    feeder.sink_.refuse = true;
    EXPECT_TRUE(feeder.feed("*1\r\n$9223372036854775807\r\nx"));
}

TEST(RequestParser, Inline) {
    check({"PING\n", {kPing}});
    check({"PING\r\n", {kPing}});
    check({" \t set  key\t value \r\r\n", {{"set", "key", "value"}}});
    check({"\vq\v \f\r\n", {{"q\v"}}});
    check({"+ping\r\n$4\r\nPING\r\n", {{"+ping"}, {"$4"}, kPing}});
    check({"ping a\\n\r\n", {{"ping", "a\\n"}}});
    check({"ping \"\" '' \"a b\"\r\n" PING, {{"ping", "", "", "a b"}, kPing}});
    check({"set \"\"\"tes\"t-'k'e\"y\" \"test\"'-'value\r\n", {{"set", "test-key", "test-value"}}});
    check({"ping \"\\x41\\n\\\"\"\r\n", {{"ping", "A\n\""}}});
    check({"ping 'a\r\n" PING, {}, "unbalanced quotes in request"});
    check({"ping \"a\r\n", {}, "unbalanced quotes in request"});
    check({"PING\r", {}, "", 5});
    check({std::string_view("ping a\0b\r\n" PING, 24), {}, "", 24});

    std::string many;
    Words words;
    for (int i = 0; i < 500; ++i) {
        words.push_back(std::to_string(i));
        many += words.back() + " ";
    }
    check({many + "\n", {words}});
}

TEST(RequestParser, InlineThatIsTooLong) {
    const std::string longest(kInlineBytesMax, 'A');
    check({longest, {}, "", kInlineBytesMax});
    check({longest + "\n" PING, {{longest}, kPing}});
    check({longest + "A", {}, "too big inline request"});
    std::string hidden = longest + "A";
    hidden[0] = 0;
    check({hidden, {}, "too big inline request"});
    hidden[100] = '\n';
    check({hidden, {}, "too big inline request"});
}

TEST(RequestParser, RequestBytes) {
    Feeder feeder;
    feeder.feed(PING "ping\r\n" + request({"SET", "k", "v"}));
    EXPECT_EQ(feeder.bytes_, (std::vector<size_t>{14, 6, 27}));
}

// Small bulks, a big one for the sink, inlines, empty requests.
std::string mixed_pipeline(std::vector<Words>& requests) {
    const std::string big(300, 'b');
    requests = {{"SET", "key", "value"}, {"PING"},    {"MSET", "a", big, "b", "2", "c", big},
                {"echo", "a b"},         {"GET", ""}, {"SET", "k", big}};
    return request(requests[0]) + "PING\r\n\r\n*0\r\n" + request(requests[2]) +
           "echo 'a b'\n*-1\r\n" + request(requests[4]) + request(requests[5]);
}

TEST(RequestParser, EverySplitGivesTheSameRequests) {
    std::vector<Words> requests;
    const std::string wire = mixed_pipeline(requests);
    for (const size_t big : {size_t{100}, size_t{1000}}) {
        for (size_t cut = 0; cut <= wire.size(); ++cut) {
            Feeder feeder({.big_argument_bytes = big});
            feeder.feed(std::string_view(wire).substr(0, cut));
            feeder.feed(std::string_view(wire).substr(cut));
            ASSERT_EQ(feeder.requests_, requests) << cut;
            ASSERT_TRUE(feeder.input_.empty());
            size_t total = 0;
            for (const size_t bytes : feeder.bytes_) total += bytes;
            ASSERT_EQ(total, wire.size() - 11) << "all but the empty requests";
        }
        for (size_t piece = 1; piece < 40; ++piece) {
            Feeder feeder({.big_argument_bytes = big});
            for (size_t at = 0; at < wire.size(); at += piece) feeder.feed(wire.substr(at, piece));
            ASSERT_EQ(feeder.requests_, requests) << piece;
        }
    }
}

TEST(RequestParser, BigArgumentsAreReceivedInPlace) {
    std::vector<Words> requests;
    const std::string wire = mixed_pipeline(requests);
    Feeder feeder({.big_argument_bytes = 100});
    feeder.feed_directly(wire);
    EXPECT_EQ(feeder.requests_, requests);
    EXPECT_EQ(feeder.sink_.memory.size(), 3u);
    const std::string big(300, 'b');
    EXPECT_EQ(feeder.sink_.calls,
              (std::vector<Words>{{"MSET", "a"}, {"MSET", "a", big, "b", "2", "c"}, {"SET", "k"}}));
    EXPECT_EQ(feeder.sink_.counts, (std::vector<size_t>{7, 7, 3}));
    EXPECT_EQ(feeder.bytes_[2], request(requests[2]).size());
}

TEST(RequestParser, BigArgumentsTakeTheInputOver) {
    Feeder feeder;
    const std::string big(20000, 'x');
    const std::string wire = request({"SET", "key", big});
    feeder.feed(wire.substr(0, 5000));
    EXPECT_TRUE(feeder.input_.empty());
    EXPECT_EQ(feeder.parser_.consumed(), 5000u);
    EXPECT_EQ(feeder.parser_.big_window().size(), wire.size() - 2 - 5000);
    feeder.feed(wire.substr(5000, 1000));
    EXPECT_TRUE(feeder.input_.empty());
    feeder.feed(wire.substr(6000));
    EXPECT_EQ(feeder.requests_, (std::vector<Words>{{"SET", "key", big}}));
    EXPECT_EQ(feeder.bytes_, std::vector<size_t>{wire.size()});

    // Whole in the input: a view like any other.
    feeder.feed(wire);
    EXPECT_EQ(feeder.requests_.size(), 2u);
    EXPECT_EQ(feeder.sink_.memory.size(), 1u);
}

TEST(RequestParser, BigArgumentWithABadEnd) {
    Feeder feeder({.big_argument_bytes = 4});
    feeder.feed("*1\r\n$6\r\nfoo");
    feeder.feed("barX");
    EXPECT_EQ(feeder.error_, "");
    feeder.feed("X");
    EXPECT_EQ(feeder.error_, "ERR Protocol error: invalid CRLF in request");
}

TEST(RequestParser, RefusedBigArgumentsStayInTheInput) {
    Feeder feeder({.big_argument_bytes = 4});
    feeder.sink_.refuse = true;
    const std::string wire = request({"SET", "k", "0123456789", "abcdefgh"});
    for (const char byte : wire) feeder.feed({&byte, 1});
    EXPECT_EQ(feeder.requests_, (std::vector<Words>{{"SET", "k", "0123456789", "abcdefgh"}}));
    EXPECT_EQ(feeder.sink_.calls.size(), 2u) << "asked once for each";
}

TEST(RequestParser, ResetByAssignment) {
    Feeder feeder({.big_argument_bytes = 4});
    feeder.feed("*2\r\n$4\r\nECHO\r\n$6\r\nfoo");
    feeder.parser_ = RequestParser();
    feeder.feed(PING);
    EXPECT_EQ(feeder.requests_, (std::vector<Words>{kPing}));
}

TEST(RequestParser, MemoryFollowsWhatHasArrived) {
    RequestParser parser;
    TestSink sink;
    EXPECT_EQ(parser.parse("*2147483647\r\n$1\r\na\r\n", {}, sink), Parsed::Incomplete);
    EXPECT_LT(parser.memory_bytes(), 4096u);

    const std::string large = request(Words(100000, "x"));
    parser = RequestParser();
    EXPECT_EQ(parser.parse(large, {}, sink), Parsed::Request);
    EXPECT_EQ(parser.arguments().size(), 100000u);
    EXPECT_EQ(parser.arguments()[99999], "x");
    EXPECT_EQ(parser.parse(std::string_view(large).substr(0, 500000), {}, sink),
              Parsed::Incomplete);
    EXPECT_EQ(parser.parse(large, {}, sink), Parsed::Request);
    EXPECT_GT(parser.memory_bytes(), 100000 * sizeof(std::string_view));
    EXPECT_EQ(parser.parse(PING, {}, sink), Parsed::Request);
    EXPECT_LT(parser.memory_bytes(), 4096u);
}

}  // namespace
}  // namespace millrace::protocol
