// SPDX-License-Identifier: BSD-3-Clause
#include "commands.h"

#include <gtest/gtest.h>

namespace millrace::test {

using transcript::Answer;

void RandomCommands::send(std::vector<std::string> words) {
    const Answer answer = world_.send("client", words);
    ASSERT_EQ(answer.kind, Answer::Kind::Reply) << words[0];
}

std::string RandomCommands::key() {
    return "key:" + number(static_cast<uint64_t>(keys_));
}

std::string RandomCommands::text() {
    return std::string(1 + below(60), static_cast<char>('a' + below(26))) + number(1000);
}

void RandomCommands::fill() {
    for (int i = 0; i < keys_; ++i) {
        if (below(50) == 0) send({"SELECT", number(4)});
        send({"SET", "key:" + std::to_string(i), text()});
    }
    for (int i = 0; i < keys_; ++i) run();
    // Collections that are too large to be copied at once.
    for (int i = 0; i < 2500; ++i) {
        const std::string member = "a member with a name that takes some room " + std::to_string(i);
        send({"HSET", "large hash", member, text()});
        send({"SADD", "large set", member});
        send({"ZADD", "large sorted set", number(100), member});
        send({"RPUSH", "large list", member});
        send({"XADD", "large stream", "*", "field", member});
    }
}

std::vector<std::string> RandomCommands::on_strings() {
    switch (below(9)) {
        case 0:
            return {"APPEND", key(), text()};
        case 1:
            return {"INCR", key()};
        case 2:
            return {"SETRANGE", key(), number(30), text()};
        case 3:
            return {"SETBIT", key(), number(300), number(2)};
        case 4:
            return {"GETDEL", key()};
        case 5:
            return {"SET", key(), number(100000)};
        case 6:
            return {"SET", key(), text(), "PX", std::to_string(1 + below(40))};
        case 7:
            return {"GET", key()};
        default:
            return {"SET", key(), text()};
    }
}

std::vector<std::string> RandomCommands::on_collections() {
    static constexpr const char* kLarge[] = {"large hash", "large set", "large sorted set",
                                             "large list"};
    const bool large = below(10) == 0;
    const std::string member = "a member with a name that takes some room " + number(2500);
    switch (below(12)) {
        case 0:
            return {"HSET", large ? kLarge[0] : key(), member, text()};
        case 1:
            return {"HDEL", large ? kLarge[0] : key(), member, "f" + number(30)};
        case 2:
            return {"HPEXPIRE", key(), std::to_string(1 + below(50)), "FIELDS", "1", "f1"};
        case 3:
            return {"SADD", large ? kLarge[1] : key(), "m" + number(300)};
        case 4:
            return {"SREM", large ? kLarge[1] : key(), member, "m" + number(300)};
        case 5:
            return {"ZADD", large ? kLarge[2] : key(), number(100), "m" + number(300)};
        case 6:
            return {"ZPOPMIN", large ? kLarge[2] : key()};
        case 7:
            return {"RPUSH", large ? kLarge[3] : key(), text(), text()};
        case 8:
            return {"LPOP", large ? kLarge[3] : key()};
        case 9:
            return {"LSET", large ? kLarge[3] : key(), "0", text()};
        case 10:
            return {"SPOP", key()};
        default:
            return {"HSET", key(), "f" + number(30), text()};
    }
}

std::vector<std::string> RandomCommands::on_streams() {
    const std::string stream = below(10) == 0 ? "large stream" : key();
    switch (below(5)) {
        case 0:
            return {"XGROUP", "CREATE", stream, "group", "0", "MKSTREAM"};
        case 1:
            return {"XREADGROUP", "GROUP",   "group", "c" + number(3),          "COUNT",
                    "2",          "STREAMS", stream,  below(2) == 0 ? ">" : "0"};
        case 2:
            return {"XTRIM", stream, "MAXLEN", number(10)};
        case 3:
            return {"XADD", stream, "*", "f", text()};
        default:
            return {"XACK", stream, "group", "0-1"};
    }
}

std::vector<std::string> RandomCommands::on_keys() {
    switch (below(9)) {
        case 0:
            return {"DEL", key(), key()};
        case 1:
            return {"RENAME", key(), key()};
        case 2:
            return {"MOVE", key(), number(4)};
        case 3:
            return {"COPY", key(), key(), "DB", number(4), "REPLACE"};
        case 4:
            return {"PEXPIRE", key(), std::to_string(1 + below(100))};
        case 5:
            return {"PERSIST", key()};
        case 6:
            return {"EXPIRE", key(), "1000"};
        case 7:
            return {"RENAME", below(2) == 0 ? "large hash" : "large list", key()};
        default:
            return {"UNLINK", key()};
    }
}

std::vector<std::string> RandomCommands::on_databases() {
    switch (below(12)) {
        case 0:
            return {"SWAPDB", number(4), number(4)};
        case 1:
            return {"FLUSHDB"};
        default:
            return {"SELECT", number(4)};
    }
}

void RandomCommands::run() {
    const uint64_t kind = below(100);
    if (kind < 40) return send(on_strings());
    if (kind < 75) return send(on_collections());
    if (kind < 82) return send(on_streams());
    if (kind < 96) return send(on_keys());
    if (kind < 98) return send(on_databases());
    world_.advance(static_cast<int64_t>(below(5)));
}

}  // namespace millrace::test
