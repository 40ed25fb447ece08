// SPDX-License-Identifier: BSD-3-Clause
//
// Keyspace notifications: events of keys as messages on __keyspace@db__:key and
// __keyevent@db__:event, as `notify-keyspace-events` asks for.
//
// Owner:   the engine.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/key_events.h"

namespace millrace::engine {

class Engine;

class Notifications final : public KeyEventListener {
public:
    explicit Notifications(Engine& engine) : engine_(engine) {}

    // Follows the setting.
    void configure(uint32_t classes);
    void on_key_event(EventClass event_class, std::string_view event, std::string_view key,
                      int db) override;

private:
    Engine& engine_;
    uint32_t classes_ = 0;
};

}  // namespace millrace::engine
