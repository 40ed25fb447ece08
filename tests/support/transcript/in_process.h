// SPDX-License-Identifier: BSD-3-Clause
//
// An engine of its own for each transcript, with a clock that stands still, entropy that repeats
// itself, and clients without sockets. Requests are made as I/O threads make them, entries for
// plain writes included.
//
// Threads: one.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "target.h"

namespace millrace::transcript {

class World;

class InProcess final : public Target {
public:
    InProcess();
    ~InProcess() override;

    std::string_view name() const override { return "in-process"; }
    Status begin_file() override;
    Answer send(const std::string& client, const Words& words, Expects expects) override;
    Answer read(const std::string& client, Expects expects) override;
    Status set_protocol(int version) override;
    std::optional<std::vector<std::string>> take_events() override;
    std::optional<std::vector<std::string>> take_effects() override;
    Status show_events(const std::string& classes) override;
    Status configure(const std::string& name, const std::string& value) override;
    void advance(int64_t milliseconds) override;
    int64_t now_ms() override;
    int64_t slack_ms() const override { return 0; }

private:
    std::unique_ptr<World> world_;
};

}  // namespace millrace::transcript
