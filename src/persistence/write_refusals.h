// SPDX-License-Identifier: BSD-3-Clause
//
// Why the server may not take writes at the moment, since they would be lost too easily: the disk
// fails, or too few replicas are there. kWritesRefused is on as long as there is a reason.
//
// Owner:   Persistence.
// Threads: main thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/engine.h"

namespace millrace::persistence {

class WriteRefusals {
public:
    // The first that there is, is the one that clients hear.
    enum class Reason : uint8_t { Snapshot, AppendLog, Replicas };

    explicit WriteRefusals(engine::Engine& engine) : engine_(engine) {}
    // `error` is what clients get, without the leading '-'; empty: nothing is wrong any more.
    void set(Reason reason, std::string error);
    std::string_view text() const;

private:
    engine::Engine& engine_;
    std::array<std::string, 3> errors_;
};

}  // namespace millrace::persistence
