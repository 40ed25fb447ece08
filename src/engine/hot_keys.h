// SPDX-License-Identifier: BSD-3-Clause
//
// Which keys are used most: by calls, by the time that commands on them take, by the bytes that are
// read from them and written to them.
//
// One command of about kGapMost is looked at, chosen at random, and stands for all until the next
// one. Where there are few commands more of them are looked at, up to all. Commands that take a
// millisecond or longer are rare enough to miss, and heavy enough to matter: their time and their
// bytes are counted in full.
//
//     batch of commands ── choose() ──► none, mostly: nothing else happens
//                              └──────► one: HotKeys::Sample around it
//
// Counts are collected for a window of `hotkey-window-seconds`; what is told is the last complete
// one. A command on several keys shares its time and bytes among them. What runs inside of EXEC is
// counted as one call each when it is queued, and what runs inside of scripts by the keys that the
// script was given.
//
// Owner:   the engine.
// Threads: main thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/key_positions.h"
#include "engine/request.h"
#include "engine/settings.h"
#include "keyspace/big_keys.h"
#include "structures/heavy_hitters.h"

namespace millrace::engine {

class Engine;
class Session;

enum class KeyMeasure : uint8_t { Calls, Time, Read, Written };

class HotKeys {
public:
    static constexpr size_t kMeasures = 4;
    static constexpr size_t kKeysMax = 64;
    static constexpr uint64_t kGapMost = 128;
    // With more samples in a window than this every kGapMost-th command is enough.
    static constexpr uint64_t kSamplesWanted = 2000;

    using Amounts = std::array<uint64_t, kMeasures>;  // By KeyMeasure; time in nanoseconds.

    // What the last complete window has seen.
    struct Item {
        std::string key;
        int db = 0;
        uint64_t amount = 0;  // Of the whole window; 0: no more keys follow.
    };
    struct Window {
        std::array<std::vector<Item>, kMeasures> top;  // keys_shown(), the largest amounts first.
        Amounts total{};                               // Of all commands, those without keys too.
        uint64_t samples = 0;
        uint64_t slow_commands = 0;  // Those counted in full.
        int64_t milliseconds = 0;
    };

    explicit HotKeys(Engine& engine);

    void configure(const Settings& settings);
    bool enabled() const { return keys_shown_ > 0; }
    size_t keys_shown() const { return keys_shown_; }

    // Which of the next `count` commands is to be looked at; `count` for none.
    size_t choose(size_t count) {
        if (left_ >= count) [[likely]] {
            left_ -= count;
            return count;
        }
        const auto chosen = static_cast<size_t>(left_);
        left_ = next_gap(count - chosen);
        return chosen;
    }

    // Looks at one command while it runs.
    class Sample {
    public:
        Sample(HotKeys& keys, const Request& request);
        ~Sample();
        Sample(const Sample&) = delete;
        Sample& operator=(const Sample&) = delete;

    private:
        HotKeys& keys_;
        const Request& request_;
        int db_ = -1;  // No sample.
        uint64_t weight_ = 0;
        uint64_t produced_ = 0;
        uint64_t begin_ = 0;
    };

    // A command of kSlowNs and more has run.
    static constexpr uint64_t kSlowNs = 1'000'000;
    void note_slow(const Session& session, const Request& request, uint64_t nanoseconds,
                   uint64_t reply_bytes);

    // Ends the window if it is time; to be called now and then.
    void refresh();
    void end_window();
    void reset();
    const Window& last() const { return last_; }
    // For one amount of last(): per second.
    uint64_t per_second(uint64_t amount) const;
    static int64_t percent(uint64_t amount, uint64_t total) {
        return total == 0 ? 0 : static_cast<int64_t>(amount * 100 / total);
    }

    keyspace::BigKeys& big_keys() { return big_keys_; }

private:
    uint64_t random();
    uint64_t next_gap(size_t passed);
    void begin_window();
    void freeze(int64_t milliseconds);
    void add(int db, const Request& request, const Amounts& amounts);

    Engine& engine_;
    size_t keys_shown_ = 0;
    int64_t window_ms_ = 0;
    uint64_t left_ = UINT64_MAX;  // Commands until the next one that is looked at.
    uint64_t weight_ = 0;         // Commands that one stands for.
    uint64_t gap_ = kGapMost;     // On average.
    uint64_t random_ = 0x9e3779b97f4a7c15;

    // The window that is under way.
    std::array<structures::HeavyHitters, kMeasures> hitters_;
    Amounts total_{};
    uint64_t samples_ = 0;
    uint64_t slow_commands_ = 0;
    uint64_t commands_before_ = 0;
    int64_t began_ms_ = 0;

    Window last_;
    keyspace::BigKeys big_keys_;
    KeyPositions positions_;  // Kept for its memory only.
};

}  // namespace millrace::engine
