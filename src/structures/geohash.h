// SPDX-License-Identifier: BSD-3-Clause
//
// Geohashes: places on the globe as integers, so that places close together mostly have close
// integers, and the shapes that searches look into.
//
// A cell of step s is one of 2^s times 2^s rectangles; its number interleaves the bits of latitude
// (even) and longitude (odd). Places are kept as cells of step 26, whose 52 bits a double holds.
//
// Arithmetic is that of Valkey to the last digit, because replies show 17 of them.
//
// Threads: any; values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace millrace::structures {

inline constexpr double kLongitudeMax = 180;
inline constexpr double kLatitudeMax = 85.05112878;  // Where the Mercator projection is a square.
inline constexpr unsigned kGeoStepMax = 26;

struct GeoPoint {
    double longitude = 0;
    double latitude = 0;
};

struct GeoCell {
    uint64_t bits = 0;
    unsigned step = 0;
    bool operator==(const GeoCell&) const = default;

    // The places inside, as 52-bit numbers: from the first, before the second.
    uint64_t first_place() const { return bits << (52 - step * 2); }
    uint64_t end_place() const { return (bits + 1) << (52 - step * 2); }
};

// Where a cell lies.
struct GeoArea {
    GeoPoint min;
    GeoPoint max;
};

bool is_on_map(const GeoPoint& point);
GeoCell geo_cell(const GeoPoint& point, unsigned step);
GeoArea geo_area(const GeoCell& cell);

// A place as 52 bits, and the middle of what they mean.
uint64_t geo_place(const GeoPoint& point);
GeoPoint geo_point(uint64_t place);

// The 11 letters of the public notation, in which latitudes go up to 90 degrees.
std::array<char, 11> geohash_text(const GeoPoint& point);

// In metres, on a sphere, from one point to others.
class GeoDistance {
public:
    explicit GeoDistance(const GeoPoint& from);
    double to(const GeoPoint& point) const;

private:
    GeoPoint from_;
    double cosine_;  // Of the latitude.
};
inline double geo_distance(const GeoPoint& from, const GeoPoint& to) {
    return GeoDistance(from).to(to);
}

// The middle of some points, at least one, as seen from the centre of the earth.
GeoPoint geo_middle(const std::vector<GeoPoint>& points);

// What a search looks into; lengths in metres.
struct GeoShape {
    enum class Kind : uint8_t { Circle, Box, Polygon };
    Kind kind = Kind::Circle;
    GeoPoint centre;
    double radius = 0;
    double width = 0;
    double height = 0;
    std::vector<GeoPoint> vertices = {};
};

// Looks at one point after the other, whether it is inside of a shape, which outlives this.
class GeoFilter {
public:
    explicit GeoFilter(const GeoShape& shape);
    // The distance from the centre to a point inside; none if it is outside.
    std::optional<double> distance_inside(const GeoPoint& point) const;

private:
    bool is_far(const GeoPoint& point) const;

    const GeoShape& shape_;
    GeoDistance from_centre_;
    // Degrees from the centre beyond which no point of a circle is, not even by rounding.
    double latitude_reach_ = 360;
    double longitude_reach_ = 360;
};

// The cells to look through, at most nine, in Valkey's order, which is that of unsorted results:
// centre, north, south, east, west, north-east, north-west, south-east, south-west.
std::vector<GeoCell> geo_cells(const GeoShape& shape);

}  // namespace millrace::structures
