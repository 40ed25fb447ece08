// SPDX-License-Identifier: BSD-3-Clause
//
// What travels between an I/O side and the main thread: up to 32 requests of many clients, in the
// order of arrival per client, with their argument bytes; and, on the way back, what the clients
// are to be told.
//
// A batch without requests carries what the main thread has to say outside of any request.
//
// Owner:   whoever popped it last from a ring; between threads it moves as a unique_ptr.
// Threads: the owner's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/arena.h"
#include "engine/reply_log.h"
#include "engine/request.h"
#include "keyspace/limbo.h"

namespace millrace::pipeline {

class Batch {
public:
    static constexpr size_t kRequestsMax = 32;

    bool full() const { return count_ == kRequestsMax; }
    bool has_requests() const { return count_ > 0; }
    engine::Request& add() {
        DCHECK(!full());
        requests_[count_] = {};
        return requests_[count_++];
    }
    std::span<engine::Request> requests() { return {requests_.data(), count_}; }

    // Argument bytes and whatever else must live as long as the requests.
    Arena& arena() { return arena_; }
    engine::ReplyLog& replies() { return replies_; }

    // Retired entries that the I/O side is to free (rule R9); on the way to the main thread, the
    // emptied blocks that come back.
    std::vector<std::unique_ptr<keyspace::RetiredBlock>> to_free;

    void clear() {
        count_ = 0;
        arena_.clear();
        replies_.clear();
    }

private:
    std::array<engine::Request, kRequestsMax> requests_;
    size_t count_ = 0;
    Arena arena_;
    engine::ReplyLog replies_;
};

}  // namespace millrace::pipeline
