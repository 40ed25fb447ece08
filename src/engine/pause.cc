// SPDX-License-Identifier: BSD-3-Clause
#include "engine/pause.h"

#include <algorithm>

#include "engine/engine.h"

namespace millrace::engine {

void Pause::begin(Engine& engine, Mode mode, int64_t until_ms) {
    mode_ = std::max(mode_, mode);
    until_ms_ = std::max(until_ms_, until_ms);
    engine.set_condition(kClientsPaused, true);
    engine.keyspace().keep_expired(keyspace::KeepExpired::WhilePaused, true);
}

void Pause::end(Engine& engine) {
    mode_ = Mode::None;
    until_ms_ = 0;
    engine.set_condition(kClientsPaused, false);
    engine.keyspace().keep_expired(keyspace::KeepExpired::WhilePaused, false);
    for (const auto& [slot, generation] : waiting_) {
        if (Session* session = engine.sessions().find(slot, generation)) engine.wake(*session);
    }
    waiting_.clear();
}

void Pause::check(Engine& engine) {
    if (mode_ != Mode::None && engine.now_ms() >= until_ms_) end(engine);
}

bool Pause::holds(const Command& command, uint64_t flags) const {
    if (mode_ == Mode::None) return false;
    if (command.full_name() == "client|unpause" || command.has(kAllowBusy)) return false;
    return mode_ == Mode::All || (flags & (kWrite | kMayReplicate)) != 0;
}

void Pause::add_waiting(const Session& session) {
    waiting_.emplace_back(session.slot(), session.generation());
}

}  // namespace millrace::engine
