// SPDX-License-Identifier: BSD-3-Clause
//
// The rules of docs/ARCHITECTURE.md about threads, one test or more for each. What a thread does is
// seen from its counters, its id and the order of replies.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/parking.h"
#include "engine/append_log.h"
#include "net/poller.h"
#include "pipeline/activation.h"
#include "rig.h"
#include "threads/spsc_ring.h"

namespace millrace::test {
namespace {

using pipeline::Activation;

class WhereChangesHappen final : public engine::KeyChangeListener {
public:
    void on_key_change(std::string_view, int) override { seen.insert(std::this_thread::get_id()); }
    std::set<std::thread::id> seen;
};

// Writes `count` keys with one pipelined request each and checks every reply.
void write_keys(Rig& rig, RigClient& client, int count, size_t value_bytes) {
    const std::string value(value_bytes, 'v');
    std::string requests;
    std::string replies;
    for (int i = 0; i < count; ++i) {
        requests += command({"SET", "key:" + std::to_string(i), value});
        replies += "+OK\r\n";
    }
    rig.expect(client, requests, replies);
}

uint64_t process_cpu_us() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto microseconds = [](const timeval& time) {
        return static_cast<uint64_t>(time.tv_sec) * 1000000 + static_cast<uint64_t>(time.tv_usec);
    };
    return microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
}

TEST(RuleR1, CommandsRunOnTheMainThreadOnly) {
    Rig rig(4);
    WhereChangesHappen where;
    rig.engine().add_change_listener(&where);
    std::vector<std::unique_ptr<RigClient>> clients;
    for (int i = 0; i < 6; ++i) clients.push_back(rig.connect());
    for (auto& client : clients) write_keys(rig, *client, 200, 16);
    EXPECT_EQ(where.seen, std::set{std::this_thread::get_id()});
}

TEST(RuleR2, IoThreadsReadWriteAndPoll) {
    Rig rig(2);
    auto client = rig.connect();
    write_keys(rig, *client, 100, 16);
    const observe::ThreadUsage& thread = rig.state().threads[1];
    EXPECT_GT(thread.reads.read(), 0u);
    EXPECT_GT(thread.writes.read(), 0u);
    EXPECT_GT(thread.polls.read(), 0u);
    EXPECT_EQ(rig.state().threads.main().reads.read(), 0u);
    EXPECT_EQ(rig.state().threads.main().writes.read(), 0u);
}

TEST(RuleR2, TheMainThreadDoesItAllWhenItIsAlone) {
    Rig rig(1);
    auto client = rig.connect();
    write_keys(rig, *client, 100, 16);
    EXPECT_EQ(rig.state().threads.size(), 1u);
    EXPECT_GT(rig.state().threads.main().reads.read(), 0u);
}

TEST(RuleR3, AConnectionKeepsItsThread) {
    Rig rig(3);
    auto one = rig.connect();
    auto two = rig.connect();
    rig.expect(*one, "PING\r\n", "+PONG\r\n");
    rig.expect(*two, "PING\r\n", "+PONG\r\n");
    const auto reads = [&](size_t thread) { return rig.state().threads[thread].reads.read(); };
    ASSERT_GT(reads(1), 0u);
    ASSERT_GT(reads(2), 0u);
    const uint64_t before = reads(2);
    for (int i = 0; i < 50; ++i) rig.expect(*one, "PING\r\n", "+PONG\r\n");
    EXPECT_EQ(reads(2), before);
}

TEST(RuleR3, NothingIsLostOrReorderedWhenConnectionsMove) {
    Rig rig(1);
    std::vector<std::unique_ptr<RigClient>> clients;
    for (int i = 0; i < 8; ++i) clients.push_back(rig.connect());
    std::vector<std::string> expected(clients.size());
    const int kThreads[] = {4, 2, 1, 3, 1, 4};
    for (int round = 0; round < 60; ++round) {
        if (round % 10 == 0) rig.use_threads(kThreads[round / 10]);
        for (size_t i = 0; i < clients.size(); ++i) {
            for (int n = 0; n < 20; ++n) {
                const std::string text = std::to_string(round * 20 + n);
                clients[i]->send(command({"ECHO", text}));
                expected[i] += "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
            }
            clients[i]->exchange();
        }
        rig.turn_for_ms(1);
    }
    rig.turn_until([&] {
        bool all = true;
        for (size_t i = 0; i < clients.size(); ++i) {
            clients[i]->exchange();
            all = all && clients[i]->received().size() >= expected[i].size();
        }
        return all;
    });
    for (size_t i = 0; i < clients.size(); ++i) EXPECT_EQ(clients[i]->received(), expected[i]);
}

// Lets what is published leave one by one, when the test says so.
class Turnstile final : public engine::ReplyGate {
public:
    uint64_t mark() override { return ++published; }
    uint64_t released() override { return let_through; }
    void hand_over() override {}
    uint64_t published = 0;
    uint64_t let_through = 0;
};

// The connection was given up by its thread after the session had gone, and went to a place that
// belonged to the next client.
TEST(RuleR3, AClientThatIsKilledWhileItMovesLeavesNothing) {
    Rig rig(2);
    auto killed = rig.connect();
    rig.expect(*killed, "PING\r\n", "+PONG\r\n");
    rig.use_threads(1);  // It is told to read no more, and the thread says that it does not.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    Turnstile turnstile;
    rig.pipeline().set_gate(&turnstile);
    engine::Session* const session = rig.engine().sessions().at(killed->slot());
    ASSERT_NE(session, nullptr);
    rig.pipeline().close(*session, engine::CloseMode::Now);
    turnstile.let_through = 1;  // The thread hears of that, not yet that it shall give it up.
    rig.turn_for_ms(20);
    EXPECT_GE(turnstile.published, 2u);
    turnstile.let_through = 2;  // Now it does.
    rig.turn_for_ms(20);
    turnstile.let_through = UINT64_MAX;
    rig.turn_for_ms(20);
    rig.pipeline().set_gate(nullptr);
    EXPECT_EQ(rig.state().net.connections, 0u);
    auto next = rig.connect();
    EXPECT_EQ(next->slot(), killed->slot());
    rig.expect(*next, "PING\r\n", "+PONG\r\n");
}

TEST(RuleR4, OneThreadPollsAtATime) {
    net::PollToken token;
    EXPECT_FALSE(token.take());  // Not granted: the main thread polls.
    token.grant();
    EXPECT_TRUE(token.take());
    EXPECT_FALSE(token.take());
    EXPECT_FALSE(token.reclaim());
    token.grant();  // Again, as when the number of threads changes: one of them still polls.
    EXPECT_FALSE(token.take());
    token.give_back();
    EXPECT_TRUE(token.reclaim());
    EXPECT_FALSE(token.take());
}

Activation::Sample busy_sample(int64_t now_ms, double idle_cores, uint64_t commands) {
    return {.now_ms = now_ms,
            .elapsed_ns = 100000000,
            .main_busy_ns = 95000000,
            .threads_busy_ns = 0,
            .main_delayed_ns = 0,
            .idle_cores = idle_cores,
            .commands = commands};
}

TEST(RuleR5, ThreadsComeWithLoadAndIdleCores) {
    Activation activation(8);
    int active = 0;
    int64_t now = 0;
    for (int i = 0; i < 10 && active == 0; ++i)
        active = activation.decide(busy_sample(now += 100, 6, 100000), active, 7);
    EXPECT_GT(active, 0);
}

TEST(RuleR5, NoThreadsWithoutIdleCores) {
    Activation activation(2);
    int active = 0;
    int64_t now = 0;
    for (int i = 0; i < 100; ++i)
        active = activation.decide(busy_sample(now += 100, 0.2, 100000), active, 7);
    EXPECT_EQ(active, 0);
}

TEST(RuleR5, ThreadsThatDoNotHelpGo) {
    Activation activation(8);
    int active = 0;
    int64_t now = 0;
    while (active == 0) active = activation.decide(busy_sample(now += 100, 6, 100000), active, 7);
    for (int i = 0; i < 8; ++i)
        active = activation.decide(busy_sample(now += 100, 6, 100000), active, 7);
    EXPECT_EQ(active, 0);
}

// Decisions at a load that gives `alone` commands a tick without threads and `threaded` with them.
class Load {
public:
    Load(uint64_t alone, uint64_t threaded) : alone_(alone), threaded_(threaded) {}

