// SPDX-License-Identifier: BSD-3-Clause
//
// Any server behind a socket: Valkey, which proves the transcripts, or Millrace itself.
//
// Threads: one.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connection.h"
#include "observers.h"
#include "target.h"

namespace millrace::transcript {

class OverSocket final : public Target {
public:
    OverSocket(std::string host, int port) : host_(std::move(host)), port_(port) {}

    Status open();

    std::string_view name() const override { return name_; }
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
    int64_t slack_ms() const override { return 3000; }

private:
    // A connection and the version it speaks.
    struct Client {
        Connection connection;
        int protocol = 2;
    };

    Connection& control();
    Client& client(const std::string& name);
    void speak(Client& client, int version);
    void restore_settings();
    // Publishes a mark that both observers must have seen to have seen everything before.
    std::string publish_mark();

    std::string host_;
    int port_;
    std::string name_ = "valkey";
    Connection control_;
    EventObserver event_observer_;
    EffectObserver effect_observer_;
    bool observes_ = false;
    std::string events_mark_;  // Published, not read yet.
    int marks_ = 0;
    std::map<std::string, Client> clients_;
    std::map<std::string, std::string> settings_before_;
    int protocol_ = 2;
};

}  // namespace millrace::transcript
