// SPDX-License-Identifier: BSD-3-Clause
#include "server/crash_report.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <thread>

#include "base/assert.h"

namespace millrace::server {
namespace {

// The thread sanitizer's own threads answer nobody.
#if defined(__has_feature)
constexpr bool kHasForeignThreads = __has_feature(thread_sanitizer);
#else
constexpr bool kHasForeignThreads = false;
#endif

struct Outcome {
    int status = 0;
    std::string log;
};

// Runs `crash` in a child process with reports on, and gives back how it ended and what it wrote.
Outcome crash_in_child(const std::function<void()>& crash, bool exit_after = false) {
    char path[] = "/tmp/millrace_crash_XXXXXX";
    const int file = mkstemp(path);
    close(file);
    const pid_t child = fork();
    if (child == 0) {
        install_crash_report({.version = "Millrace 1.2.3",
                              .log_path = path,
                              .pid_path = {},
                              .exit_after = exit_after});
        crash();
        _exit(77);
    }
    Outcome outcome;
    waitpid(child, &outcome.status, 0);
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    outcome.log = text.str();
    unlink(path);
    return outcome;
}

size_t count(const std::string& text, const std::string& part) {
    size_t found = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

void expect_whole_report(const Outcome& outcome) {
    EXPECT_EQ(count(outcome.log, " BUG REPORT START: Cut & paste starting from here ==="), 1u)
        << outcome.log;
    EXPECT_EQ(count(outcome.log, "STACK TRACE -"), 1u);
    EXPECT_EQ(count(outcome.log, "------ STACK TRACE DONE ------"), 1u);
    EXPECT_EQ(count(outcome.log, " BUG REPORT END. Make sure to include from START to END. ==="),
              1u);
}

[[gnu::noinline]] void crash_here() {
    raise(SIGSEGV);
}

TEST(CrashReport, OfASignal) {
    const Outcome outcome = crash_in_child(crash_here);
    expect_whole_report(outcome);
    EXPECT_NE(outcome.log.find("Millrace 1.2.3 crashed by signal: 11"), std::string::npos);
    EXPECT_NE(outcome.log.find("Crashed running the instruction at: 0x"), std::string::npos);
    EXPECT_TRUE(WIFSIGNALED(outcome.status));
    EXPECT_EQ(WTERMSIG(outcome.status), SIGSEGV);
}

TEST(CrashReport, ExitsIfSettingsSaySo) {
    const Outcome outcome = crash_in_child([] { std::abort(); }, true);
    expect_whole_report(outcome);
    EXPECT_NE(outcome.log.find("crashed by signal: 6"), std::string::npos);
    EXPECT_TRUE(WIFEXITED(outcome.status));
    EXPECT_EQ(WEXITSTATUS(outcome.status), 1);
}

TEST(CrashReport, OfAnAssertion) {
    const Outcome outcome = crash_in_child([] { CHECK(1 == 2); });
    expect_whole_report(outcome);
    EXPECT_NE(outcome.log.find("=== ASSERTION FAILED ==="), std::string::npos);
    EXPECT_NE(outcome.log.find("'1 == 2' is not true"), std::string::npos);
    EXPECT_EQ(WTERMSIG(outcome.status), SIGABRT);
}

TEST(CrashReport, OfAPanic) {
    const Outcome outcome = crash_in_child([] { panic("no more", "some.cc", 12); });
    expect_whole_report(outcome);
    EXPECT_NE(outcome.log.find("Guru Meditation: no more #some.cc:12"), std::string::npos);
}

TEST(CrashReport, OnPurpose) {
    for (const char* what : {"segfault", "assert", "panic"}) {
        expect_whole_report(crash_in_child([what] { crash_on_purpose(what); }));
    }
    EXPECT_EQ(WEXITSTATUS(crash_in_child([] { crash_on_purpose("other"); }).status), 77);
}

TEST(CrashReport, ShowsAllThreads) {
    const Outcome outcome = crash_in_child([] {
        std::thread([] { pause(); }).detach();
        std::thread([] { pause(); }).detach();
        crash_here();
    });
    expect_whole_report(outcome);
    const std::string counted = kHasForeignThreads ? "\n3/" : "\n3/3 expected stacktraces.";
    EXPECT_NE(outcome.log.find(counted), std::string::npos) << outcome.log;
}

TEST(CrashReport, HasSections) {
    const Outcome outcome = crash_in_child([] {
        static int number = 7;
        add_crash_section(
            {"NUMBERS",
             [](void* context, CrashWriter& out) { out.decimal(*static_cast<int*>(context)); },
             &number});
        crash_here();
    });
    expect_whole_report(outcome);
    EXPECT_NE(outcome.log.find("------ NUMBERS ------\n7"), std::string::npos) << outcome.log;
}

TEST(CrashReport, SurvivesASectionThatCrashes) {
    const Outcome outcome = crash_in_child([] {
        add_crash_section({"BAD", [](void*, CrashWriter&) { raise(SIGSEGV); }, nullptr});
        crash_here();
    });
    EXPECT_EQ(count(outcome.log, "BUG REPORT START"), 1u) << outcome.log;
    EXPECT_EQ(count(outcome.log, "BUG REPORT END"), 1u);
    EXPECT_EQ(count(outcome.log, "Crashed running signal handler."), 1u);
    EXPECT_EQ(count(outcome.log, "Crashed running the instruction at"), 2u);
    EXPECT_EQ(WTERMSIG(outcome.status), SIGSEGV);
}

// The stack must not end inside of the thread sanitizer, which would wait for itself.
[[gnu::noinline]]
#if defined(__has_attribute)
#if __has_attribute(disable_sanitizer_instrumentation)
__attribute__((disable_sanitizer_instrumentation))
#endif
#endif
int deeper(int depth) {
    volatile char page[4096];
    page[0] = static_cast<char>(depth);
    return depth < 0 ? 0 : deeper(depth + 1) + page[0];
}

TEST(CrashReport, OfAnExhaustedStack) {
    const Outcome outcome = crash_in_child([] {
        SignalStack stack;
        deeper(0);
    });
    EXPECT_EQ(count(outcome.log, "BUG REPORT END"), 1u) << outcome.log;
    EXPECT_EQ(WTERMSIG(outcome.status), SIGSEGV);
}

}  // namespace
}  // namespace millrace::server
