// SPDX-License-Identifier: BSD-3-Clause
#include "engine/notifications.h"

#include <fmt/format.h>

#include "engine/engine.h"

namespace millrace::engine {
namespace {

constexpr auto kKeyspace = static_cast<uint32_t>(EventClass::Keyspace);
constexpr auto kKeyevent = static_cast<uint32_t>(EventClass::Keyevent);

}  // namespace

void Notifications::configure(uint32_t classes) {
    if (classes == classes_) return;
    engine_.remove_event_listener(this);
    classes_ = classes;
    const uint32_t wanted = classes & ~(kKeyspace | kKeyevent);
    // Without K or E nothing is said, whatever the other letters.
    if (wanted != classes && wanted != 0) engine_.add_event_listener(this, wanted);
}

void Notifications::on_key_event(EventClass, std::string_view event, std::string_view key, int db) {
    PubSub& pubsub = engine_.pubsub();
    if (pubsub.empty()) return;
    if ((classes_ & kKeyspace) != 0) {
        pubsub.publish(fmt::format("__keyspace@{}__:{}", db, key), event);
    }
    if ((classes_ & kKeyevent) != 0) {
        pubsub.publish(fmt::format("__keyevent@{}__:{}", db, event), key);
    }
}

}  // namespace millrace::engine
