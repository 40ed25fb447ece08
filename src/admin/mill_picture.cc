// SPDX-License-Identifier: BSD-3-Clause
//
// Decides for each character what is there: wheel, water or air.

#include "admin/mill_picture.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace millrace::admin {
namespace {

constexpr int64_t kSizeMax = 1000;
constexpr int kSpokes = 8;
constexpr double kRimWidth = 0.14;
constexpr double kHubRadius = 0.12;
constexpr double kSpokeWidth = 0.05;
constexpr double kBladeAngle = 0.16;

// A point as the wheel sees it: distance 1 is its rim, and characters are twice as high as wide.
struct Point {
    double x;
    double y;
    double distance() const { return std::sqrt(x * x + y * y); }
    double angle() const { return std::atan2(y, x); }
};

// How far an angle is from the nearest spoke, at most half the way to the next.
double from_spoke(double angle, double turn) {
    constexpr double kBetween = 2 * std::numbers::pi / kSpokes;
    const double place = angle / kBetween + turn;
    return (place - std::round(place)) * kBetween;
}

char wheel_at(const Point& point, double turn) {
    const double distance = point.distance();
    const double aside = std::fabs(from_spoke(point.angle(), turn));
    if (distance < kHubRadius) return '@';
    if (distance > 1) return distance < 1.15 && aside < kBladeAngle ? '#' : ' ';
    if (distance > 1 - kRimWidth) return 'o';
    return std::sin(aside) * distance < kSpokeWidth ? '+' : ' ';
}

// Water comes in at the level of the hub's upper side, falls along the wheel and leaves below.
char water_at(const Point& point) {
    const bool before_wheel = point.x < -1.2;
    if (before_wheel && point.y > -0.95 && point.y < -0.7) return '~';
    if (before_wheel && point.x > -1.45 && point.y >= -0.7 && point.y < 1.05) return ':';
    return point.y > 1.05 ? '~' : ' ';
}

}  // namespace

std::string draw_mill(int64_t columns, int64_t rows, double turn) {
    columns = std::clamp<int64_t>(columns, 1, kSizeMax);
    rows = std::clamp<int64_t>(rows, 1, kSizeMax);
    const double radius = std::max(
        1.0, std::min(static_cast<double>(rows) / 2.6, static_cast<double>(columns) / 5.2));
    std::string picture;
    picture.reserve(static_cast<size_t>((columns + 1) * rows));
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t column = 0; column < columns; ++column) {
            const Point point{
                (static_cast<double>(column) + 0.5 - static_cast<double>(columns) / 2) / radius / 2,
                (static_cast<double>(row) + 0.5 - static_cast<double>(rows) / 2) / radius};
            const char wheel = wheel_at(point, turn);
            picture += wheel != ' ' ? wheel : water_at(point);
        }
        picture += '\n';
    }
    return picture;
}

}  // namespace millrace::admin
