// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/places.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "base/numbers.h"

namespace millrace::commands::support {

using namespace engine;
using structures::GeoPoint;
using values::SortedSet;

namespace {

constexpr ErrorText kBadUnit{"ERR unsupported unit provided. please use M, KM, FT, MI"};

// Compat: a bulk with up to 17 digits behind the point; in RESP3 a double of the same digits.
void reply_coordinate(Call& call, double degrees) {
    const std::string text = format_long_double_human(degrees);
    if (call.reply().protocol() == 2)
        call.reply().bulk(text);
    else
        call.reply().raw("," + text + "\r\n");
}

// Compat: scores that are no places are converted as x86-64 does it, which C++ leaves open:
// negative ones wrap, and of those that do not fit the highest bit is left or none.
uint64_t bits_of(double score) {
    constexpr double kSignedEnd = 9223372036854775808.0;  // 2^63
    if (score >= 2 * kSignedEnd) return 0;
    if (score < -kSignedEnd) return uint64_t{1} << 63;
    if (score < 0) return static_cast<uint64_t>(static_cast<int64_t>(score));
    return static_cast<uint64_t>(score);
}

}  // namespace

Result<GeoPoint> parse_place(const Call& call, size_t at) {
    const double longitude = TRY(call.number(at));
    const double latitude = TRY(call.number(at + 1));
    const GeoPoint point{longitude, latitude};
    if (!structures::is_on_map(point)) {
        return Error(
            fmt::format("ERR invalid longitude,latitude pair {:f},{:f}", longitude, latitude));
    }
    return point;
}

Result<double> parse_unit(const Call& call, size_t at) {
    if (call.arg_is(at, "M")) return 1;
    if (call.arg_is(at, "KM")) return 1000;
    if (call.arg_is(at, "FT")) return 0.3048;
    if (call.arg_is(at, "MI")) return 1609.34;
    return kBadUnit;
}

std::optional<GeoPoint> place_of(const SortedSet* set, std::string_view member) {
    if (set == nullptr) return std::nullopt;
    const auto score = set->score(member);
    if (!score) return std::nullopt;
    return structures::geo_point(bits_of(*score));
}

void reply_place(Call& call, const GeoPoint& point) {
    call.reply().array(2);
    reply_coordinate(call, point.longitude);
    reply_coordinate(call, point.latitude);
}

void reply_distance(Call& call, double distance) {
    // Scaled and rounded as a double, so that halves go where Valkey's go.
    const long long scaled = std::llrint(distance * 10000);
    const std::string_view sign = scaled < 0 ? "-" : "";
    const unsigned long long size = scaled < 0 ? 0 - static_cast<unsigned long long>(scaled)
                                               : static_cast<unsigned long long>(scaled);
    call.reply().bulk(fmt::format("{}{}.{:04}", sign, size / 10000, size % 10000));
}

}  // namespace millrace::commands::support
