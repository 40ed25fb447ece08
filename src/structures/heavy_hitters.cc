// SPDX-License-Identifier: BSD-3-Clause
#include "structures/heavy_hitters.h"

#include <algorithm>

namespace millrace::structures {

HeavyHitters::HeavyHitters() {
    for (Item& place : places_) place.name.reserve(kNameBytesUsual);
}

void HeavyHitters::add(uint64_t hash, int group, std::string_view name, uint64_t weight) {
    if (weight == 0) return;
    Item* const set = &places_[hash % kSets * kWays];
    Item* least = set;
    for (Item* each = set; each != set + kWays; ++each) {
        if (each->sum != 0 && each->hash == hash && each->group == group) {
            each->sum += weight;
            return;
        }
        if (each->sum < least->sum) least = each;
    }
    least->error = least->sum;
    least->sum += weight;
    least->hash = hash;
    least->group = group;
    least->name.assign(name.substr(0, kNameBytesMax));
}

void HeavyHitters::clear() {
    for (Item& place : places_) {
        place.sum = 0;
        place.error = 0;
        if (place.name.capacity() <= kNameBytesUsual) continue;
        place.name = std::string();
        place.name.reserve(kNameBytesUsual);
    }
}

std::vector<const HeavyHitters::Item*> HeavyHitters::top(size_t count) const {
    std::vector<const Item*> found;
    for (const Item& place : places_) {
        if (place.sum > 0) found.push_back(&place);
    }
    std::sort(found.begin(), found.end(),
              [](const Item* left, const Item* right) { return left->sum > right->sum; });
    if (found.size() > count) found.resize(count);
    return found;
}

}  // namespace millrace::structures
