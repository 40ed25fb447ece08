// SPDX-License-Identifier: BSD-3-Clause
#include "structures/geohash.h"

#include <algorithm>
#include <cmath>

namespace millrace::structures {

namespace {

constexpr double kEarthRadius = 6372797.560856;  // Metres.
constexpr double kMapHalfWidth = 20037726.37;    // Metres.

double radians(double degrees) {
    return degrees * (M_PI / 180.0);
}
double degrees(double radians) {
    return radians / (M_PI / 180.0);
}

// Bit i of a 32-bit number moves to bit 2i, and back.
uint64_t spread(uint64_t bits) {
    bits = (bits | bits << 16) & 0x0000ffff0000ffff;
    bits = (bits | bits << 8) & 0x00ff00ff00ff00ff;
    bits = (bits | bits << 4) & 0x0f0f0f0f0f0f0f0f;
    bits = (bits | bits << 2) & 0x3333333333333333;
    return (bits | bits << 1) & 0x5555555555555555;
}
uint32_t gather(uint64_t bits) {
    bits &= 0x5555555555555555;
    bits = (bits | bits >> 1) & 0x3333333333333333;
    bits = (bits | bits >> 2) & 0x0f0f0f0f0f0f0f0f;
    bits = (bits | bits >> 4) & 0x00ff00ff00ff00ff;
    bits = (bits | bits >> 8) & 0x0000ffff0000ffff;
    return static_cast<uint32_t>(bits | bits >> 16);
}

// How far along a value lies from -limit to limit, in cells.
uint32_t cell_index(double value, double limit, unsigned step) {
    const double share = (value + limit) / (limit + limit);
    return static_cast<uint32_t>(share * static_cast<double>(uint64_t{1} << step));
}

GeoCell cell_within(const GeoPoint& point, double latitude_limit, unsigned step) {
    const uint32_t latitude = cell_index(point.latitude, latitude_limit, step);
    const uint32_t longitude = cell_index(point.longitude, kLongitudeMax, step);
    return {spread(latitude) | spread(longitude) << 1, step};
}

// The cell so many to the east and north, around the globe. Compat: the cell of a point at the very
// end of the map lies beyond it, and stays there in directions in which it does not move.
GeoCell moved(const GeoCell& cell, int east, int north) {
    const uint64_t mask = (uint64_t{1} << cell.step) - 1;
    uint64_t latitude = gather(cell.bits);
    uint64_t longitude = gather(cell.bits >> 1);
    if (north != 0) latitude = (latitude + static_cast<uint64_t>(north)) & mask;
    if (east != 0) longitude = (longitude + static_cast<uint64_t>(east)) & mask;
    return {spread(latitude) | spread(longitude) << 1, cell.step};
}

double edge(double limit, uint32_t index, unsigned step) {
    const double cells = static_cast<double>(uint64_t{1} << step);
    return -limit + (index * 1.0 / cells) * (limit + limit);
}

double latitude_distance(double from, double to) {
    return kEarthRadius * std::fabs(radians(to) - radians(from));
}

// The finest step at which a cell and its neighbours cover so much around a point.
unsigned step_for(double range, double latitude) {
    if (range == 0) return kGeoStepMax;
    int step = 1;
    for (; range < kMapHalfWidth; range *= 2) ++step;
    step -= 2;
    // Towards the poles a cell is narrower in metres.
    if (latitude > 66 || latitude < -66) --step;
    if (latitude > 80 || latitude < -80) --step;
    return static_cast<unsigned>(std::clamp(step, 1, static_cast<int>(kGeoStepMax)));
}

GeoArea bounds_of(const GeoShape& shape) {
    if (shape.kind == GeoShape::Kind::Polygon) {
        GeoArea bounds{shape.vertices.front(), shape.vertices.front()};
        for (const GeoPoint& vertex : shape.vertices) {
            bounds.min.longitude = std::min(bounds.min.longitude, vertex.longitude);
            bounds.min.latitude = std::min(bounds.min.latitude, vertex.latitude);
            bounds.max.longitude = std::max(bounds.max.longitude, vertex.longitude);
            bounds.max.latitude = std::max(bounds.max.latitude, vertex.latitude);
        }
        return bounds;
    }
    const bool is_circle = shape.kind == GeoShape::Kind::Circle;
    const double height = is_circle ? shape.radius : shape.height / 2;
    const double width = is_circle ? shape.radius : shape.width / 2;
    const GeoPoint& centre = shape.centre;
    const double latitude_delta = degrees(height / kEarthRadius);
    // The side nearer to the pole spans more degrees.
    const double wide_latitude =
        centre.latitude < 0 ? centre.latitude - latitude_delta : centre.latitude + latitude_delta;
    const double longitude_delta = degrees(width / kEarthRadius / std::cos(radians(wide_latitude)));
    return {{centre.longitude - longitude_delta, centre.latitude - latitude_delta},
            {centre.longitude + longitude_delta, centre.latitude + latitude_delta}};
}

double reach(const GeoShape& shape) {
    if (shape.kind == GeoShape::Kind::Circle) return shape.radius;
    if (shape.kind == GeoShape::Kind::Polygon) {
        const GeoArea bounds = bounds_of(shape);
        return geo_distance(bounds.min, bounds.max) / 2;
    }
    return std::sqrt(shape.width / 2 * (shape.width / 2) + shape.height / 2 * (shape.height / 2));
}

// Whether the cells around `cell` reach beyond all four sides.
bool covers(const GeoCell& cell, const GeoArea& bounds) {
    return geo_area(moved(cell, 0, 1)).max.latitude >= bounds.max.latitude &&
           geo_area(moved(cell, 0, -1)).min.latitude <= bounds.min.latitude &&
           geo_area(moved(cell, 1, 0)).max.longitude >= bounds.max.longitude &&
           geo_area(moved(cell, -1, 0)).min.longitude <= bounds.min.longitude;
}

// Whether a ray from the point to the east crosses the outline an odd number of times.
bool is_in_polygon(const GeoPoint& point, const std::vector<GeoPoint>& vertices) {
    bool inside = false;
    for (size_t i = 0, j = vertices.size() - 1; i < vertices.size(); j = i++) {
        const GeoPoint& a = vertices[i];
        const GeoPoint& b = vertices[j];
        if ((a.latitude > point.latitude) == (b.latitude > point.latitude)) continue;
        const double crossing = (b.longitude - a.longitude) * (point.latitude - a.latitude) /
                                    (b.latitude - a.latitude) +
                                a.longitude;
        if (point.longitude < crossing) inside = !inside;
    }
    return inside;
}

}  // namespace

bool is_on_map(const GeoPoint& point) {
    return point.longitude >= -kLongitudeMax && point.longitude <= kLongitudeMax &&
           point.latitude >= -kLatitudeMax && point.latitude <= kLatitudeMax;
}

GeoCell geo_cell(const GeoPoint& point, unsigned step) {
    return cell_within(point, kLatitudeMax, step);
}

GeoArea geo_area(const GeoCell& cell) {
    const uint32_t latitude = gather(cell.bits);
    const uint32_t longitude = gather(cell.bits >> 1);
    return {{edge(kLongitudeMax, longitude, cell.step), edge(kLatitudeMax, latitude, cell.step)},
            {edge(kLongitudeMax, longitude + 1, cell.step),
             edge(kLatitudeMax, latitude + 1, cell.step)}};
}

uint64_t geo_place(const GeoPoint& point) {
    return geo_cell(point, kGeoStepMax).bits;
}

GeoPoint geo_point(uint64_t place) {
    const GeoArea area = geo_area({place, kGeoStepMax});
    return {
        std::clamp((area.min.longitude + area.max.longitude) / 2, -kLongitudeMax, kLongitudeMax),
        std::clamp((area.min.latitude + area.max.latitude) / 2, -kLatitudeMax, kLatitudeMax)};
}

std::array<char, 11> geohash_text(const GeoPoint& point) {
    constexpr char kLetters[] = "0123456789bcdefghjkmnpqrstuvwxyz";
    const uint64_t bits = cell_within(point, 90, kGeoStepMax).bits;
    std::array<char, 11> text;
    for (unsigned i = 0; i < text.size(); ++i) {
        // 52 bits make ten letters and two bits, which are not shown.
        const unsigned letter = i == 10 ? 0 : static_cast<unsigned>(bits >> (47 - i * 5)) & 31;
        text[i] = kLetters[letter];
    }
    return text;
}

GeoDistance::GeoDistance(const GeoPoint& from)
    : from_(from), cosine_(std::cos(radians(from.latitude))) {}

double GeoDistance::to(const GeoPoint& point) const {
    const double v = std::sin((radians(point.longitude) - radians(from_.longitude)) / 2);
    if (v == 0.0) return latitude_distance(from_.latitude, point.latitude);
    const double to_latitude = radians(point.latitude);
    const double u = std::sin((to_latitude - radians(from_.latitude)) / 2);
    const double a = u * u + cosine_ * std::cos(to_latitude) * v * v;
    return 2.0 * kEarthRadius * std::asin(std::sqrt(a));
}

GeoPoint geo_middle(const std::vector<GeoPoint>& points) {
    double x = 0;
    double y = 0;
    double z = 0;
    for (const GeoPoint& point : points) {
        const double longitude = radians(point.longitude);
        const double latitude = radians(point.latitude);
        x += std::cos(latitude) * std::cos(longitude);
        y += std::cos(latitude) * std::sin(longitude);
        z += std::sin(latitude);
    }
    const auto count = static_cast<double>(points.size());
    x /= count;
    y /= count;
    z /= count;
    return {degrees(std::atan2(y, x)), degrees(std::atan2(z, std::sqrt(x * x + y * y)))};
}

GeoFilter::GeoFilter(const GeoShape& shape) : shape_(shape), from_centre_(shape.centre) {
    if (shape.kind != GeoShape::Kind::Circle) return;
    constexpr double kSlackMetres = 1;
    const double angle = (shape.radius + kSlackMetres) / kEarthRadius;
    if (!(angle < M_PI / 4)) return;
    latitude_reach_ = degrees(angle);
    // The meridians that touch the circle, if it stays away from the poles.
    const double share = std::sin(angle) / std::cos(radians(shape.centre.latitude));
    if (share > 0 && share < 0.9) longitude_reach_ = degrees(std::asin(share));
}

// Far enough for it to be seen without a distance.
bool GeoFilter::is_far(const GeoPoint& point) const {
    if (std::fabs(point.latitude - shape_.centre.latitude) > latitude_reach_) return true;
    const double apart = std::fabs(point.longitude - shape_.centre.longitude);
    return std::min(apart, 360 - apart) > longitude_reach_;
}

std::optional<double> GeoFilter::distance_inside(const GeoPoint& point) const {
    const GeoPoint& centre = shape_.centre;
    switch (shape_.kind) {
        case GeoShape::Kind::Circle: {
            if (is_far(point)) return std::nullopt;
            const double distance = from_centre_.to(point);
            if (distance > shape_.radius) return std::nullopt;
            return distance;
        }
        case GeoShape::Kind::Box:
            if (latitude_distance(point.latitude, centre.latitude) > shape_.height / 2)
                return std::nullopt;
            if (geo_distance(point, {centre.longitude, point.latitude}) > shape_.width / 2)
                return std::nullopt;
            return from_centre_.to(point);
        case GeoShape::Kind::Polygon:
            if (!is_in_polygon(point, shape_.vertices)) return std::nullopt;
            return from_centre_.to(point);
    }
    return std::nullopt;
}

std::vector<GeoCell> geo_cells(const GeoShape& shape) {
    const GeoArea bounds = bounds_of(shape);
    unsigned step = step_for(reach(shape), shape.centre.latitude);
    GeoCell centre = geo_cell(shape.centre, step);
    if (step > 1 && !covers(centre, bounds)) centre = geo_cell(shape.centre, --step);

    // Directions in which the cell itself reaches far enough; at step 1 there are only four cells.
    const GeoArea area = geo_area(centre);
    const bool may_skip = step >= 2;
    const bool no_south = may_skip && area.min.latitude < bounds.min.latitude;
    const bool no_north = may_skip && area.max.latitude > bounds.max.latitude;
    const bool no_west = may_skip && area.min.longitude < bounds.min.longitude;
    const bool no_east = may_skip && area.max.longitude > bounds.max.longitude;

    struct Direction {
        int east;
        int north;
    };
    constexpr Direction kDirections[] = {{0, 0}, {0, 1},  {0, -1}, {1, 0},  {-1, 0},
                                         {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};
    std::vector<GeoCell> cells;
    for (const Direction& direction : kDirections) {
        if (no_south && direction.north < 0) continue;
        if (no_north && direction.north > 0) continue;
        if (no_west && direction.east < 0) continue;
        if (no_east && direction.east > 0) continue;
        const GeoCell cell = moved(centre, direction.east, direction.north);
        // Cells of half the globe are neighbours of each other on both sides. Compat: only the one
        // before is compared, and not with the centre.
        if (cells.size() > 1 && cells.back() == cell) continue;
        cells.push_back(cell);
    }
    return cells;
}

}  // namespace millrace::structures
