// SPDX-License-Identifier: BSD-3-Clause
#include "structures/geohash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

namespace millrace::structures {
namespace {

constexpr GeoPoint kPalermo{13.361389, 38.115556};
constexpr GeoPoint kCatania{15.087269, 37.502669};

std::string text_of(const GeoPoint& point) {
    const auto text = geohash_text(point);
    return {text.data(), text.size()};
}

TEST(Geohash, KnownPlaces) {
    EXPECT_EQ(geo_place(kPalermo), 3479099956230698u);
    EXPECT_EQ(geo_place(kCatania), 3479447370796909u);
    EXPECT_EQ(text_of(geo_point(geo_place(kPalermo))), "sqc8b49rny0");
    EXPECT_EQ(text_of(geo_point(geo_place(kCatania))), "sqdtr74hyu0");
    EXPECT_NEAR(geo_distance(kPalermo, kCatania), 166274.26, 1);
}

TEST(Geohash, PlacesComeBackCloseToWhereTheyWere) {
    std::mt19937 random(1);
    std::uniform_real_distribution<double> longitudes(-180, 180);
    std::uniform_real_distribution<double> latitudes(-85, 85);
    for (int i = 0; i < 10000; ++i) {
        const GeoPoint point{longitudes(random), latitudes(random)};
        const GeoPoint back = geo_point(geo_place(point));
        EXPECT_LT(geo_distance(point, back), 1);
    }
}

TEST(Geohash, MapEndsWhereMercatorDoes) {
    EXPECT_TRUE(is_on_map({180, 85.05112878}));
    EXPECT_TRUE(is_on_map({-180, -85.05112878}));
    EXPECT_FALSE(is_on_map({180.1, 0}));
    EXPECT_FALSE(is_on_map({0, 85.06}));
}

// Whatever lies in the circle lies in one of the cells.
TEST(Geohash, CellsCoverTheCircle) {
    std::mt19937 random(2);
    std::uniform_real_distribution<double> longitudes(-170, 170);
    std::uniform_real_distribution<double> latitudes(-60, 60);
    std::uniform_real_distribution<double> offsets(-1, 1);
    for (int i = 0; i < 3000; ++i) {
        GeoShape circle;
        circle.centre = {longitudes(random), latitudes(random)};
        circle.radius = 1000 + 1000 * (i % 300);
        const auto cells = geo_cells(circle);
        const GeoFilter filter(circle);
        EXPECT_LE(cells.size(), 9u);
        for (int j = 0; j < 50; ++j) {
            const GeoPoint point{circle.centre.longitude + offsets(random) * 4,
                                 circle.centre.latitude + offsets(random) * 2};
            if (!filter.distance_inside(point)) continue;
            const uint64_t place = geo_place(point);
            EXPECT_TRUE(std::any_of(cells.begin(), cells.end(), [place](const GeoCell& cell) {
                return cell.first_place() <= place && place < cell.end_place();
            }));
        }
    }
}

TEST(Geohash, InsideOfPolygons) {
    GeoShape corner;
    corner.kind = GeoShape::Kind::Polygon;
    corner.vertices = {{0, 0}, {4, 0}, {4, 4}, {2, 4}, {2, 2}, {0, 2}};
    corner.centre = {2, 2};
    const GeoFilter filter(corner);
    EXPECT_TRUE(filter.distance_inside({1, 1}));
    EXPECT_TRUE(filter.distance_inside({3, 3}));
    EXPECT_FALSE(filter.distance_inside({1, 3}));
    EXPECT_FALSE(filter.distance_inside({5, 1}));
}

// What is left out without looking at the distance is what the distance leaves out.
TEST(Geohash, InsideOfCirclesIsByDistance) {
    std::mt19937 random(3);
    std::uniform_real_distribution<double> longitudes(-180, 180);
    std::uniform_real_distribution<double> latitudes(-kLatitudeMax, kLatitudeMax);
    std::uniform_real_distribution<double> angles(0, 2 * M_PI);
    for (int i = 0; i < 2000; ++i) {
        GeoShape circle;
        circle.centre = {longitudes(random), latitudes(random)};
        circle.radius = std::pow(10, 1 + (i % 60) / 10.0);
        const GeoFilter filter(circle);
        for (int j = 0; j < 40; ++j) {
            // Around the edge, and anywhere.
            const double angle = angles(random);
            const double reach = circle.radius / 111226 * (0.98 + 0.001 * j);
            GeoPoint point{longitudes(random), latitudes(random)};
            if (j % 4 != 0) {
                point = {std::remainder(circle.centre.longitude +
                                            reach * std::cos(angle) /
                                                std::cos(circle.centre.latitude * M_PI / 180),
                                        360),
                         std::clamp(circle.centre.latitude + reach * std::sin(angle),
                                    -kLatitudeMax, kLatitudeMax)};
            }
            const double distance = geo_distance(circle.centre, point);
            const auto inside = filter.distance_inside(point);
            ASSERT_EQ(inside.has_value(), distance <= circle.radius);
            if (inside) {
                EXPECT_EQ(*inside, distance);
            }
        }
    }
}

}  // namespace
}  // namespace millrace::structures
