// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/place_search.h"

#include <algorithm>
#include <limits>
#include <string>

#include "base/bytes.h"
#include "base/numbers.h"
#include "base/token.h"
#include "commands/support/places.h"
#include "commands/support/text.h"

namespace millrace::commands::support {

using namespace engine;
using structures::GeoCell;
using structures::GeoPoint;
using structures::GeoShape;
using values::SortedSet;

namespace {

constexpr ErrorText kBadRadius{"ERR need numeric radius"};
constexpr ErrorText kNegativeRadius{"ERR radius cannot be negative"};
constexpr ErrorText kBadWidth{"ERR need numeric width"};
constexpr ErrorText kBadHeight{"ERR need numeric height"};
constexpr ErrorText kNegativeSide{"ERR height or width cannot be negative"};
constexpr ErrorText kBadCount{"ERR COUNT must be > 0"};
constexpr ErrorText kAnyAlone{"ERR the ANY argument requires COUNT argument"};
constexpr ErrorText kBadVertexNumber{"ERR invalid number of vertices"};

class Parser {
public:
    Parser(const Call& call, const PlaceSearchForm& form, const SortedSet* set)
        : call_(call), form_(form), set_(set) {}

    Result<PlaceSearch> parse() {
        TRY(parse_fixed());
        for (; at_ < call_.count(); ++at_) TRY(parse_option());
        TRY(check());
        return std::move(search_);
    }

private:
    // What stands before the options.
    Status parse_fixed();
    Status parse_option();
    // Options of any form; those of GEOSEARCH; those that take the shape.
    bool take_flag();
    Result<bool> take_common();
    Result<bool> take_centre();
    Result<bool> take_shape();
    Status check() const;

    bool is(std::string_view word) const { return call_.arg_is(at_, word); }
    // Words behind the one at hand.
    size_t left() const { return call_.count() - at_ - 1; }
    Status centre_on(size_t at);
    Status parse_radius(size_t at);
    Status parse_box(size_t at);
    Status parse_polygon();
    // As the client wrote it.
    std::string command_name() const { return std::string(call_.arg(0)); }

