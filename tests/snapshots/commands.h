// SPDX-License-Identifier: BSD-3-Clause
//
// Random commands on few keys: all types, all ways for a key to change, move and go.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "target.h"
#include "world.h"

namespace millrace::test {

class RandomCommands {
public:
    RandomCommands(transcript::World& world, uint64_t seed, int keys)
        : world_(world), random_(seed), keys_(keys) {}

    // Runs one; some fail, for lack of a key or because it is of another type.
    void run();
    // Some of each kind, large ones too.
    void fill();
    uint64_t below(uint64_t limit) { return random_() % limit; }

private:
    std::string key();
    std::string text();
    std::string number(uint64_t limit) { return std::to_string(below(limit)); }
    std::vector<std::string> on_strings();
    std::vector<std::string> on_collections();
    std::vector<std::string> on_streams();
    std::vector<std::string> on_keys();
    std::vector<std::string> on_databases();
    void send(std::vector<std::string> words);

    transcript::World& world_;
    std::mt19937_64 random_;
    const int keys_;
};

}  // namespace millrace::test
