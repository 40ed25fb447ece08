// SPDX-License-Identifier: BSD-3-Clause
//
// A search for places: what GEOSEARCH and GEORADIUS with all their relatives ask, and what they
// find.
//
// Threads: main thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "engine/call.h"
#include "structures/geohash.h"
#include "values/sorted_set.h"

namespace millrace::commands::support {

// Which of the commands asks.
struct PlaceSearchForm {
    enum class Centre : uint8_t { Place, Member, Option };
    Centre centre;
    size_t key_at = 1;
    bool may_store = false;  // With the options STORE and STOREDIST.
    bool stores = false;     // In the key of argument 1.
    bool is_search() const { return centre == Centre::Option; }
};

struct PlaceSearch {
    enum class Order : uint8_t { None, Nearest, Farthest };

    structures::GeoShape shape;
    double unit = 1;  // In metres.
    bool with_distance = false;
    bool with_hash = false;
    bool with_place = false;
    bool any = false;
    Order order = Order::None;
    uint64_t count = 0;   // 0: all.
    size_t store_at = 0;  // The argument that names the key to store in; 0: none.
    bool store_distances = false;
};

// `set` is null if the key is missing, and then members are not looked up.
Result<PlaceSearch> parse_place_search(const engine::Call& call, const PlaceSearchForm& form,
                                       const values::SortedSet* set);

struct FoundPlace {
    std::string_view member;  // In the arena.
    double score;
    structures::GeoPoint point;
    double distance;  // In metres.
};

// In the order of the reply, and no more than asked for.
std::vector<FoundPlace> find_places(const values::SortedSet& set, const PlaceSearch& search,
                                    Arena& texts);

}  // namespace millrace::commands::support
