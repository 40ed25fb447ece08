// SPDX-License-Identifier: BSD-3-Clause
#include "over_socket.h"

#include <chrono>
#include <thread>
#include <utility>

namespace millrace::transcript {
namespace {

constexpr int64_t kReplyMs = 10'000;
constexpr int64_t kSilenceMs = 100;

bool is_good(const Answer& answer) {
    return answer.kind == Answer::Kind::Reply && !answer.reply.is_error();
}

}  // namespace

Status OverSocket::open() {
    (void)TRY(control_.open(host_, port_));
    const Answer info = control().ask({"INFO", "server"});
    if (is_good(info) && info.reply.text.find("millrace_version") != std::string::npos) {
        name_ = "millrace";
    }
    // Refused by servers without these settings; then there is nothing to observe.
    (void)control().ask({"CONFIG", "SET", "repl-diskless-sync-delay", "0"});
    (void)control().ask({"DEBUG", "SET-ACTIVE-EXPIRE", "0"});
    const bool has_events = event_observer_.begin(host_, port_);
    const bool has_effects = effect_observer_.begin(host_, port_);
    observes_ = has_events || has_effects;
    return done();
}

Status OverSocket::begin_file() {
    restore_settings();
    clients_.clear();
    const Answer flushed = control().ask({"FLUSHALL"});
    if (!is_good(flushed)) return Error("FLUSHALL failed: the server does not answer as it should");
    (void)show_events("A");
    (void)take_events();
    (void)take_effects();
    return done();
}

// Opened again if a transcript has killed it.
Connection& OverSocket::control() {
    if (!control_.is_open()) (void)control_.open(host_, port_);
    return control_;
}

OverSocket::Client& OverSocket::client(const std::string& name) {
    Client& found = clients_[name];
    if (!found.connection.is_open() && found.connection.open(host_, port_).ok()) {
        found.protocol = 2;
        speak(found, protocol_);
    }
    return found;
}

void OverSocket::speak(Client& client, int version) {
    if (client.protocol == version || !client.connection.is_open()) return;
    const Answer answer = client.connection.ask({"HELLO", std::to_string(version)});
    if (is_good(answer)) client.protocol = version;
}

Answer OverSocket::send(const std::string& name, const Words& words, Expects expects) {
    Client& sender = client(name);
    sender.connection.send(words);
    // The client may have spoken to the server about its protocol itself.
    if (!words.empty() && (words[0] == "HELLO" || words[0] == "RESET")) sender.protocol = 0;
    return sender.connection.receive(expects == Expects::Something ? kReplyMs : kSilenceMs);
}

Answer OverSocket::read(const std::string& name, Expects expects) {
    return clients_[name].connection.receive(expects == Expects::Something ? kReplyMs : kSilenceMs);
}

Status OverSocket::set_protocol(int version) {
    protocol_ = version;
    for (auto& [name, each] : clients_) speak(each, version);
    return done();
}

std::string OverSocket::publish_mark() {
    std::string mark = std::to_string(++marks_);
    (void)control().ask({"PUBLISH", kMarkChannel, mark});
    return mark;
}

std::optional<std::vector<std::string>> OverSocket::take_events() {
    if (!observes_) return std::nullopt;
    events_mark_ = publish_mark();
    return event_observer_.read_until(events_mark_);
}

std::optional<std::vector<std::string>> OverSocket::take_effects() {
    if (!observes_) return std::nullopt;
    return effect_observer_.read_until(events_mark_);
}

Status OverSocket::show_events(const std::string& classes) {
    return configure("notify-keyspace-events", "E" + classes);
}

Status OverSocket::configure(const std::string& name, const std::string& value) {
    const Answer before = control().ask({"CONFIG", "GET", name});
    if (is_good(before) && before.reply.parts.size() == 2) {
        settings_before_.emplace(name, before.reply.parts[1].text);
    }
    const Answer answer = control().ask({"CONFIG", "SET", name, value});
    if (is_good(answer)) return done();
    return Error("CONFIG SET " + name + ": " + answer.reply.text);
}

void OverSocket::restore_settings() {
    for (const auto& [name, value] : settings_before_) {
        (void)control().ask({"CONFIG", "SET", name, value});
    }
    settings_before_.clear();
}

void OverSocket::advance(int64_t milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

int64_t OverSocket::now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace millrace::transcript
