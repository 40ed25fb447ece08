// SPDX-License-Identifier: BSD-3-Clause
//
// The libraries of functions, as files see them: texts.
//
// Owner:   the server, which knows who keeps them.
// Threads: main thread.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"

namespace millrace::persistence::rdb {

struct LibraryStore {
    using Visitor = std::function<void(std::string_view code)>;
    std::function<void(const Visitor&)> for_each;
    std::function<Status(std::string_view code, bool replace)> load;
    std::function<void()> clear;
};

}  // namespace millrace::persistence::rdb
