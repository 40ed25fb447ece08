// SPDX-License-Identifier: BSD-3-Clause
//
// Random steps on a sorted set in both forms, and on frozen versions of it, against a std::map and
// its elements in order.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "values/fuzzed_words.h"
#include "values/sorted_set.h"

using namespace millrace;
using namespace millrace::values;

namespace {

using Scores = std::map<std::string, double>;

std::vector<ScoredMember> in_order(const Scores& scores) {
    std::vector<ScoredMember> elements;
    for (const auto& [member, score] : scores) elements.push_back({score, member});
    std::sort(elements.begin(), elements.end());
    return elements;
}

class Model {
public:
    explicit Model(uint8_t limits)
        : limits_{.entries = limits % 32u, .member_bytes = limits / 2u, .seed = {1, 2}} {}

    ~Model() { thaw(); }
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;

    void step(ByteReader& input) {
        const uint8_t what = input.read_byte();
        switch (what % 16) {
            case 0:
                return freeze();
            case 1:
                return thaw();
            case 2:
                return rebuild(what);
            case 3:
                return erase_span(what / 16, input.read_byte());
            case 4:
            case 5:
            case 6:
                return erase(fuzzed_word(input));
            case 7:
                for (uint8_t i = 0; i < what / 2; ++i) put("many" + std::to_string(i), i % 7);
                return;
            case 8:
                set_->enlarge_unless(limits_, what, 1);
                return;
            default: {
                const std::string member = fuzzed_word(input);
                return put(member, score_from(input));
            }
        }
    }

    void check() const {
        set_->check_invariants();
        check_one(*set_, model_);
        if (version_ != nullptr) check_one(*version_, version_model_);
        const std::vector<ScoredMember> elements = in_order(model_);
        for (size_t rank = 0; rank < elements.size(); ++rank) {
            const auto found = set_->rank(elements[rank].member);
            CHECK(found.has_value());
            CHECK(found->rank == rank);
            CHECK(found->score == elements[rank].score);
        }
    }

private:
    static void check_one(const SortedSet& set, const Scores& model) {
        const std::vector<ScoredMember> elements = in_order(model);
        CHECK(set.size() == elements.size());
        auto forward = set.first();
        for (const ScoredMember& each : elements) {
            CHECK(static_cast<bool>(forward));
            CHECK(forward.member() == each.member);
            CHECK(forward.score() == each.score);
            forward.next();
        }
        CHECK(!forward);
        auto backward = set.last();
        for (auto each = elements.rbegin(); each != elements.rend(); ++each) {
            CHECK(backward.member() == each->member);
            backward.previous();
        }
        CHECK(!backward);
    }

    static double score_from(ByteReader& input) {
        const uint8_t what = input.read_byte();
        switch (what % 8) {
            case 0:
                return what;
            case 1:
                return -1.5 * what;
            case 2:
                return what < 128 ? std::numeric_limits<double>::infinity()
                                  : -std::numeric_limits<double>::infinity();
            case 3:
                return 9007199254740992.0 * what;
            case 4:
                return 0.1 * what;
            case 5:
                return static_cast<double>(INT64_MAX) - what;
            case 6:
                return std::ldexp(1.0, what * 4 - 512);
            default: {
                const uint64_t bits = input.read_little_endian<uint64_t>();
                double score = 0;
                static_assert(sizeof score == sizeof bits);
                std::memcpy(&score, &bits, sizeof score);
                return std::isnan(score) ? 0 : score;
            }
        }
    }

    void put(const std::string& member, double score) {
        const auto found = model_.find(member);
        using Outcome = SortedSet::Outcome;
        const Outcome expected = found == model_.end()     ? Outcome::Added
                                 : found->second == score ? Outcome::Same
                                                           : Outcome::Changed;
        CHECK(set_->put(member, score, limits_) == expected);
        model_[member] = score;
        CHECK(set_->score(member) == score);
    }
    void erase(const std::string& member) {
        CHECK(set_->erase(member) == (model_.erase(member) == 1));
        CHECK(!set_->score(member));
    }
    void erase_span(uint8_t first, uint8_t count) {
        const std::vector<ScoredMember> elements = in_order(model_);
        if (first >= elements.size()) return;
        const size_t end = std::min<size_t>(elements.size(), size_t{first} + count);
        std::vector<std::string> gone;
        for (size_t rank = first; rank < end; ++rank) gone.emplace_back(elements[rank].member);
        set_->erase({first, end - first});
        for (const std::string& member : gone) model_.erase(member);
    }
    void rebuild(uint8_t what) {
        thaw();
        const bool copies = what < 128;
        set_ = copies ? std::unique_ptr<SortedSet>(static_cast<SortedSet*>(set_->clone().release()))
                      : SortedSet::of(limits_, in_order(model_));
    }
    void freeze() {
        if (version_ != nullptr || set_->listpack() != nullptr) return;
        version_ = std::unique_ptr<SortedSet>(static_cast<SortedSet*>(set_->freeze().release()));
        version_model_ = model_;
    }
    void thaw() {
        if (version_ == nullptr) return;
        set_->thaw();
        version_ = nullptr;
    }

    SortedSet::Limits limits_;
    std::unique_ptr<SortedSet> set_ = std::make_unique<SortedSet>();
    Scores model_;
    std::unique_ptr<SortedSet> version_;
    Scores version_model_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    run_fuzzed_steps<Model>(
        ByteReader(std::string_view(reinterpret_cast<const char*>(data), size)));
    return 0;
}
