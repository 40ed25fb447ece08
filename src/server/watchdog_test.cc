// SPDX-License-Identifier: BSD-3-Clause
#include "server/watchdog.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <sstream>
#include <string>

namespace millrace::server {
namespace {

// What the log of a child process says that did this.
std::string log_of_child(const std::function<void()>& work) {
    const std::string path = "/tmp/millrace_watchdog_" + std::to_string(getpid());
    const pid_t child = fork();
    if (child == 0) {
        install_watchdog(path);
        work();
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    unlink(path.c_str());
    return text.str();
}

void wait_milliseconds(int64_t milliseconds) {
    timespec rest{.tv_sec = 0, .tv_nsec = milliseconds * 1000000};
    while (nanosleep(&rest, &rest) != 0) continue;
}

TEST(Watchdog, BarksWhenItIsNotFed) {
    const std::string log = log_of_child([] {
        feed_watchdog(20);
        wait_milliseconds(100);
    });
    EXPECT_NE(log.find("--- WATCHDOG TIMER EXPIRED ---"), std::string::npos) << log;
    EXPECT_NE(log.find("STACK TRACE DONE"), std::string::npos);
}

TEST(Watchdog, IsQuietWhileItIsFed) {
    const std::string log = log_of_child([] {
        for (int i = 0; i < 5; ++i) {
            feed_watchdog(500);
            wait_milliseconds(5);
        }
        feed_watchdog(0);
        wait_milliseconds(10);
    });
    EXPECT_EQ(log, "");
}

TEST(Watchdog, AnswersASignalFromOutside) {
    const std::string log = log_of_child([] { kill(getpid(), SIGALRM); });
    EXPECT_NE(log.find("Received SIGALRM"), std::string::npos) << log;
}

}  // namespace
}  // namespace millrace::server
