// SPDX-License-Identifier: BSD-3-Clause
//
// How a server behind a socket is watched: a subscriber sees its events, and a connection that
// poses as a replica sees what it propagates. A message on a channel of our own, which both get,
// tells how far they must read.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connection.h"

namespace millrace::transcript {

inline constexpr const char* kMarkChannel = "__transcript__";

class EventObserver {
public:
    // False if the server has no notifications.
    bool begin(const std::string& host, int port);
    // What was seen before the mark.
    std::optional<std::vector<std::string>> read_until(const std::string& mark);

private:
    Connection connection_;
};

class EffectObserver {
public:
    // False if the server takes no replicas.
    bool begin(const std::string& host, int port);
    std::optional<std::vector<std::string>> read_until(const std::string& mark);

private:
    Connection connection_;
    int db_ = 0;
};

}  // namespace millrace::transcript
