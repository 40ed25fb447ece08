// SPDX-License-Identifier: BSD-3-Clause
//
// While it lives, keys and fields that are past their time are there: for the commands of a client
// that imports data (CLIENT IMPORT-SOURCE), while the server is in import mode.
//
// What has expired is decided by the keyspace's clock, which it stops before all time; commands
// reckon with the engine's, which goes on.
//
// Owner:   the engine, around a command.
// Threads: main thread.
#pragma once

#include <cstdint>

#include "engine/engine.h"

namespace millrace::engine {

class ExpiredShown {
public:
    ExpiredShown(Engine& engine, const Session& session)
        : engine_(engine), applies_(session.is(kImportSource) && engine.keyspace().imports()) {
        if (applies_) engine_.keyspace().set_now_ms(INT64_MIN);
    }
    ~ExpiredShown() {
        if (applies_) engine_.keyspace().set_now_ms(engine_.now_ms());
    }
    ExpiredShown(const ExpiredShown&) = delete;
    ExpiredShown& operator=(const ExpiredShown&) = delete;

private:
    Engine& engine_;
    const bool applies_;
};

}  // namespace millrace::engine
