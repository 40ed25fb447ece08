// SPDX-License-Identifier: BSD-3-Clause
#include "in_process.h"

#include <utility>

#include "world.h"

namespace millrace::transcript {

InProcess::InProcess() = default;
InProcess::~InProcess() = default;

Status InProcess::begin_file() {
    world_.reset();
    world_ = std::make_unique<World>();
    return show_events("A");
}

Answer InProcess::send(const std::string& client, const Words& words, Expects) {
    return world_->send(client, words);
}

Answer InProcess::read(const std::string& client, Expects) {
    return world_->read(client);
}

Status InProcess::set_protocol(int version) {
    world_->set_protocol(version);
    return done();
}

std::optional<std::vector<std::string>> InProcess::take_events() {
    return std::exchange(world_->events, {});
}

std::optional<std::vector<std::string>> InProcess::take_effects() {
    return std::exchange(world_->effects, {});
}

Status InProcess::show_events(const std::string& classes) {
    world_->event_classes = TRY(engine::parse_event_classes(classes));
    return done();
}

Status InProcess::configure(const std::string& name, const std::string& value) {
    return world_->configure(name, value);
}

void InProcess::advance(int64_t milliseconds) {
    world_->advance(milliseconds);
}

int64_t InProcess::now_ms() {
    return world_->now_ms();
}

}  // namespace millrace::transcript
