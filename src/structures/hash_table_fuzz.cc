// SPDX-License-Identifier: BSD-3-Clause
//
// Random steps on a hash table against a map, with a scan and a walk over segments going on all the
// while.
#include <deque>
#include <map>
#include <optional>
#include <set>

#include "base/siphash.h"
#include "structures/hash_table.h"
#include "structures/slab_pool.h"

using namespace millrace;
using namespace millrace::structures;

namespace {

struct Item {
    uint64_t key;
};

// The first byte of the input chooses which bits of the hash are left to differ.
struct ItemTraits {
    using Element = Item;
    uint64_t mask = ~uint64_t{0};
    uint64_t hash_key(uint64_t key) const { return siphash13(&key, sizeof(key), SipKey{}) & mask; }
    uint64_t hash(const Item& item) const { return hash_key(item.key); }
    bool equal(const Item& item, uint64_t key) const { return item.key == key; }
};

constexpr uint64_t kMasks[] = {
    ~uint64_t{0},       ~uint64_t{0xff},    ~uint64_t{0} >> 5,  ~uint64_t{0} << 40,
    0xff00ff00ff00ff00, ~uint64_t{0} << 20, ~uint64_t{0} >> 20, ~uint64_t{0x7f0} << 45,
};

class Model {
public:
    explicit Model(uint8_t mask)
        : traits_{kMasks[mask % 8]}, table_(std::in_place, heap_, traits_) {}
    ~Model() {
        table_.reset();
        CHECK(heap_.statistics().live_bytes == 0);
        pool_.give_back(heap_);
    }

    void insert(uint64_t key, unsigned tags) {
        const uint64_t hash = traits_.hash_key(key);
        items_.push_back({key});
        if (const auto known = model_.find(key); known != model_.end()) {
            table_->replace(table_->find(hash, key), &items_.back(), tags);
            known->second = {&items_.back(), tags};
            return;
        }
        const auto ref = table_->insert(hash, &items_.back(), tags);
        CHECK(ref.element() == &items_.back());
        CHECK(ref.tags() == tags);
        model_[key] = {&items_.back(), tags};
    }
    void erase(uint64_t key) {
        const uint64_t hash = traits_.hash_key(key);
        const auto ref = table_->find(hash, key);
        CHECK(static_cast<bool>(ref) == (model_.erase(key) == 1));
        if (ref) table_->erase(ref, hash);
        stayed_.erase(key);
    }
    void find(uint64_t key) {
        const uint64_t hash = traits_.hash_key(key);
        table_->prefetch_bucket(hash);
        table_->prefetch_element(hash);
        const Item* const likely = table_->likely_element(hash);
        const Item* const further = table_->further_element(hash);
        const auto ref = table_->find(hash, key);
        const auto known = model_.find(key);
        CHECK(static_cast<bool>(ref) == (known != model_.end()));
        if (!ref) return;
        CHECK(likely != nullptr || further != nullptr);
        CHECK(ref.element() == known->second.first);
        CHECK(ref.tags() == known->second.second);
        table_->set_tags(ref, ref.tags() ^ kTagSnapshot);
        known->second.second ^= kTagSnapshot;
    }
    void scan() {
        if (cursor_ == 0) {
            stayed_.clear();
            for (const auto& [key, value] : model_) stayed_.insert(key);
            seen_.clear();
        }
        cursor_ = table_->scan(cursor_, [&](Item* item, unsigned tags) {
            const auto known = model_.find(item->key);
            CHECK(known != model_.end());
            CHECK(known->second.second == tags);
            seen_.insert(item->key);
        });
        if (cursor_ != 0) return;
        for (uint64_t key : stayed_) CHECK(seen_.contains(key));
    }
    void visit() {
        position_ = table_->visit_segment(position_, [&](auto ref) {
            CHECK(model_.at(ref.element()->key).first == ref.element());
        });
    }
    void shrink(uint64_t position) {
        for (int i = 0; i < 64; ++i) {
            position = table_->shrink_step(position);
            if (position == 0) break;
        }
    }
    void random(uint64_t entropy) {
        const auto ref = table_->random(entropy);
        CHECK(static_cast<bool>(ref) == !model_.empty());
        if (ref) CHECK(model_.at(ref.element()->key).first == ref.element());
    }
    void move_and_drain() {
        HashTable<ItemTraits> moved(std::move(*table_));
        CHECK(moved.size() == model_.size());
        RemoteFrees frees(pool_);
        auto visit = [&](Item* item, unsigned tags) {
            CHECK(model_.at(item->key).second == tags);
            model_.erase(item->key);
        };
        while (moved.drain(3, visit, model_.size() % 2 ? &heap_ : nullptr, frees)) {
        }
        CHECK(model_.empty());
        stayed_.clear();
        items_.clear();
        frees.flush();
        heap_.collect();
    }
    void set_resizing_allowed(bool allowed) { table_->set_resizing_allowed(allowed); }

    size_t size() const { return model_.size(); }
    void check() const {
        CHECK(table_->size() == model_.size());
        table_->check_invariants();
    }

private:
    SlabHeapPool pool_{SlabOptions{.region_bytes = size_t{1} << 28}};
    SlabHeap& heap_ = pool_.take();
    ItemTraits traits_;
    std::optional<HashTable<ItemTraits>> table_;
    std::deque<Item> items_;
    std::map<uint64_t, std::pair<Item*, unsigned>> model_;
    uint64_t cursor_ = 0;
    uint64_t position_ = 0;
    std::set<uint64_t> stayed_;  // Since the scan began.
    std::set<uint64_t> seen_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    Model model(data[0]);
    for (size_t i = 1; i + 4 <= size; i += 4) {
        const uint64_t key = data[i + 1] | uint64_t{data[i + 2]} << 8;
        const unsigned count = data[i + 3] & 0x80 ? data[i + 3] : 1;
        switch (data[i] % 12) {
            case 0:
            case 1:
            case 2:
            case 3:
                for (unsigned j = 0; j < count && model.size() < 3000; ++j)
                    model.insert(key + j * 13, data[i] >> 6);
                break;
            case 4:
            case 5:
                for (unsigned j = 0; j < count; ++j) model.erase(key + j * 13);
                break;
            case 6:
                model.find(key);
                break;
            case 7:
                model.scan();
                break;
            case 8:
                model.visit();
                break;
            case 9:
                model.shrink(key << 48);
                break;
            case 10:
                model.random(key);
                break;
            case 11:
                if (data[i + 3] < 16)
                    model.move_and_drain();
                else
                    model.set_resizing_allowed(data[i + 3] % 4 != 0);
                break;
        }
        model.check();
    }
    return 0;
}
