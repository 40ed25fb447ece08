// SPDX-License-Identifier: BSD-3-Clause
//
// The lower half of format_double(), for those few who show whole numbers as they show others.
//
// Threads: any.
#pragma once

#include <cstddef>

namespace millrace {

// What format_double() does, but a whole number is not written digit by digit: 100000000 is "1e+8".
size_t format_double_digits(char* out, double value);

}  // namespace millrace
