// SPDX-License-Identifier: BSD-3-Clause
//
// What the geo commands share: coordinates, units and places, in requests and in replies.
//
// Threads: main thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "engine/call.h"
#include "structures/geohash.h"
#include "values/sorted_set.h"

namespace millrace::commands::support {

// Longitude and latitude at arguments `at` and after it.
Result<structures::GeoPoint> parse_place(const engine::Call& call, size_t at);

// The metres that a unit has.
Result<double> parse_unit(const engine::Call& call, size_t at);

// Where a member is; none if it is missing, or the whole index is (null).
std::optional<structures::GeoPoint> place_of(const values::SortedSet* set, std::string_view member);

void reply_place(engine::Call& call, const structures::GeoPoint& point);
// With four digits behind the point.
void reply_distance(engine::Call& call, double distance);

}  // namespace millrace::commands::support
