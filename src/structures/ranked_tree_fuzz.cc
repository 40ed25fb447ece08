// SPDX-License-Identifier: BSD-3-Clause
//
// Random steps on a ranked tree against a set.
#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "base/assert.h"
#include "structures/ranked_tree.h"

using namespace millrace;
using namespace millrace::structures;

namespace {

using Key = std::pair<double, std::string>;

class Model {
public:
    ~Model() {
        for (auto cursor = tree_.first(); cursor; cursor.next())
            RankedElement::free(cursor.element());
    }
    void insert(double score, const std::string& member) {
        if (model_.insert({score, member}).second) tree_.insert(RankedElement::make(score, member));
    }
    void erase(double score, const std::string& member) {
        RankedElement* element = tree_.erase(score, member);
        CHECK((element != nullptr) == (model_.erase({score, member}) == 1));
        if (element != nullptr) RankedElement::free(element);
    }
    void erase_at(uint64_t rank, unsigned count) {
        if (model_.empty()) return;
        rank %= model_.size();
        for (; count > 0 && rank < model_.size(); --count) {
            const auto key = std::next(model_.begin(), static_cast<ptrdiff_t>(rank));
            RankedElement* element = tree_.erase_at(rank);
            CHECK(element->score == key->first);
            CHECK(element->member() == key->second);
            model_.erase(key);
            RankedElement::free(element);
        }
    }
    void rescore(double from, double to, const std::string& member) {
        const auto cursor = tree_.find(from, member);
        CHECK(static_cast<bool>(cursor) == model_.contains({from, member}));
        if (!cursor || model_.contains({to, member})) return;
        model_.erase({from, member});
        model_.insert({to, member});
        tree_.rescore(cursor.element(), to);
    }
    void look(double score, const std::string& member) {
        const auto key = model_.lower_bound({score, member});
        const uint64_t rank = tree_.rank(score, member);
        CHECK(rank == static_cast<uint64_t>(std::distance(model_.begin(), key)));
        auto cursor = tree_.at(rank);
        CHECK(static_cast<bool>(cursor) == (key != model_.end()));
        if (!cursor) return;
        CHECK(cursor.element()->member() == key->second);
        CHECK(cursor.rank() == rank);
        cursor.previous();
        CHECK(static_cast<bool>(cursor) == (rank > 0));
        if (cursor) CHECK(cursor.rank() == rank - 1);
    }
    void check() const {
        CHECK(tree_.size() == model_.size());
        tree_.check_invariants();
    }
    size_t size() const { return model_.size(); }

private:
    RankedTree tree_;
    std::set<Key> model_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    Model model;
    for (size_t i = 0; i + 4 <= size; i += 4) {
        const double score = data[i + 1];
        const std::string member = std::to_string(data[i + 2]);
        const unsigned count = data[i + 3] & 0x80 ? data[i + 3] : 1;
        switch (data[i] % 8) {
            case 0:
            case 1:
            case 2:
                for (unsigned j = 0; j < count && model.size() < 3000; ++j)
                    model.insert(score + j, member);
                break;
            case 3:
                for (unsigned j = count; j-- > 0 && model.size() < 3000;)
                    model.insert(score - j, member);
                break;
            case 4:
                for (unsigned j = 0; j < count; ++j) model.erase(score + j, member);
                break;
            case 5:
                model.erase_at(static_cast<uint64_t>(data[i + 1]) << 4, count);
                break;
            case 6:
                model.rescore(score, data[i + 3], member);
                break;
            case 7:
                model.look(score, member);
                break;
        }
        model.check();
    }
    return 0;
}
