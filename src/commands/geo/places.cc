// SPDX-License-Identifier: BSD-3-Clause
//
// GEOADD, GEODIST, GEOHASH, GEOPOS: places in an index, which is a sorted set with geohashes of 52
// bits as scores.

#include "commands/support/places.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "commands/support/scores.h"
#include "commands/support/text.h"
#include "engine/command.h"
#include "structures/geohash.h"

namespace millrace::commands::geo::places {
namespace {

using namespace engine;
using namespace support;
using structures::GeoPoint;
using values::ScoredMember;
using values::SortedSet;

Status geoadd(Call& call);
Status geodist(Call& call);
Status geohash(Call& call);
Status geopos(Call& call);

constexpr KeySpec kGeoaddKeys[] = {{.first = 1, .flags = kRW | kKeyUpdate}};
constexpr Arg kGeoaddConditionArgs[] = {
    {.name = "nx", .type = ArgType::PureToken, .token = "NX"},
    {.name = "xx", .type = ArgType::PureToken, .token = "XX"},
};
constexpr Arg kGeoaddDataArgs[] = {
    {"longitude", ArgType::Double},
    {"latitude", ArgType::Double},
    {"member", ArgType::String},
};
constexpr Arg kGeoaddArgs[] = {
    {"key", ArgType::Key, 0},
    {.name = "condition",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kGeoaddConditionArgs,
     .since = "6.2.0"},
    {.name = "change",
     .type = ArgType::PureToken,
     .token = "CH",
     .flags = kOptional,
     .since = "6.2.0"},
    {.name = "data", .type = ArgType::Block, .flags = kMultiple, .children = kGeoaddDataArgs},
};
constexpr HistoryEntry kGeoaddHistory[] = {
    {"6.2.0", "New options `CH`, `NX` and `XX`."},
};
constexpr KeySpec kGeodistKeys[] = {{.first = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kGeodistUnitArgs[] = {
    {.name = "m", .type = ArgType::PureToken, .token = "M"},
    {.name = "km", .type = ArgType::PureToken, .token = "KM"},
    {.name = "ft", .type = ArgType::PureToken, .token = "FT"},
    {.name = "mi", .type = ArgType::PureToken, .token = "MI"},
};
constexpr Arg kGeodistArgs[] = {
    {"key", ArgType::Key, 0},
    {"member1", ArgType::String},
    {"member2", ArgType::String},
    {.name = "unit", .type = ArgType::OneOf, .flags = kOptional, .children = kGeodistUnitArgs},
};
constexpr Arg kGeohashArgs[] = {
    {"key", ArgType::Key, 0},
    {.name = "member", .type = ArgType::String, .flags = kOptional | kMultiple},
};

constexpr CommandSpec kCommands[] = {
    {.name = "GEOADD",
     .summary = "Adds places with longitude and latitude to an index.",
     .since = "3.2.0",
     .group = Group::Geo,
     .complexity = "O(log(N)) for each place, N being the elements of the sorted set.",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .keys = kGeoaddKeys,
     .args = kGeoaddArgs,
     .history = kGeoaddHistory,
     .run = geoadd},
    {.name = "GEODIST",
     .summary = "Measures the distance between two places.",
     .since = "3.2.0",
     .group = Group::Geo,
     .complexity = "O(1)",
     .arity = -4,
     .flags = kReadOnly,
     .keys = kGeodistKeys,
     .args = kGeodistArgs,
     .element = 2,
     .run = geodist},
    {.name = "GEOHASH",
     .summary = "Tells the geohashes of places.",
     .since = "3.2.0",
     .group = Group::Geo,
     .complexity = "O(1) for each place.",
     .arity = -2,
     .flags = kReadOnly,
     .keys = kGeodistKeys,
     .args = kGeohashArgs,
     .element = 2,
     .run = geohash},
    {.name = "GEOPOS",
     .summary = "Tells longitude and latitude of places.",
     .since = "3.2.0",
     .group = Group::Geo,
     .complexity = "O(1) for each place.",
     .arity = -2,
     .flags = kReadOnly,
     .keys = kGeodistKeys,
     .args = kGeohashArgs,
     .element = 2,
     .run = geopos},
};

// The words are those of ZADD with geohashes for longitudes and latitudes.
void propagate(Call& call, size_t first, const std::vector<ScoredMember>& elements) {
    if (!call.propagates()) return;
    std::vector<std::string> scores;
    scores.reserve(elements.size());
    std::vector<std::string_view> words = {"ZADD"};
    for (size_t at = 1; at < first; ++at) words.push_back(call.arg(at));
    for (const ScoredMember& element : elements) {
        scores.emplace_back(IntegerText(static_cast<int64_t>(element.score)).view());
        words.push_back(scores.back());
        words.push_back(element.member);
    }
    call.propagate_as(words);
}

Status geoadd(Call& call) {
    ScoreOptions options;
    size_t first = 2;
    for (; first < call.count(); ++first) {
        if (call.arg_is(first, "NX")) {
            options.only_missing = true;
        } else if (call.arg_is(first, "XX")) {
            options.only_existing = true;
        } else if (call.arg_is(first, "CH")) {
            options.count_changed = true;
        } else {
            break;
        }
    }
    const bool both = options.only_missing && options.only_existing;
    if ((call.count() - first) % 3 != 0 || both) return errors::kSyntax;
    std::vector<ScoredMember> elements;
    for (size_t at = first; at < call.count(); at += 3) {
        const GeoPoint point = TRY(parse_place(call, at));
        elements.push_back({static_cast<double>(structures::geo_place(point)), call.arg(at + 2)});
    }
    // Compat: without any place it is a ZADD without any score.
    if (elements.empty()) return errors::kSyntax;
    const uint64_t changes_before = call.engine().counters().dirty;
    TRY(put_scores(call, options, elements));
    if (call.engine().counters().dirty != changes_before) propagate(call, first, elements);
    return done();
}

Status geodist(Call& call) {
    if (call.count() > 5) return errors::kSyntax;
    const double metres = call.count() == 5 ? TRY(parse_unit(call, 4)) : 1;
    const SortedSet* set = TRY(call.read<SortedSet>(1));
    const auto from = place_of(set, call.arg(2));
    const auto to = place_of(set, call.arg(3));
    if (from && to)
        reply_distance(call, structures::geo_distance(*from, *to) / metres);
    else
        call.reply().null();
    return done();
}

Status geohash(Call& call) {
    const SortedSet* set = TRY(call.read<SortedSet>(1));
    call.reply().array(call.count() - 2);
    for (size_t at = 2; at < call.count(); ++at) {
        const auto point = place_of(set, call.arg(at));
        if (!point) {
            call.reply().null();
            continue;
        }
        const auto text = structures::geohash_text(*point);
        call.reply().bulk({text.data(), text.size()});
    }
    return done();
}

Status geopos(Call& call) {
    const SortedSet* set = TRY(call.read<SortedSet>(1));
    call.reply().array(call.count() - 2);
    for (size_t at = 2; at < call.count(); ++at) {
        const auto point = place_of(set, call.arg(at));
        if (point)
            reply_place(call, *point);
        else
            call.reply().null_array();
    }
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::geo::places
