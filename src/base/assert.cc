// SPDX-License-Identifier: BSD-3-Clause
#include "base/assert.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace millrace {
namespace {
std::atomic<AssertionHandler> installed_handler{nullptr};
}

void set_assertion_handler(AssertionHandler handler) {
    installed_handler.store(handler);
}

void assertion_failed(const char* condition, const char* file, int line) {
    if (AssertionHandler handler = installed_handler.load()) handler(condition, file, line);
    std::fprintf(stderr, "ASSERTION FAILED: %s at %s:%d\n", condition, file, line);
    std::abort();
}

}  // namespace millrace
