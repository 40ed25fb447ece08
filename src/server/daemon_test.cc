// SPDX-License-Identifier: BSD-3-Clause
#include "server/daemon.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

namespace millrace::server {
namespace {

// A datagram socket as systemd has it. A name that begins with '@' is abstract.
class Listener {
public:
    explicit Listener(const std::string& name) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, name.data(), name.size());
        if (name[0] == '@') address.sun_path[0] = '\0';
        descriptor_ = socket(AF_UNIX, SOCK_DGRAM, 0);
        const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        EXPECT_EQ(bind(descriptor_, reinterpret_cast<sockaddr*>(&address), bytes), 0);
        setenv("NOTIFY_SOCKET", name.c_str(), 1);
    }
    ~Listener() {
        close(descriptor_);
        unsetenv("NOTIFY_SOCKET");
    }
    std::string receive() const {
        char text[256];
        const ssize_t bytes = recv(descriptor_, text, sizeof text, MSG_DONTWAIT);
        return {text, static_cast<size_t>(bytes < 0 ? 0 : bytes)};
    }

private:
    int descriptor_;
};

std::string unique_name(const std::string& prefix) {
    return prefix + "millrace_notify_" + std::to_string(getpid());
}

TEST(Systemd, IsToldThroughAPath) {
    const std::string path = unique_name("/tmp/");
    const Listener listener(path);
    EXPECT_TRUE(notify_systemd("READY=1\n"));
    EXPECT_EQ(listener.receive(), "READY=1\n");
    unlink(path.c_str());
}

TEST(Systemd, IsToldThroughAnAbstractName) {
    const Listener listener(unique_name("@"));
    EXPECT_EQ(begin_supervision(Supervised::Auto), Supervised::Systemd);
    EXPECT_EQ(listener.receive().substr(0, 7), "STATUS=");
}

TEST(Systemd, IsNotThere) {
    unsetenv("NOTIFY_SOCKET");
    EXPECT_FALSE(notify_systemd("READY=1\n"));
    EXPECT_EQ(begin_supervision(Supervised::Systemd), Supervised::No);
    EXPECT_EQ(begin_supervision(Supervised::Auto), Supervised::No);
    setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
    EXPECT_FALSE(notify_systemd("READY=1\n"));
    unsetenv("NOTIFY_SOCKET");
}

TEST(Upstart, SeesAStoppedProcess) {
    const pid_t child = fork();
    if (child == 0) {
        setenv("UPSTART_JOB", "millrace", 1);
        const bool found = begin_supervision(Supervised::Auto) == Supervised::Upstart;
        _exit(found && getenv("UPSTART_JOB") == nullptr ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, WUNTRACED), child);
    EXPECT_TRUE(WIFSTOPPED(status));
    kill(child, SIGCONT);
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(PidFile, HoldsOneLine) {
    const std::string path = unique_name("/tmp/") + ".pid";
    ASSERT_TRUE(write_pid_file(path).ok());
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    EXPECT_EQ(line, std::to_string(getpid()));
    unlink(path.c_str());
    EXPECT_FALSE(write_pid_file("/nonexistent/folder/x.pid").ok());
}

TEST(Background, LeavesTheSession) {
    const std::string path = unique_name("/tmp/") + ".session";
    const pid_t child = fork();
    if (child == 0) {
        if (!go_to_background().ok()) _exit(1);
        const bool own_session = getsid(0) == getpid();
        std::ofstream(path + ".new") << own_session;
        rename((path + ".new").c_str(), path.c_str());
        _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    for (int i = 0; i < 500 && access(path.c_str(), F_OK) != 0; ++i) usleep(10000);
    int own_session = 0;
    std::ifstream(path) >> own_session;
    EXPECT_EQ(own_session, 1);
    unlink(path.c_str());
}

}  // namespace
}  // namespace millrace::server
