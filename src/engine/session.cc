// SPDX-License-Identifier: BSD-3-Clause
#include "engine/session.h"

#include <cstring>

#include "base/assert.h"

namespace millrace::engine {

OwnedRequest::OwnedRequest(const Request& from) : request(from) {
    size_t total = 0;
    for (std::string_view word : from.arguments()) total += word.size();
    bytes = std::make_unique<char[]>(total);
    words = std::make_unique<std::string_view[]>(from.word_count);
    char* at = bytes.get();
    for (uint32_t i = 0; i < from.word_count; ++i) {
        const std::string_view word = from.words[i];
        std::memcpy(at, word.data(), word.size());
        words[i] = {at, word.size()};
        at += word.size();
    }
    request.words = words.get();
    request.prebuilt = nullptr;
}

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
