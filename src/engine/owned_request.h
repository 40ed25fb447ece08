// SPDX-License-Identifier: BSD-3-Clause
//
// A request that could not run when it came, with its own copy of everything; the entry that had
// been built of it goes along, so that its key and value are not copied.
//
// Owner:   whoever keeps it: a transaction, a session that waits.
// Threads: main thread.
#pragma once

#include <cstddef>
#include <memory>

#include "engine/request.h"

namespace millrace::keyspace {
class Keyspace;
}  // namespace millrace::keyspace

namespace millrace::engine {

class OwnedRequest {
public:
    // Takes the prebuilt entry of `from`; `keyspace` gets it back if nobody uses it.
    OwnedRequest(Request& from, keyspace::Keyspace& keyspace);
    OwnedRequest(OwnedRequest&& other) noexcept;
    OwnedRequest& operator=(OwnedRequest&& other) noexcept;
    ~OwnedRequest();

    // May be run, which takes the prebuilt entry or gives it back; the words stay until the batch
    // has ended.
    Request request;

private:
    keyspace::Keyspace* keyspace_;
    std::unique_ptr<std::byte[]> block_;  // The words, and behind them the bytes of those copied.
};

}  // namespace millrace::engine
