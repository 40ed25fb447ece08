// SPDX-License-Identifier: BSD-3-Clause
//
// Random steps on a set in all its forms, and on frozen versions of it, against a std::set.
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "values/fuzzed_words.h"
#include "values/set.h"

using namespace millrace;
using namespace millrace::values;

namespace {

constexpr SipKey kSeed{1, 2};
using Words = std::set<std::string>;

class Model {
public:
    explicit Model(uint8_t limits) {
        encodings_.set_max_intset_entries = limits % 16;
        encodings_.set_max_listpack_entries = limits / 16 * 4;
    }

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
                (void)set_->renew_step(uint64_t{what} << 56);
                if ((what & 64) != 0) return;
                thaw();
                set_ = std::unique_ptr<Set>(static_cast<Set*>(set_->clone().release()));
                return;
            case 3:
                if (version_ == nullptr) set_->become_integers_if_small(rules_);
                return;
            case 4:
                set_->prepare(what, rules_);
                return;
            case 5:
            case 6:
            case 7:
            case 8:
                return erase(fuzzed_word(input));
            case 9:
                return add_many(input.read_byte());
            case 10:
                return pick(what);
            default:
                return add(fuzzed_word(input));
        }
    }

    void check() const {
        check_one(*set_, model_);
        if (version_ != nullptr) check_one(*version_, version_model_);
    }

private:
    static void check_one(const Set& set, const Words& model) {
        CHECK(set.size() == model.size());
        if (set.integers() != nullptr) set.integers()->check_invariants();
        if (set.pack() != nullptr) set.pack()->check_invariants();
        size_t seen = 0;
        set.for_each([&](std::string_view member) {
            CHECK(model.contains(std::string(member)));
            ++seen;
        });
        CHECK(seen == model.size());
    }

    void add(const std::string& word) {
        CHECK(set_->contains(word) == model_.contains(word));
        CHECK(set_->add(word, rules_) == model_.insert(word).second);
        CHECK(set_->contains(word));
    }
    void erase(const std::string& word) {
        CHECK(set_->erase(word) == (model_.erase(word) == 1));
        CHECK(!set_->contains(word));
    }
    void add_many(uint8_t count) {
        for (uint8_t i = 0; i < count; ++i) add("many" + std::to_string(i));
    }
    void pick(uint8_t entropy) const {
        if (model_.empty()) return;
        Text member;
        set_->pick(entropy * 0x9e3779b97f4a7c15, member);
        CHECK(model_.contains(std::string(member.view())));
        std::set<std::string> seen;
        uint64_t cursor = 0;
        do {
            cursor =
                set_->scan(cursor, [&](std::string_view each) { seen.insert(std::string(each)); });
        } while (cursor != 0);
        CHECK(seen == model_);
    }
    void freeze() {
        if (version_ != nullptr || set_->table() == nullptr) return;
        version_ = std::unique_ptr<Set>(static_cast<Set*>(set_->freeze().release()));
        version_model_ = model_;
    }
    void thaw() {
        if (version_ == nullptr) return;
        set_->thaw();
        version_ = nullptr;
    }

    keyspace::EncodingSettings encodings_;
    GrowthRules rules_{encodings_, kSeed};
    std::unique_ptr<Set> set_ = std::make_unique<Set>();
    Words model_;
    std::unique_ptr<Set> version_;
    Words version_model_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    run_fuzzed_steps<Model>(
        ByteReader(std::string_view(reinterpret_cast<const char*>(data), size)));
    return 0;
}
