// SPDX-License-Identifier: BSD-3-Clause
#include "engine/blocking.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/numbers.h"
#include "config/registry.h"
#include "engine/command.h"
#include "engine/engine.h"
#include "structures/slab_pool.h"

namespace millrace::engine {
namespace {

using keyspace::Entry;
using keyspace::ValueType;

// Commands on strings: TAKE key... timeout waits for one of the keys and deletes it, KEEP waits for
// it to go or come, PUT sets it, DROP deletes it.
Status take(Call& call) {
    const int64_t deadline_ms = TRY(deadline_in_seconds(call, call.count() - 1));
    const auto keys = call.arguments().subspan(1, call.count() - 2);
    for (size_t at = 1; at + 1 < call.count(); ++at) {
        if (call.peek(at) == nullptr) continue;
        KeyEdit edit = call.edit(at);
        const std::string value(edit.entry()->string());
        edit.remove();
        edit.commit(EventClass::String, "take");
        call.propagate_as({"DROP", call.arg(at)});
        call.reply().bulk(value);
        return done();
    }
    return call.block_on({.keys = keys, .type = ValueType::String, .deadline_ms = deadline_ms});
}

Status gone(Call& call) {
    if (call.peek(1) == nullptr) return ErrorText{"ERR gone"};
    return call.block_on({.keys = call.arguments().subspan(1, 1), .on_missing = true});
}

Status put(Call& call) {
    KeyEdit edit = call.edit(1);
    edit.store_string(call.arg(2), KeepExpiry::No);
    edit.commit(EventClass::String, "put");
    call.reply().ok();
    return done();
}

Status drop(Call& call) {
    KeyEdit edit = call.edit(1);
    if (edit.exists()) {
        edit.remove();
        edit.commit(EventClass::Generic, "drop");
    }
    call.reply().ok();
    return done();
}

// Runs TAKE inside of itself, as EXEC does.
Status nest(Call& call) {
    const std::string_view words[] = {"TAKE", call.arg(1), "0"};
    Request request;
    request.command = call.engine().commands().find("TAKE");
    request.words = words;
    request.word_count = 3;
    call.engine().execute_nested(call.session(), request, call.reply());
    return done();
}

constexpr CommandSpec kCommands[] = {
    {.name = "NEST", .arity = 2, .flags = kWrite, .run = nest},
    {.name = "TAKE", .arity = -3, .flags = kWrite, .run = take},
    {.name = "GONE", .arity = 2, .flags = kReadOnly, .run = gone},
    {.name = "PUT", .arity = 3, .flags = kWrite, .run = put},
    {.name = "DROP", .arity = 2, .flags = kWrite, .run = drop},
};

class Time final : public TimeSource {
public:
    int64_t wall_microseconds() const override { return now_us; }
    int64_t monotonic_nanoseconds() const override { return now_us * 1000; }
    int64_t now_us = 1'000'000'000;
};

class Entropy final : public EntropySource {
public:
    uint64_t next() override { return 4; }
};

class BlockingTest : public ::testing::Test, public ClientControl, public EffectSink {
protected:
    BlockingTest()
        : commands_(tables_),
          keyspace_(4, SipKey{1, 2}, heaps_),
          engine_({.commands = commands_,
                   .keyspace = keyspace_,
                   .settings = settings_,
                   .config = config_,
                   .command_log = command_log_,
                   .latency = latency_,
                   .info = info_,
                   .server = state_,
                   .time = time_,
                   .entropy = entropy_}) {
        settings_.client_output_buffer_limit = {};
        engine_.connect(this, nullptr);
        engine_.effects().add_sink(this);
    }
    ~BlockingTest() override {
        engine_.blocking().check_invariants();
        engine_.sessions().for_each([](Session& session) { session.deferred.clear(); });
    }

    void close(Session& session, CloseMode) override { session.set(kClosing, true); }
    ReplyLog& log_for(Session&) override { return log_; }
    void rules_changed(Session&) override {}
    void on_unit(std::span<const Effect> unit) override {
        for (const Effect& effect : unit) {
            std::string line;
            for (const std::string_view word : effect.words) line += std::string(word) + " ";
            line.pop_back();
            effects_.push_back(line);
        }
    }

    Session& client() { return engine_.sessions().create(); }
    // What every client has been told, as "slot:reply", oldest first.
    std::vector<std::string> heard() {
        std::vector<std::string> lines;
        for (const ReplyRecord& record : log_.records()) {
            std::string text;
            if (record.kind == ReplyKind::Text) text = record.text();
            if (record.kind == ReplyKind::Bytes) text = log_.stretch(record);
            if (record.kind == ReplyKind::Integer) text = std::to_string(record.payload);
            while (text.ends_with("\r\n")) text.resize(text.size() - 2);
            const size_t header = text.find("\r\n");
            if (text.starts_with("$") && header != text.npos) text = text.substr(header + 2);
            lines.push_back(std::to_string(record.client) + ":" + text);
        }
        log_.clear();
        return lines;
    }
    std::vector<std::string> run(Session& session, std::vector<std::string> words) {
        std::vector<std::string_view> views(words.begin(), words.end());
        Request request;
        request.command = commands_.find(views[0]);
        request.words = views.data();
        request.word_count = static_cast<uint32_t>(views.size());
        request.client = session.slot();
        request.client_generation = session.generation();
        engine_.begin_batch();
        engine_.execute(session, request, log_);
        engine_.end_turn();
        return heard();
    }
    std::vector<std::string> pass(int64_t milliseconds) {
        time_.now_us += milliseconds * 1000;
        engine_.attend_waiting(0);
        engine_.end_turn();
        engine_.blocking().check_invariants();
        return heard();
    }
    Blocking& blocking() { return engine_.blocking(); }

