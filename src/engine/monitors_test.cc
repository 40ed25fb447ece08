// SPDX-License-Identifier: BSD-3-Clause
#include "engine/monitors.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "engine/services.h"
#include "engine/session.h"

namespace millrace::engine {
namespace {

class Logs : public ClientControl {
public:
    void close(Session&, CloseMode) override {}
    ReplyLog& log_for(Session& session) override { return logs_[session.slot()]; }
    void rules_changed(Session&) override {}

    std::string text(const Session& session) {
        std::string text;
        ReplyLog& log = logs_[session.slot()];
        for (const ReplyRecord& record : log.records()) text += log.stretch(record);
        return text;
    }

private:
    std::map<ClientSlot, ReplyLog> logs_;
};

TEST(Monitors, SeeWhatIsDone) {
    SessionTable sessions;
    Session& first = sessions.create();
    Session& second = sessions.create();
    Logs logs;
    Monitors monitors;
    EXPECT_TRUE(monitors.empty());
    monitors.add(first);
    monitors.add(first);
    monitors.add(second);

    const std::vector<std::string_view> words = {"set", "a\"b", std::string_view("\0\r\n", 3)};
    monitors.feed(1795474463000958, 3, "127.0.0.1:43966", words, sessions, logs);
    const std::string line =
        "+1795474463.000958 [3 127.0.0.1:43966] \"set\" \"a\\\"b\" \"\\x00\\r\\n\"\r\n";
    EXPECT_EQ(logs.text(first), line);
    EXPECT_EQ(logs.text(second), line);
    EXPECT_EQ(first.produced_bytes, line.size());
}

TEST(Monitors, AreForgotten) {
    SessionTable sessions;
    Session& first = sessions.create();
    Session& gone = sessions.create();
    Logs logs;
    Monitors monitors;
    monitors.add(first);
    monitors.add(gone);
    sessions.destroy(gone);
    monitors.remove(first);
    EXPECT_FALSE(monitors.empty());
    monitors.feed(0, 0, "lua", {}, sessions, logs);
    EXPECT_EQ(logs.text(first), "");
}

}  // namespace
}  // namespace millrace::engine
