// SPDX-License-Identifier: BSD-3-Clause
//
// What the log says of values that are damaged, in the words that tools and tests look for.
//
// Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "persistence/rdb/format.h"

namespace millrace::persistence::rdb {

// What a reader of values finds wrong; others are sentences of their own.
inline constexpr std::string_view kTwice = "an element that stands twice";
inline constexpr std::string_view kBadBlob = "a damaged blob";
inline constexpr std::string_view kNanScore = "a score that is no number";
inline constexpr std::string_view kConsumerTwice = "a consumer that stands twice";
inline constexpr std::string_view kPendingTwice = "a pending entry that stands twice";

// What is wrong, for the log.
std::string damage_text(Type type, std::string_view what);

}  // namespace millrace::persistence::rdb