    using Lines = std::vector<std::string>;

    structures::SlabHeapPool heaps_;
    CommandTable table_{kCommands};
    const CommandTable* tables_[1] = {&table_};
    CommandRegistry commands_;
    keyspace::Keyspace keyspace_;
    Settings settings_;
    config::Registry config_;
    observe::CommandLog command_log_;
    observe::LatencyMonitor latency_;
    observe::InfoRegistry info_;
    observe::ServerState state_;
    Time time_;
    Entropy entropy_;
    Engine engine_;
    ReplyLog log_;
    Lines effects_;
};

TEST_F(BlockingTest, ServesInTheOrderOfArrival) {
    Session &first = client(), &second = client(), &writer = client();
    EXPECT_EQ(run(first, {"TAKE", "k", "0"}), Lines{});
    EXPECT_EQ(run(second, {"TAKE", "k", "0"}), Lines{});
    EXPECT_EQ(blocking().clients(), 2u);
    EXPECT_EQ(run(writer, {"PUT", "k", "one"}), (Lines{"2:+OK", "0:one"}));
    EXPECT_EQ(run(writer, {"PUT", "k", "two"}), (Lines{"2:+OK", "1:two"}));
    EXPECT_EQ(run(writer, {"PUT", "k", "three"}), Lines{"2:+OK"});
    EXPECT_EQ(effects_, (Lines{"PUT k one", "DROP k", "PUT k two", "DROP k", "PUT k three"}));
    EXPECT_EQ(blocking().keys(), 0u);
}

TEST_F(BlockingTest, AnswersAtOnceWhatIsThere) {
    Session& only = client();
    run(only, {"PUT", "k", "one"});
    EXPECT_EQ(run(only, {"TAKE", "a", "k", "0"}), Lines{"0:one"});
}

TEST_F(BlockingTest, CountsAndLogsOnceServed) {
    Session &waiter = client(), &writer = client();
    run(waiter, {"TAKE", "k", "k", "0"});
    EXPECT_EQ(engine_.counters().commands_processed, 0u);
    EXPECT_EQ(blocking().keys(), 1u);
    run(writer, {"PUT", "k", "one"});
    EXPECT_EQ(engine_.counters().commands_processed, 2u);
    EXPECT_EQ(commands_.find("TAKE")->statistics().calls, 1u);
}

TEST_F(BlockingTest, TimesOutInOrder) {
    Session &late = client(), &early = client(), &never = client();
    run(late, {"TAKE", "k", "2"});
    run(early, {"TAKE", "k", "0.5"});
    run(never, {"TAKE", "k", "0"});
    EXPECT_EQ(blocking().timed_clients(), 2u);
    EXPECT_EQ(engine_.attend_waiting(10'000'000), 500'000);
    EXPECT_EQ(pass(499), Lines{});
    EXPECT_EQ(pass(1), Lines{"1:*-1"});
    EXPECT_EQ(pass(10'000), Lines{"0:*-1"});
    EXPECT_EQ(blocking().clients(), 1u);
    EXPECT_EQ(engine_.attend_waiting(77), 77);
}

// A deadline that fits in milliseconds, but not in microseconds, keeps nobody awake.
TEST_F(BlockingTest, SleepsBeforeADeadlineAtTheEndOfTime) {
    run(client(), {"TAKE", "k", "9223000000000000"});
    EXPECT_EQ(blocking().timed_clients(), 1u);
    EXPECT_EQ(engine_.attend_waiting(10'000'000), 10'000'000);
    run(client(), {"TAKE", "k", "0.5"});
    EXPECT_EQ(engine_.attend_waiting(10'000'000), 500'000);
}

TEST_F(BlockingTest, QueuesWhatFollows) {
    Session &waiter = client(), &writer = client();
    run(waiter, {"TAKE", "k", "0"});
    EXPECT_EQ(run(waiter, {"PUT", "other", "x"}), Lines{});
    EXPECT_EQ(run(waiter, {"TAKE", "k", "0"}), Lines{});
    EXPECT_EQ(run(waiter, {"PUT", "other", "y"}), Lines{});
    EXPECT_EQ(run(writer, {"PUT", "k", "one"}), (Lines{"1:+OK", "0:one", "0:+OK"}));
    EXPECT_TRUE(waiter.is(kBlocked));
    EXPECT_EQ(run(writer, {"PUT", "k", "two"}), (Lines{"1:+OK", "0:two", "0:+OK"}));
    EXPECT_FALSE(waiter.is(kBlocked));
}

TEST_F(BlockingTest, UnblocksByHand) {
    Session &one = client(), &two = client(), &idle = client();
    run(one, {"TAKE", "k", "0"});
    run(two, {"TAKE", "k", "0"});
    EXPECT_TRUE(one.blocked->unblock(engine_, one, false));
    EXPECT_TRUE(two.blocked->unblock(engine_, two, true));
    EXPECT_FALSE(blocking().time_out(idle));
    EXPECT_EQ(heard(), (Lines{"0:*-1", "1:-UNBLOCKED client unblocked via CLIENT UNBLOCK"}));
    EXPECT_EQ(commands_.find("TAKE")->statistics().rejected_calls, 1u);
}

TEST_F(BlockingTest, ForgetsWhoGoes) {
    Session &first = client(), &second = client(), &third = client(), &writer = client();
    run(first, {"TAKE", "k", "5"});
    run(second, {"TAKE", "k", "5"});
    run(third, {"TAKE", "k", "5"});
    engine_.forget(first);
    engine_.clients().close(second, CloseMode::Now);
    EXPECT_EQ(run(writer, {"PUT", "k", "one"}), (Lines{"3:+OK", "2:one"}));
    engine_.forget(second);
    EXPECT_EQ(blocking().clients(), 0u);
    EXPECT_EQ(blocking().timed_clients(), 0u);
}

TEST_F(BlockingTest, ServesWhatServingMadeReady) {
    Session &waiter = client(), &watcher = client(), &writer = client();
    run(writer, {"PUT", "k", "zero"});
    run(watcher, {"GONE", "k"});
    run(waiter, {"TAKE", "other", "k2", "0"});
    EXPECT_EQ(blocking().keys_on_missing(), 1u);
    EXPECT_EQ(run(writer, {"PUT", "k", "one"}), Lines{"2:+OK"});  // It waits on.
    EXPECT_EQ(run(writer, {"TAKE", "k", "0"}), (Lines{"2:one", "1:-ERR gone"}));
    EXPECT_EQ(blocking().clients(), 1u);
}

TEST_F(BlockingTest, WaitsInItsOwnDatabase) {
    Session &waiter = client(), &writer = client();
    waiter.database = 2;
    run(waiter, {"TAKE", "k", "0"});
    EXPECT_EQ(run(writer, {"PUT", "k", "zero"}), Lines{"1:+OK"});
    keyspace_.swap_databases(0, 2);
    engine_.key_changed({}, 0);
    engine_.key_changed({}, 2);
    engine_.attend_waiting(0);
    EXPECT_EQ(heard(), Lines{"0:zero"});
}

TEST_F(BlockingTest, FailsAll) {
    Session &one = client(), &two = client();
    run(one, {"TAKE", "k", "0"});
    run(two, {"TAKE", "a", "k", "9"});
    blocking().fail_all("UNBLOCKED no more");
    EXPECT_EQ(heard(), (Lines{"0:-UNBLOCKED no more", "1:-UNBLOCKED no more"}));
    EXPECT_EQ(blocking().keys(), 0u);
}

TEST_F(BlockingTest, NobodyWaitsInMulti) {
    Session& session = client();
    EXPECT_EQ(run(session, {"NEST", "k"}), Lines{"0:*-1"});
    EXPECT_EQ(blocking().clients(), 0u);
}

TEST_F(BlockingTest, RefusesBadTimeouts) {
    Session& session = client();
    const std::string not_float = "0:-ERR timeout is not a float or out of range";
    EXPECT_EQ(run(session, {"TAKE", "k", "x"}), Lines{not_float});
    EXPECT_EQ(run(session, {"TAKE", "k", "nan"}), Lines{not_float});
    EXPECT_EQ(run(session, {"TAKE", "k", "-1"}), Lines{"0:-ERR timeout is negative"});
    EXPECT_EQ(run(session, {"TAKE", "k", "1e30"}), Lines{"0:-ERR timeout is out of range"});
    EXPECT_EQ(run(session, {"TAKE", "k", "inf"}), Lines{"0:-ERR timeout is out of range"});
    EXPECT_EQ(run(session, {"TAKE", "k", "9223372036854775"}),
              Lines{"0:-ERR timeout is out of range"});
    EXPECT_EQ(run(session, {"TAKE", "k", "0x1p-8"}), Lines{});
    EXPECT_EQ(pass(4), Lines{"0:*-1"});
}

TEST_F(BlockingTest, ManyClientsOfOneKey) {
    constexpr int kClients = 20'000;
    for (int i = 0; i < kClients; ++i) run(client(), {"TAKE", "k", "100"});
    Session& writer = client();
    for (int i = 0; i < 1000; ++i) {
        const Lines lines = run(writer, {"PUT", "k", "x"});
        ASSERT_EQ(lines.size(), 2u);
        ASSERT_EQ(lines[1], std::to_string(i) + ":x");
    }
    EXPECT_EQ(blocking().clients(), kClients - 1000u);
    EXPECT_EQ(pass(100'000).size(), kClients - 1000u);
}

}  // namespace
}  // namespace millrace::engine