    const Call& call_;
    const PlaceSearchForm& form_;
    const SortedSet* set_;
    PlaceSearch search_;
    size_t at_ = 0;
    bool from_member_ = false;
    bool from_place_ = false;
    bool by_radius_ = false;
    bool by_box_ = false;
    bool by_polygon_ = false;
};

Status Parser::centre_on(size_t at) {
    const auto point = place_of(set_, call_.arg(at));
    if (!point) {
        return Error("ERR member " + std::string(until_zero(call_.arg(at))) + " does not exist");
    }
    search_.shape.centre = *point;
    return done();
}

Status Parser::parse_radius(size_t at) {
    const auto radius = call_.number(at);
    if (!radius.ok()) return kBadRadius;
    if (*radius < 0) return kNegativeRadius;
    search_.unit = TRY(parse_unit(call_, at + 1));
    search_.shape.kind = GeoShape::Kind::Circle;
    search_.shape.radius = *radius * search_.unit;
    return done();
}

Status Parser::parse_box(size_t at) {
    const auto width = call_.number(at);
    if (!width.ok()) return kBadWidth;
    const auto height = call_.number(at + 1);
    if (!height.ok()) return kBadHeight;
    if (*width < 0 || *height < 0) return kNegativeSide;
    search_.unit = TRY(parse_unit(call_, at + 2));
    search_.shape.kind = GeoShape::Kind::Box;
    search_.shape.width = *width * search_.unit;
    search_.shape.height = *height * search_.unit;
    return done();
}

// BYPOLYGON number longitude latitude ...
Status Parser::parse_polygon() {
    constexpr int64_t kVerticesMax = std::numeric_limits<int32_t>::max();
    const auto number = parse_integer(call_.arg(at_ + 1));
    if (!number || *number > kVerticesMax) return kBadVertexNumber;
    if (*number < 3 || static_cast<size_t>(*number) * 2 > left() - 1) {
        return Error("ERR " + to_upper(call_.command().full_name()) +
                     " BYPOLYGON must have at least 3 vertices");
    }
    GeoShape& shape = search_.shape;
    shape.kind = GeoShape::Kind::Polygon;
    shape.vertices.clear();
    at_ += 2;
    for (int64_t i = 0; i < *number; ++i, at_ += 2) {
        shape.vertices.push_back(TRY(parse_place(call_, at_)));
    }
    --at_;
    shape.centre = structures::geo_middle(shape.vertices);
    search_.unit = 1;
    return done();
}

Status Parser::parse_fixed() {
    switch (form_.centre) {
        case PlaceSearchForm::Centre::Place:
            at_ = 6;
            search_.shape.centre = TRY(parse_place(call_, 2));
            return parse_radius(4);
        case PlaceSearchForm::Centre::Member:
            at_ = 5;
            if (set_ == nullptr) return done();
            TRY(centre_on(2));
            return parse_radius(3);
        case PlaceSearchForm::Centre::Option:
            at_ = form_.key_at + 1;
            if (form_.stores) search_.store_at = 1;
            break;
    }
    return done();
}

bool Parser::take_flag() {
    if (is("WITHDIST")) {
        search_.with_distance = true;
    } else if (is("WITHHASH")) {
        search_.with_hash = true;
    } else if (is("WITHCOORD")) {
        search_.with_place = true;
    } else if (is("ANY")) {
        search_.any = true;
    } else if (is("ASC")) {
        search_.order = PlaceSearch::Order::Nearest;
    } else if (is("DESC")) {
        search_.order = PlaceSearch::Order::Farthest;
    } else if (form_.stores && is("STOREDIST")) {
        search_.store_distances = true;
    } else {
        return false;
    }
    return true;
}

Result<bool> Parser::take_common() {
    if (take_flag()) return true;
    if (left() >= 1 && is("COUNT")) {
        const int64_t count = TRY(call_.integer(at_ + 1));
        if (count <= 0) return kBadCount;
        search_.count = static_cast<uint64_t>(count);
        ++at_;
        return true;
    }
    if (form_.may_store && left() >= 1 && (is("STORE") || is("STOREDIST"))) {
        search_.store_distances = is("STOREDIST");
        search_.store_at = ++at_;
        return true;
    }
    return false;
}

Result<bool> Parser::take_centre() {
    if (left() >= 1 && is("FROMMEMBER") && !from_place_ && !by_polygon_) {
        if (set_ != nullptr) TRY(centre_on(at_ + 1));
        from_member_ = true;
        ++at_;
        return true;
    }
    if (left() >= 2 && is("FROMLONLAT") && !from_member_ && !by_polygon_) {
        search_.shape.centre = TRY(parse_place(call_, at_ + 1));
        from_place_ = true;
        at_ += 2;
        return true;
    }
    return false;
}

Result<bool> Parser::take_shape() {
    if (left() >= 2 && is("BYRADIUS") && !by_box_ && !by_polygon_) {
        TRY(parse_radius(at_ + 1));
        by_radius_ = true;
        at_ += 2;
        return true;
    }
    if (left() >= 3 && is("BYBOX") && !by_radius_ && !by_polygon_) {
        TRY(parse_box(at_ + 1));
        by_box_ = true;
        at_ += 3;
        return true;
    }
    const bool has_centre = from_member_ || from_place_;
    if (left() >= 1 && is("BYPOLYGON") && !by_radius_ && !by_box_ && !has_centre) {
        TRY(parse_polygon());
        by_polygon_ = true;
        return true;
    }
    return false;
}

Status Parser::parse_option() {
    if (TRY(take_common())) return done();
    if (form_.is_search()) {
        if (TRY(take_centre())) return done();
        if (TRY(take_shape())) return done();
    }
    return errors::kSyntax;
}

Status Parser::check() const {
    const bool shows = search_.with_distance || search_.with_hash || search_.with_place;
    if (search_.store_at != 0 && shows) {
        return Error(std::string("ERR ") +
                     (form_.stores ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS") +
                     " is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
    }
    if (form_.is_search() && !from_member_ && !from_place_ && !by_polygon_) {
        return Error("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " +
                     command_name());
    }
    if (form_.is_search() && !by_radius_ && !by_box_ && !by_polygon_) {
        return Error("ERR exactly one of BYRADIUS, BYBOX and BYPOLYGON can be specified for " +
                     command_name());
    }
    if (search_.any && search_.count == 0) return kAnyAlone;
    return done();
}

void search_cell(const SortedSet& set, const PlaceSearch& search,
                 const structures::GeoFilter& filter, const GeoCell& cell, Arena& texts,
                 std::vector<FoundPlace>& found) {
    const values::ScoreRange range{.min = static_cast<double>(cell.first_place()),
                                   .max = static_cast<double>(cell.end_place()),
                                   .max_exclusive = true};
    for (SortedSet::Cursor cursor = set.first_in(range); cursor; cursor.next()) {
        const double score = cursor.score();
        if (range.is_behind(score, {})) return;
        const GeoPoint point = structures::geo_point(static_cast<uint64_t>(score));
        const auto distance = filter.distance_inside(point);
        if (!distance) continue;
        found.push_back({texts.copy(cursor.member()), score, point, *distance});
        if (search.any && found.size() >= search.count) return;
    }
}

}  // namespace

Result<PlaceSearch> parse_place_search(const Call& call, const PlaceSearchForm& form,
                                       const SortedSet* set) {
    return Parser(call, form, set).parse();
}

std::vector<FoundPlace> find_places(const SortedSet& set, const PlaceSearch& search, Arena& texts) {
    std::vector<FoundPlace> found;
    const structures::GeoFilter filter(search.shape);
    for (const GeoCell& cell : structures::geo_cells(search.shape)) {
        if (search.any && found.size() >= search.count) break;
        search_cell(set, search, filter, cell, texts, found);
    }
    auto order = search.order;
    // Some of all without a word on which means the nearest ones.
    if (search.count != 0 && !search.any && order == PlaceSearch::Order::None)
        order = PlaceSearch::Order::Nearest;
    if (order != PlaceSearch::Order::None) {
        const bool nearest = order == PlaceSearch::Order::Nearest;
        std::stable_sort(found.begin(), found.end(),
                         [nearest](const FoundPlace& a, const FoundPlace& b) {
                             return nearest ? a.distance < b.distance : a.distance > b.distance;
                         });
    }
    if (search.count != 0 && found.size() > search.count) found.resize(search.count);
    return found;
}

}  // namespace millrace::commands::support
