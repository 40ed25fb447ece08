// SPDX-License-Identifier: BSD-3-Clause
//
// Random steps on an intset against a std::set; and bytes of any kind as a blob.
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "structures/intset.h"

using namespace millrace;
using namespace millrace::structures;

namespace {

void expect_same(const Intset& set, const std::set<int64_t>& model) {
    set.check_invariants();
    CHECK(set.size() == model.size());
    size_t index = 0;
    for (const int64_t value : model) CHECK(set.at(index++) == value);
}

// What a blob holds is what it says, and the set goes on from there.
Intset from_blob(std::string_view bytes, std::set<int64_t>& model) {
    auto set = Intset::from_blob(bytes);
    if (!set.ok()) return {};
    const std::span<const char> blob = (*set).blob();
    CHECK(std::string_view(blob.data(), blob.size()) == bytes);
    for (size_t i = 0; i < (*set).size(); ++i) model.insert((*set).at(i));
    CHECK(model.size() == (*set).size());
    return std::move(*set);
}

int64_t value_from(ByteReader& input, uint8_t what) {
    switch (what >> 6) {
        case 0:
            return static_cast<int8_t>(input.read_byte());
        case 1:
            return input.read_little_endian<int16_t>();
        case 2:
            return input.read_little_endian<int32_t>();
        default:
            return input.read_little_endian<int64_t>();
    }
}

void step(ByteReader& input, Intset& set, std::set<int64_t>& model) {
    const uint8_t what = input.read_byte();
    const int64_t value = value_from(input, what);
    switch (what & 3) {
        case 0:
        case 1:
            CHECK(set.insert(value) == model.insert(value).second);
            break;
        case 2:
            CHECK(set.erase(value) == (model.erase(value) == 1));
            break;
        case 3:
            CHECK(set.contains(value) == model.contains(value));
            set = set.clone();
            break;
    }
    expect_same(set, model);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    // The first byte says how many of the others are a blob to begin with; all of them as well.
    std::set<int64_t> model;
    (void)from_blob(bytes, model);
    model.clear();
    const size_t blob = std::min<size_t>(data[0], size - 1);
    Intset set = from_blob(bytes.substr(1, blob), model);
    expect_same(set, model);
    ByteReader input(bytes.substr(1 + blob));
    while (!input.at_end()) step(input, set, model);
    return 0;
}