    void tick() {
        Activation::Sample sample = busy_sample(now_ += 100, 6, active_ == 0 ? alone_ : threaded_);
        sample.threads_busy_ns = static_cast<uint64_t>(active_) * 70000000;
        active_ = activation_.decide(sample, active_, 7);
        threaded_ticks_ += active_ > 0;
    }
    int active() const { return active_; }
    int threaded_ticks() const { return threaded_ticks_; }
    void change(uint64_t alone, uint64_t threaded) {
        alone_ = alone;
        threaded_ = threaded;
    }

private:
    Activation activation_{8};
    uint64_t alone_;
    uint64_t threaded_;
    int64_t now_ = 0;
    int active_ = 0;
    int threaded_ticks_ = 0;
};

TEST(RuleR5, ATrialWithoutHopeIsShort) {
    Load load(100000, 60000);
    while (load.active() == 0) load.tick();
    for (int i = 0; i < 3; ++i) load.tick();
    EXPECT_EQ(load.active(), 0);
}

TEST(RuleR5, ThreadsThatHelpStay) {
    Load load(100000, 180000);
    for (int i = 0; i < 6000; ++i) load.tick();
    EXPECT_GT(load.active(), 0);
    EXPECT_GT(load.threaded_ticks(), 5900);
}

// The load had not come fully up when the main thread was seen alone.
TEST(RuleR5, ThreadsThatSeemedToHelpGo) {
    Load load(50000, 80000);
    while (load.active() == 0) load.tick();
    load.change(100000, 80000);
    for (int i = 0; i < 50; ++i) load.tick();
    EXPECT_EQ(load.active(), 0);
}

TEST(RuleR6, WaitingCostsNothing) {
    Rig rig(8);
    auto client = rig.connect();
    rig.expect(*client, "PING\r\n", "+PONG\r\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const uint64_t before = process_cpu_us();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_LT(process_cpu_us() - before, 50000u);
    rig.expect(*client, "PING\r\n", "+PONG\r\n");
}

TEST(RuleR6, WhoeverAnnouncesItsSleepIsWoken) {
    Parking parking;
    std::atomic<bool> work{false};
    std::thread sleeper(
        [&] { parking.park([&] { return work.load(std::memory_order_seq_cst); }); });
    work.store(true, std::memory_order_seq_cst);
    parking.wake();
    sleeper.join();
    EXPECT_FALSE(parking.parked());
}

// That more threads are never slower is measured by the benchmarks; here: a machine without a core
// to spare gets none, whatever is configured.
TEST(RuleR7, OneCoreMeansNoThreads) {
    Activation activation(1);
    int active = 0;
    for (int64_t now = 100; now < 60000; now += 100)
        active = activation.decide(busy_sample(now, 0, 100000), active, 7);
    EXPECT_EQ(active, 0);
}

TEST(RuleR8, RingsHoldAllCredits) {
    static_assert(pipeline::IoThread::kRing >= pipeline::IoSide::kCredits);
    threads::SpscRing<int, 64> ring;
    int pushed = 0;
    while (ring.push(int{pushed})) ++pushed;
    EXPECT_GE(pushed, 63);
    for (int i = 0; i < pushed; ++i) {
        int value = -1;
        ASSERT_TRUE(ring.pop(value));
        EXPECT_EQ(value, i);
    }
    EXPECT_TRUE(ring.empty());
}

TEST(RuleR9, IoThreadsFreeWhatWritesReplace) {
    Rig rig(2);
    auto client = rig.connect();
    for (int round = 0; round < 5; ++round) write_keys(rig, *client, 300, 300);
    rig.turn_until([&] {
        rig.turn_for_ms(1);
        return rig.state().threads[1].frees.read() >= 600;
    });
}

}  // namespace
}  // namespace millrace::test
