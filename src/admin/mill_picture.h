// SPDX-License-Identifier: BSD-3-Clause
//
// LOLWUT's picture: a water wheel, fed by a race from the left, in characters.
//
// Threads: any; touches only its arguments.
// Limits:  at most 1,000 columns and rows.
#pragma once

#include <cstdint>
#include <string>

namespace millrace::admin {

// `columns` by `rows` characters, lines ended by newlines; sizes are brought into their limits.
// `turn`, from 0 to 1, is how far the wheel has moved from one spoke to the next.
std::string draw_mill(int64_t columns, int64_t rows, double turn);

}  // namespace millrace::admin
