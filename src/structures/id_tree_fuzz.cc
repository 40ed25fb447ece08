// SPDX-License-Identifier: BSD-3-Clause
//
// Random steps on an id tree, and on its versions, against a map.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "structures/id_tree.h"

using namespace millrace;
using namespace millrace::structures;

namespace {

// So large that a leaf takes seven, and the tree has three levels from about 400 on.
struct Item {
    uint64_t id;
    uint64_t value;
    char filler[112];
};
const uint64_t& id_of(const Item& item) {
    return item.id;
}
constexpr size_t kItemsMax = 1500;

using Tree = IdTree<Item>;
using Map = std::map<uint64_t, uint64_t>;

void check_same(const Tree& tree, const Map& map) {
    auto expected = map.begin();
    tree.for_each([&](const Item& item) {
        CHECK(expected != map.end());
        CHECK(item.id == expected->first);
        CHECK(item.value == expected->second);
        ++expected;
    });
    CHECK(expected == map.end());
    CHECK(tree.size() == map.size());
}

// What the tree was when it was frozen.
struct Version {
    Version(const Tree& original, Map items) : tree(AsVersion{}, original), map(std::move(items)) {}

    Leftovers leftovers;
    Tree tree;
    Map map;
};

class Model {
public:
    ~Model() { thaw(); }

    void step(ByteReader& input) {
        const uint8_t what = input.read_byte();
        const uint8_t count = input.read_byte();
        const uint64_t id = input.read_little_endian<uint16_t>() % 4096u;
        const unsigned run = what & 0x80 ? count : 1;
        const unsigned stride = what & 0x40 ? 3 : 1;
        switch (what % 8) {
            case 0:
            case 1:
                for (unsigned i = 0; i < run; ++i) insert(id + uint64_t{i} * stride);
                break;
            case 2:  // As entries of a stream arrive.
                for (unsigned i = 0; i < run; ++i)
                    insert(map_.empty() ? id : map_.rbegin()->first + 1);
                break;
            case 3:  // Downwards.
                for (unsigned i = 0; i < run; ++i) insert(id - std::min<uint64_t>(id, i));
                break;
            case 4:
                for (unsigned i = 0; i < run; ++i) erase(id + uint64_t{i} * stride);
                break;
            case 5:  // As a stream is trimmed.
                for (unsigned i = 0; i < run && !map_.empty(); ++i)
                    erase(what & 8 ? map_.rbegin()->first : map_.begin()->first);
                break;
            case 6:
                for (unsigned i = 0; i < run; ++i) edit(id + uint64_t{i} * stride);
                break;
            case 7:
                version_ == nullptr ? freeze() : thaw();
                break;
        }
        check(id);
    }

private:
    void insert(uint64_t id) {
        if (map_.size() == kItemsMax || map_.contains(id)) return;
        const Item& item = tree_.insert({.id = id, .value = ++values_, .filler = {}});
        CHECK(item.id == id);
        CHECK(item.value == values_);
        map_[id] = values_;
    }
    void erase(uint64_t id) {
        const auto at = tree_.find(id);
        CHECK((at == tree_.end()) == (map_.erase(id) == 0));
        if (at != tree_.end()) tree_.erase(at);
    }
    void edit(uint64_t id) {
        const auto at = tree_.find(id);
        CHECK((at == tree_.end()) == !map_.contains(id));
        if (at != tree_.end()) map_[id] = tree_.edit(at).value = ++values_;
    }
    void freeze() {
        version_ = std::make_unique<Version>(tree_, map_);
        tree_.freeze(version_->leftovers);
    }
    void thaw() {
        tree_.thaw();
        version_.reset();
    }

    void check(uint64_t id) const {
        tree_.check_invariants();
        check_same(tree_, map_);
        if (version_ != nullptr) check_same(version_->tree, version_->map);
        check_place(tree_.lower_bound(id), map_.lower_bound(id));
        check_place(tree_.upper_bound(id), map_.upper_bound(id));
        check_place(tree_.find(id), map_.find(id));
        if (map_.empty()) return;
        check_place(tree_.begin(), map_.begin());
        check_place(tree_.last(), std::prev(map_.end()));
    }
    // And what stands before it.
    void check_place(Tree::const_iterator at, Map::const_iterator expected) const {
        CHECK((at == tree_.end()) == (expected == map_.end()));
        if (expected != map_.end()) CHECK(at->id == expected->first);
        if (expected == map_.begin()) return;
        CHECK((--at)->id == std::prev(expected)->first);
    }

    Tree tree_;
    Map map_;
    uint64_t values_ = 0;
    std::unique_ptr<Version> version_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    ByteReader input(std::string_view(reinterpret_cast<const char*>(data), size));
    Model model;
    while (!input.at_end()) model.step(input);
    return 0;
}
