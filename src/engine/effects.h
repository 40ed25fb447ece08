// SPDX-License-Identifier: BSD-3-Clause
//
// What changed the data, as commands: the stream that the AOF, replicas and slot migrations will
// carry.
//
// A *unit* is what happens atomically: one command, one EXEC, one script. The effects of a unit of
// several commands are handed on between MULTI and EXEC. Commands are recorded as they must be
// replayed: with absolute expiry times, with what random choices came to, and a key whose time is
// over as a DEL.
//
// Nothing is recorded while nobody listens, so a server without AOF and replicas pays one test a
// command.
//
// Owner:   the engine.
// Threads: main thread. Sinks get each unit whole and copy what they need.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"

namespace millrace::engine {

struct Effect {
    int db;
    std::span<const std::string_view> words;
    // A message rather than a change (PUBLISH): replicas get it, the AOF does not.
    bool for_replicas_only = false;
};

class EffectSink {
public:
    virtual ~EffectSink() = default;
    // One unit, in order. More than one effect is a transaction.
    virtual void on_unit(std::span<const Effect> effects) = 0;
};

class Effects {
public:
    void add_sink(EffectSink* sink) { sinks_.push_back(sink); }
    void remove_sink(EffectSink* sink) { std::erase(sinks_, sink); }
    bool wanted() const { return !sinks_.empty(); }

    // Notes one effect of the current unit; the words are copied.
    void record(int db, std::span<const std::string_view> words, bool for_replicas_only = false);
    void record(int db, std::initializer_list<std::string_view> words) {
        record(db, std::span<const std::string_view>(words.begin(), words.size()));
    }
    // What scripts say about the effects that follow; reset when the unit ends.
    void set_muted(bool muted) { muted_ = muted; }
    void set_for_replicas_only(bool only) { for_replicas_only_ = only; }
    // Ends the unit: hands what was recorded to the sinks.
    void end_unit();

private:
    struct Recorded {
        int db;
        size_t first_word;
        size_t word_count;
        bool for_replicas_only;
    };
    struct Stretch {
        size_t offset;
        size_t bytes;
    };
    std::vector<EffectSink*> sinks_;
    bool muted_ = false;
    bool for_replicas_only_ = false;
    std::vector<Recorded> recorded_;
    std::vector<Stretch> stretches_;
    ByteBuffer bytes_;
    // What end_unit() makes of them; kept for their memory only.
    std::vector<std::string_view> words_;
    std::vector<Effect> effects_;
};

}  // namespace millrace::engine
