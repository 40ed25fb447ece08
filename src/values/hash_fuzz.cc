// SPDX-License-Identifier: BSD-3-Clause
//
// Random steps on a hash in both forms, with fields that expire, and on frozen versions of it,
// against a std::map.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "values/fuzzed_words.h"
#include "values/hash.h"

using namespace millrace;
using namespace millrace::values;

namespace {

using keyspace::kNoExpiry;

constexpr SipKey kSeed{1, 2};

struct Field {
    std::string value;
    int64_t expire_at_ms = kNoExpiry;
    bool is_due(int64_t now_ms) const {
        return expire_at_ms != kNoExpiry && expire_at_ms < now_ms;
    }
};
using Fields = std::map<std::string, Field>;

class Model {
public:
    explicit Model(uint8_t limits) {
        encodings_.hash_max_listpack_entries = limits % 32;
        encodings_.hash_max_listpack_value = limits / 2;
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
                (void)hash_->renew_step(uint64_t{what} << 56);
                if ((what & 64) != 0) return;
                thaw();
                hash_ = std::unique_ptr<Hash>(static_cast<Hash*>(hash_->clone().release()));
                return;
            case 3:
                now_ms_ += what / 16;
                return;
            case 4:
                return erase_due(what / 16);
            case 5:
            case 6:
            case 7:
                return erase(fuzzed_word(input), (what & 128) != 0 ? now_ms_ : Hash::kAnyTime);
            case 8:
            case 9:
                return set_expiry(fuzzed_word(input), time_from(input));
            case 10:
                return set_many(what / 2);
            default:
                return set(input, what);
        }
    }

    void check() const {
        check_one(*hash_, model_);
        if (version_ != nullptr) check_one(*version_, version_model_);
        for (const auto& [name, field] : model_) {
            Text value;
            const bool there = hash_->get(name, now_ms_, value);
            CHECK(there == !field.is_due(now_ms_));
            if (there) CHECK(value.view() == field.value);
            CHECK(hash_->expiry(name, Hash::kAnyTime) == field.expire_at_ms);
        }
        int64_t next = kNoExpiry;
        for (const auto& [_, field] : model_) {
            if (field.expire_at_ms == kNoExpiry) continue;
            if (next == kNoExpiry || field.expire_at_ms < next) next = field.expire_at_ms;
        }
        CHECK(hash_->has_expiring_fields() == (next != kNoExpiry));
        // It may be early, and must not be late.
        if (next != kNoExpiry) CHECK(hash_->next_expiry_ms() <= next);
    }

private:
    static void check_one(const Hash& hash, const Fields& model) {
        CHECK(hash.size() == model.size());
        if (hash.pack() != nullptr) hash.pack()->check_invariants();
        size_t seen = 0;
        hash.for_each(Hash::kAnyTime, [&](std::string_view name, std::string_view value) {
            const auto found = model.find(std::string(name));
            CHECK(found != model.end());
            CHECK(found->second.value == value);
            ++seen;
        });
        CHECK(seen == model.size());
    }

    int64_t time_from(ByteReader& input) const {
        const uint8_t what = input.read_byte();
        return what < 32 ? kNoExpiry : now_ms_ + what - 64;
    }

    void set(ByteReader& input, uint8_t what) {
        const std::string name = fuzzed_word(input);
        const std::string value = fuzzed_word(input);
        FieldTime time{.now_ms = now_ms_};
        if (what / 16 % 4 == 1) time.keep_expiry = true;
        if (what / 16 % 4 == 2) time.expire_at_ms = time_from(input);
        put(name, value, time);
    }

    void put(const std::string& name, const std::string& value, const FieldTime& time) {
        const auto found = model_.find(name);
        const FieldBefore expected = found == model_.end()            ? FieldBefore::Missing
                                     : found->second.is_due(now_ms_) ? FieldBefore::Due
                                                                      : FieldBefore::There;
        const std::string_view words[] = {name, value};
        hash_->prepare(std::span(words), rules_);
        CHECK(hash_->set(name, value, rules_, time) == expected);
        Field& field = model_[name];
        field.value = value;
        const bool keeps = time.keep_expiry && expected == FieldBefore::There;
        if (!keeps) field.expire_at_ms = time.expire_at_ms;
    }

    void set_many(uint8_t count) {
        for (uint8_t i = 0; i < count; ++i) {
            put("many" + std::to_string(i), std::to_string(count), {.now_ms = now_ms_});
        }
    }

    void set_expiry(const std::string& name, int64_t at_ms) {
        if (!model_.contains(name)) return;
        hash_->set_expiry(name, at_ms, rules_);
        model_[name].expire_at_ms = at_ms;
    }

    void erase(const std::string& name, int64_t now_ms) {
        const auto found = model_.find(name);
        const bool expected = found != model_.end() &&
                              (now_ms == Hash::kAnyTime || !found->second.is_due(now_ms));
        CHECK(hash_->erase(name, now_ms) == expected);
        if (expected) model_.erase(found);
    }

    void erase_due(size_t count_max) {
        const std::vector<std::string> names = hash_->erase_due(now_ms_, count_max);
        CHECK(names.size() <= count_max);
        for (const std::string& name : names) {
            CHECK(model_.at(name).is_due(now_ms_));
            model_.erase(name);
        }
        const auto left = std::count_if(model_.begin(), model_.end(), [&](const auto& each) {
            return each.second.is_due(now_ms_);
        });
        if (names.size() < count_max) CHECK(left == 0);
    }

    void freeze() {
        if (version_ != nullptr || hash_->table() == nullptr) return;
        version_ = std::unique_ptr<Hash>(static_cast<Hash*>(hash_->freeze().release()));
        version_model_ = model_;
    }
    void thaw() {
        if (version_ == nullptr) return;
        hash_->thaw();
        version_ = nullptr;
    }

    keyspace::EncodingSettings encodings_;
    GrowthRules rules_{encodings_, kSeed};
    int64_t now_ms_ = 1000;
    std::unique_ptr<Hash> hash_ = std::make_unique<Hash>();
    Fields model_;
    std::unique_ptr<Hash> version_;
    Fields version_model_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    run_fuzzed_steps<Model>(
        ByteReader(std::string_view(reinterpret_cast<const char*>(data), size)));
    return 0;
}
