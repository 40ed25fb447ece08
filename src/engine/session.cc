// SPDX-License-Identifier: BSD-3-Clause
#include "engine/session.h"

#include "base/assert.h"

namespace millrace::engine {

Session* SessionTable::find_id(uint64_t id) {
    for (const auto& session : slots_) {
        if (session != nullptr && session->id() == id) return session.get();
    }
    return nullptr;
}

Session& SessionTable::create() {
    ClientSlot slot = 0;
    if (free_.empty()) {
        slot = static_cast<ClientSlot>(slots_.size());
        slots_.emplace_back();
        generations_.push_back(0);
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    slots_[slot] = std::make_unique<Session>(slot, ++generations_[slot], next_id_++);
    ++count_;
    return *slots_[slot];
}

void SessionTable::destroy(Session& session) {
    const ClientSlot slot = session.slot();
    CHECK(slots_[slot].get() == &session);
    slots_[slot].reset();
    free_.push_back(slot);
    --count_;
}

}  // namespace millrace::engine
