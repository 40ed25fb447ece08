// SPDX-License-Identifier: BSD-3-Clause
//
// GEOSEARCH, GEOSEARCHSTORE and the older GEORADIUS, GEORADIUS_RO, GEORADIUSBYMEMBER,
// GEORADIUSBYMEMBER_RO: places inside a shape.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/token.h"
#include "commands/support/place_search.h"
#include "commands/support/places.h"
#include "commands/support/sorted_sets.h"
#include "engine/command.h"
#include "engine/key_positions.h"

namespace millrace::commands::geo::searching {
namespace {

using namespace engine;
using namespace support;
using values::ScoredMember;
using values::SortedSet;
using Centre = PlaceSearchForm::Centre;

Status geosearch(Call& call);
Status geosearchstore(Call& call);
Status georadius(Call& call);
Status georadius_ro(Call& call);
Status georadiusbymember(Call& call);
Status georadiusbymember_ro(Call& call);

constexpr KeySpec kGeosearchKeys[] = {{.first = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kGeosearchFromFromlonlatArgs[] = {
    {"longitude", ArgType::Double},
    {"latitude", ArgType::Double},
};
constexpr Arg kGeosearchFromArgs[] = {
    {.name = "member", .type = ArgType::String, .token = "FROMMEMBER"},
    {.name = "fromlonlat",
     .type = ArgType::Block,
     .token = "FROMLONLAT",
     .children = kGeosearchFromFromlonlatArgs},
};
constexpr Arg kGeosearchByCircleUnitArgs[] = {
    {.name = "m", .type = ArgType::PureToken, .token = "M"},
    {.name = "km", .type = ArgType::PureToken, .token = "KM"},
    {.name = "ft", .type = ArgType::PureToken, .token = "FT"},
    {.name = "mi", .type = ArgType::PureToken, .token = "MI"},
};
constexpr Arg kGeosearchByCircleArgs[] = {
    {.name = "radius", .type = ArgType::Double, .token = "BYRADIUS"},
    {.name = "unit", .type = ArgType::OneOf, .children = kGeosearchByCircleUnitArgs},
};
constexpr Arg kGeosearchByBoxArgs[] = {
    {.name = "width", .type = ArgType::Double, .token = "BYBOX"},
    {"height", ArgType::Double},
    {.name = "unit", .type = ArgType::OneOf, .children = kGeosearchByCircleUnitArgs},
};
constexpr Arg kGeosearchByPolygonArgs[] = {
    {.name = "num-vertices", .type = ArgType::Integer, .token = "BYPOLYGON"},
    {.name = "vertices",
     .type = ArgType::Block,
     .flags = kMultiple,
     .children = kGeosearchFromFromlonlatArgs},
};
constexpr Arg kGeosearchByArgs[] = {
    {.name = "circle", .type = ArgType::Block, .children = kGeosearchByCircleArgs},
    {.name = "box", .type = ArgType::Block, .children = kGeosearchByBoxArgs},
    {.name = "polygon",
     .type = ArgType::Block,
     .children = kGeosearchByPolygonArgs,
     .since = "9.0.0"},
};
constexpr Arg kGeosearchOrderArgs[] = {
    {.name = "asc", .type = ArgType::PureToken, .token = "ASC"},
    {.name = "desc", .type = ArgType::PureToken, .token = "DESC"},
};
constexpr Arg kGeosearchCountBlockArgs[] = {
    {.name = "count", .type = ArgType::Integer, .token = "COUNT"},
    {.name = "any", .type = ArgType::PureToken, .token = "ANY", .flags = kOptional},
};
constexpr Arg kGeosearchArgs[] = {
    {"key", ArgType::Key, 0},
    {.name = "from", .type = ArgType::OneOf, .flags = kOptional, .children = kGeosearchFromArgs},
    {.name = "by", .type = ArgType::OneOf, .children = kGeosearchByArgs},
    {.name = "order", .type = ArgType::OneOf, .flags = kOptional, .children = kGeosearchOrderArgs},
    {.name = "count-block",
     .type = ArgType::Block,
     .flags = kOptional,
     .children = kGeosearchCountBlockArgs},
    {.name = "withcoord", .type = ArgType::PureToken, .token = "WITHCOORD", .flags = kOptional},
    {.name = "withdist", .type = ArgType::PureToken, .token = "WITHDIST", .flags = kOptional},
    {.name = "withhash", .type = ArgType::PureToken, .token = "WITHHASH", .flags = kOptional},
};
constexpr HistoryEntry kGeosearchHistory[] = {
    {"7.0.0", "Units may be in upper case."},
    {"9.0.0", "New option `BYPOLYGON`."},
};
constexpr KeySpec kGeosearchstoreKeys[] = {{.first = 1, .flags = kOW | kKeyUpdate},
                                           {.first = 2, .flags = kRO | kKeyAccess}};
constexpr Arg kGeosearchstoreArgs[] = {
    {"destination", ArgType::Key, 0},
    {"source", ArgType::Key, 1},
    {.name = "from", .type = ArgType::OneOf, .flags = kOptional, .children = kGeosearchFromArgs},
    {.name = "by", .type = ArgType::OneOf, .children = kGeosearchByArgs},
    {.name = "order", .type = ArgType::OneOf, .flags = kOptional, .children = kGeosearchOrderArgs},
    {.name = "count-block",
     .type = ArgType::Block,
     .flags = kOptional,
     .children = kGeosearchCountBlockArgs},
    {.name = "storedist", .type = ArgType::PureToken, .token = "STOREDIST", .flags = kOptional},
};
constexpr KeySpec kGeoradiusKeys[] = {{.first = 1, .flags = kRO | kKeyAccess},
                                      {.search = KeySearch::Keyword,
                                       .keyword = "STORE",
                                       .keyword_from = 6,
                                       .flags = kOW | kKeyUpdate | kKeyVariableFlags},
                                      {.search = KeySearch::Keyword,
                                       .keyword = "STOREDIST",
                                       .keyword_from = 6,
                                       .flags = kOW | kKeyUpdate | kKeyVariableFlags}};
constexpr Arg kGeoradiusCountBlockArgs[] = {
    {.name = "count", .type = ArgType::Integer, .token = "COUNT"},
    {.name = "any",
     .type = ArgType::PureToken,
     .token = "ANY",
     .flags = kOptional,
     .since = "6.2.0"},
};
constexpr Arg kGeoradiusStoreArgs[] = {
    {.name = "storekey", .type = ArgType::Key, .key_spec = 1, .token = "STORE", .display = "key"},
    {.name = "storedistkey",
     .type = ArgType::Key,
     .key_spec = 2,
     .token = "STOREDIST",
     .display = "key"},
};
constexpr Arg kGeoradiusArgs[] = {
    {"key", ArgType::Key, 0},
    {"longitude", ArgType::Double},
    {"latitude", ArgType::Double},
    {"radius", ArgType::Double},
    {.name = "unit", .type = ArgType::OneOf, .children = kGeosearchByCircleUnitArgs},
    {.name = "withcoord", .type = ArgType::PureToken, .token = "WITHCOORD", .flags = kOptional},
    {.name = "withdist", .type = ArgType::PureToken, .token = "WITHDIST", .flags = kOptional},
    {.name = "withhash", .type = ArgType::PureToken, .token = "WITHHASH", .flags = kOptional},
    {.name = "count-block",
     .type = ArgType::Block,
     .flags = kOptional,
     .children = kGeoradiusCountBlockArgs},
    {.name = "order", .type = ArgType::OneOf, .flags = kOptional, .children = kGeosearchOrderArgs},
    {.name = "store", .type = ArgType::OneOf, .flags = kOptional, .children = kGeoradiusStoreArgs},
};
constexpr HistoryEntry kGeoradiusHistory[] = {
    {"6.2.0", "New option `ANY` of `COUNT`."},
    {"7.0.0", "Units may be in upper case."},
};
constexpr Arg kGeoradiusRoArgs[] = {
    {"key", ArgType::Key, 0},
    {"longitude", ArgType::Double},
    {"latitude", ArgType::Double},
    {"radius", ArgType::Double},
    {.name = "unit", .type = ArgType::OneOf, .children = kGeosearchByCircleUnitArgs},
    {.name = "withcoord", .type = ArgType::PureToken, .token = "WITHCOORD", .flags = kOptional},
    {.name = "withdist", .type = ArgType::PureToken, .token = "WITHDIST", .flags = kOptional},
    {.name = "withhash", .type = ArgType::PureToken, .token = "WITHHASH", .flags = kOptional},
    {.name = "count-block",
     .type = ArgType::Block,
     .flags = kOptional,
     .children = kGeoradiusCountBlockArgs},
    {.name = "order", .type = ArgType::OneOf, .flags = kOptional, .children = kGeosearchOrderArgs},
};
constexpr KeySpec kGeoradiusbymemberKeys[] = {{.first = 1, .flags = kRO | kKeyAccess},
                                              {.search = KeySearch::Keyword,
                                               .keyword = "STORE",
                                               .keyword_from = 5,
                                               .flags = kOW | kKeyUpdate | kKeyVariableFlags},
                                              {.search = KeySearch::Keyword,
                                               .keyword = "STOREDIST",
                                               .keyword_from = 5,
                                               .flags = kOW | kKeyUpdate | kKeyVariableFlags}};
constexpr Arg kGeoradiusbymemberArgs[] = {
    {"key", ArgType::Key, 0},
    {"member", ArgType::String},
    {"radius", ArgType::Double},
    {.name = "unit", .type = ArgType::OneOf, .children = kGeosearchByCircleUnitArgs},
    {.name = "withcoord", .type = ArgType::PureToken, .token = "WITHCOORD", .flags = kOptional},
    {.name = "withdist", .type = ArgType::PureToken, .token = "WITHDIST", .flags = kOptional},
    {.name = "withhash", .type = ArgType::PureToken, .token = "WITHHASH", .flags = kOptional},
    {.name = "count-block",
     .type = ArgType::Block,
     .flags = kOptional,
     .children = kGeosearchCountBlockArgs},
    {.name = "order", .type = ArgType::OneOf, .flags = kOptional, .children = kGeosearchOrderArgs},
    {.name = "store", .type = ArgType::OneOf, .flags = kOptional, .children = kGeoradiusStoreArgs},
};
constexpr Arg kGeoradiusbymemberRoArgs[] = {
    {"key", ArgType::Key, 0},
    {"member", ArgType::String},
    {"radius", ArgType::Double},
    {.name = "unit", .type = ArgType::OneOf, .children = kGeosearchByCircleUnitArgs},
    {.name = "withcoord", .type = ArgType::PureToken, .token = "WITHCOORD", .flags = kOptional},
    {.name = "withdist", .type = ArgType::PureToken, .token = "WITHDIST", .flags = kOptional},
    {.name = "withhash", .type = ArgType::PureToken, .token = "WITHHASH", .flags = kOptional},
    {.name = "count-block",
     .type = ArgType::Block,
     .flags = kOptional,
     .children = kGeosearchCountBlockArgs},
    {.name = "order", .type = ArgType::OneOf, .flags = kOptional, .children = kGeosearchOrderArgs},
};

// Of several STORE and STOREDIST the last one counts; `from` is where options begin.
void find_place_keys(std::span<const std::string_view> arguments, size_t from,
                     KeyPositions& found) {
    found.add(1, kRO | kKeyAccess);
    size_t stored_at = 0;
    for (size_t at = from; at + 1 < arguments.size(); ++at) {
        const bool stores =
            is_token(arguments[at], "STORE") || is_token(arguments[at], "STOREDIST");
        if (stores) stored_at = ++at;
    }
    if (stored_at != 0) found.add(static_cast<int>(stored_at), kOW | kKeyUpdate);
}

bool find_georadius_keys(std::span<const std::string_view> arguments, KeyPositions& found) {
    find_place_keys(arguments, 6, found);
    return true;
}

bool find_georadiusbymember_keys(std::span<const std::string_view> arguments, KeyPositions& found) {
    find_place_keys(arguments, 5, found);
    return true;
}

constexpr CommandSpec kCommands[] = {
    {.name = "GEOSEARCH",
     .summary = "Finds the places inside a circle, a box or a polygon.",
     .since = "6.2.0",
     .group = Group::Geo,
     .complexity = "O(N+log(M)), N being the places in the bounding box, M those in the shape.",
     .arity = -7,
     .flags = kReadOnly,
     .keys = kGeosearchKeys,
     .args = kGeosearchArgs,
     .history = kGeosearchHistory,
     .run = geosearch},
    {.name = "GEOSEARCHSTORE",
     .summary = "Stores the places inside a circle, a box or a polygon.",
     .since = "6.2.0",
     .group = Group::Geo,
     .complexity = "O(N+log(M)), N being the places in the bounding box, M those in the shape.",
     .arity = -8,
     .flags = kWrite | kDenyOom,
     .keys = kGeosearchstoreKeys,
     .args = kGeosearchstoreArgs,
     .history = kGeosearchHistory,
     .run = geosearchstore},
    {.name = "GEORADIUS",
     .summary = "Finds the places around a point, and stores them if wanted.",
     .since = "3.2.0",
     .group = Group::Geo,
     .complexity = "O(N+log(M)), N being the places in the bounding box, M those in the index.",
     .arity = -6,
     .flags = kWrite | kDenyOom,
     .keys = kGeoradiusKeys,
     .args = kGeoradiusArgs,
     .history = kGeoradiusHistory,
     .find_keys = find_georadius_keys,
     .run = georadius},
    {.name = "GEORADIUS_RO",
     .summary = "Finds the places around a point.",
     .since = "3.2.10",
     .group = Group::Geo,
     .complexity = "O(N+log(M)), N being the places in the bounding box, M those in the index.",
     .arity = -6,
     .flags = kReadOnly,
     .keys = kGeosearchKeys,
     .args = kGeoradiusRoArgs,
     .history = kGeoradiusHistory,
     .run = georadius_ro},
    {.name = "GEORADIUSBYMEMBER",
     .summary = "Finds the places around one of them, and stores them if wanted.",
     .since = "3.2.0",
     .group = Group::Geo,
     .complexity = "O(N+log(M)), N being the places in the bounding box, M those in the index.",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .keys = kGeoradiusbymemberKeys,
     .args = kGeoradiusbymemberArgs,
     .history = kGeoradiusHistory,
     .find_keys = find_georadiusbymember_keys,
     .run = georadiusbymember},
    {.name = "GEORADIUSBYMEMBER_RO",
     .summary = "Finds the places around one of them.",
     .since = "3.2.10",
     .group = Group::Geo,
     .complexity = "O(N+log(M)), N being the places in the bounding box, M those in the index.",
     .arity = -5,
     .flags = kReadOnly,
     .keys = kGeosearchKeys,
     .args = kGeoradiusbymemberRoArgs,
     .history = kGeoradiusHistory,
     .run = georadiusbymember_ro},
};

void reply_found(Call& call, const PlaceSearch& search, const std::vector<FoundPlace>& found) {
    const size_t shown =
        (search.with_distance ? 1 : 0) + (search.with_hash ? 1 : 0) + (search.with_place ? 1 : 0);
    ReplyWriter& reply = call.reply();
    reply.array(found.size());
    for (const FoundPlace& place : found) {
        if (shown > 0) reply.array(shown + 1);
        reply.bulk(place.member);
        if (search.with_distance) reply_distance(call, place.distance / search.unit);
        if (search.with_hash) reply.integer(static_cast<int64_t>(place.score));
        if (search.with_place) reply_place(call, place.point);
    }
}

void store_found(Call& call, const PlaceSearchForm& form, const PlaceSearch& search,
                 const std::vector<FoundPlace>& found) {
    std::vector<ScoredMember> elements;
    elements.reserve(found.size());
    for (const FoundPlace& place : found) {
        elements.push_back(
            {search.store_distances ? place.distance / search.unit : place.score, place.member});
    }
    std::sort(elements.begin(), elements.end());
    store_elements(call, search.store_at, form.stores ? "geosearchstore" : "georadiusstore",
                   elements, elements.size());
}

Status run(Call& call, const PlaceSearchForm& form) {
    const SortedSet* set = TRY(call.read<SortedSet>(form.key_at));
    const PlaceSearch search = TRY(parse_place_search(call, form, set));
    Arena texts;
    std::vector<FoundPlace> found;
    if (set != nullptr) found = find_places(*set, search, texts);
    if (search.store_at != 0)
        store_found(call, form, search, found);
    else
        reply_found(call, search, found);
    return done();
}

Status geosearch(Call& call) {
    return run(call, {.centre = Centre::Option});
}

Status geosearchstore(Call& call) {
    return run(call, {.centre = Centre::Option, .key_at = 2, .stores = true});
}

Status georadius(Call& call) {
    return run(call, {.centre = Centre::Place, .may_store = true});
}

Status georadius_ro(Call& call) {
    return run(call, {.centre = Centre::Place});
}

Status georadiusbymember(Call& call) {
    return run(call, {.centre = Centre::Member, .may_store = true});
}

Status georadiusbymember_ro(Call& call) {
    return run(call, {.centre = Centre::Member});
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::geo::searching
