// SPDX-License-Identifier: BSD-3-Clause
//
// What the fuzz targets of collections share: words, few different ones, so that they meet again,
// and of every kind that a collection keeps in its own way; and how a model is led through its
// steps.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "base/bytes.h"

namespace millrace::values {

inline std::string fuzzed_word(ByteReader& input) {
    const uint8_t what = input.read_byte();
    const std::string number = std::to_string(what / 8);
    switch (what % 8) {
        case 0:
            return number;
        case 1:
            return std::to_string(std::numeric_limits<int64_t>::max() - what / 8);
        case 2:
            return "-" + std::to_string(uint64_t{1} << (what / 8 % 62));
        case 3:
            return "0" + number;  // Looks like a number and is none.
        case 4:
            return std::string(what / 8, 'x');
        case 5:
            return std::string(60 + what / 8, 'y');
        case 6:
            return "m" + std::to_string(input.read_little_endian<uint16_t>() % 512);
        default:
            return std::string(input.read_bytes(what / 8 < input.left() ? what / 8 : 0));
    }
}

// The first byte makes the model, the others are its steps; after each it checks itself.
template <typename Model>
void run_fuzzed_steps(ByteReader input) {
    constexpr int kStepsMax = 200;
    Model model(input.read_byte());
    for (int steps = 0; !input.at_end() && steps < kStepsMax; ++steps) {
        model.step(input);
        model.check();
    }
}

}  // namespace millrace::values
