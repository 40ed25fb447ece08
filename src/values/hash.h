// SPDX-License-Identifier: BSD-3-Clause
//
// A hash: values by field names. A field may have an expiry of its own.
//
// A small hash is a listpack of field, value, field, value ... in the order in which they came. It
// becomes a table, for good, when it has too many fields, one of them or its value is too long, or
// one is given an expiry.
//
// A field whose time is over is still there, and counts in size(), until somebody erases it; those
// who read pass the time and do not see it.
//
// Owner:   its entry.
// Threads: main thread; destroyed on any.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keyspace/collection.h"
#include "structures/listpack.h"
#include "structures/small_or_large.h"
#include "values/growth_rules.h"
#include "values/member_table.h"
#include "values/text.h"

namespace millrace::values {

// What setting a field found there.
enum class FieldBefore : uint8_t {
    Missing,
    There,
    Due,  // It was past its time, which counts as missing.
};

// How setting a field deals with time.
struct FieldTime {
    int64_t now_ms = INT64_MIN;
    bool keep_expiry = false;                    // That of a field that is there; or
    int64_t expire_at_ms = keyspace::kNoExpiry;  // the one to get.
};

class Hash final : public keyspace::Collection {
public:
    static constexpr keyspace::ValueType kType = keyspace::ValueType::Hash;

    // The time to pass where fields whose time is over are wanted too.
    static constexpr int64_t kAnyTime = INT64_MIN;

    Hash() = default;
    // Of a blob that has been checked: pairs of fields and values, no field twice.
    explicit Hash(structures::Listpack pairs) : form_(std::move(pairs)) {}
    explicit Hash(std::unique_ptr<MemberTable> table) : form_(std::move(table)) {}

    keyspace::ValueType type() const override { return kType; }
    std::string_view encoding() const override;
    uint64_t size() const override;
    size_t memory_bytes(size_t samples) const override;
    std::unique_ptr<Collection> clone() const override;
    std::unique_ptr<Collection> freeze() override;
    void thaw() override { form_.large().thaw(); }
    uint64_t renew_step(uint64_t position) override {
        return form_.is_large() ? form_.large().renew_step(position) : 0;
    }
    size_t blocks() const override;
    void digest(keyspace::ValueDigest& digest) const override;
    int64_t next_expiry_ms() const override {
        return form_.is_large() ? form_.large().next_expiry_ms() : keyspace::kNoExpiry;
    }
    int64_t expiry_filed_ms() const override {
        return form_.is_large() ? form_.large().filed_ms() : keyspace::kNoExpiry;
    }
    void set_expiry_filed_ms(int64_t at) override {
        if (form_.is_large()) form_.large().set_filed_ms(at);
    }
    std::vector<std::string> erase_due(int64_t now_ms, size_t count_max) override;

    // --- reading ---

    bool get(std::string_view field, int64_t now_ms, Text& value) const;
    bool contains(std::string_view field, int64_t now_ms) const;
    // When the field expires, kNoExpiry if never; nothing if there is no such field.
    std::optional<int64_t> expiry(std::string_view field, int64_t now_ms) const;
    bool has_expiring_fields() const { return form_.is_large() && form_.large().expiring() > 0; }

    // Any field with its value; the hash is not empty. Its time may be over.
    struct Picked {
        Text field;
        Text value;
        int64_t expire_at_ms = keyspace::kNoExpiry;
        bool is_due(int64_t now_ms) const {
            return expire_at_ms != keyspace::kNoExpiry && expire_at_ms < now_ms;
        }
    };
    void pick(uint64_t entropy, Picked& picked) const;

    // Visits all fields as (field, value).
    template <typename Visitor>
    void for_each(int64_t now_ms, Visitor&& visitor) const;
    // The same for some of them; returns the cursor for the next step, and 0 begins and ends.
    template <typename Visitor>
    uint64_t scan(uint64_t cursor, int64_t now_ms, Visitor&& visitor) const;

    // --- changes ---

    // To be called once for all pairs that a command brings: becomes a table at once if they will
    // not fit. `texts` are fields and values.
    template <typename Texts>
    void prepare(const Texts& texts, const GrowthRules& rules);
    FieldBefore set(std::string_view field, std::string_view value, const GrowthRules& rules,
                    const FieldTime& time = {});
    // For whoever loads one: a new field with an expiry; false if it is there already.
    bool load(std::string_view field, std::string_view value, int64_t expire_at_ms,
              const GrowthRules& rules);
    // False: it is not there, or its time is over, and it stays for whoever sweeps.
    bool erase(std::string_view field, int64_t now_ms = kAnyTime);
    // Of a field that is there. One that gets an expiry makes the hash a table.
    void set_expiry(std::string_view field, int64_t expire_at_ms, const GrowthRules& rules);
    void become_table(const GrowthRules& rules);

    const void* contents() const override { return form_.target(); }
    uint64_t fetch_place(std::string_view element) const override {
        return form_.is_large() ? form_.large().fetch_place(element) : 0;
    }
    void fetch_element(uint64_t place) const override {
        if (place != 0) form_.large().fetch_member(place);
    }
    // One of the two is null.
    const structures::Listpack* pack() const { return form_.is_large() ? nullptr : &form_.small(); }
    const MemberTable* table() const { return form_.large_or_null(); }

private:
    using Position = structures::Listpack::Position;
    static constexpr Position kNone = structures::Listpack::kNone;

    Position find_in_pack(std::string_view field) const {
        return form_.small().find(field, form_.small().first(), 1);
    }
    FieldBefore set_in_pack(std::string_view field, std::string_view value);
    FieldBefore set_in_table(std::string_view field, std::string_view value, const FieldTime& time);

    structures::SmallOrLarge<structures::Listpack, MemberTable> form_;
};

template <typename Visitor>
void Hash::for_each(int64_t now_ms, Visitor&& visitor) const {
    if (form_.is_large()) {
        form_.large().for_each([&](const Member& member) {
            if (!member.is_due(now_ms)) visitor(member.name(), member.value());
        });
        return;
    }
    const structures::Listpack& pairs = form_.small();
    char field[24];
    char value[24];
    for (Position at = pairs.first(); at != kNone;) {
        const Position value_at = pairs.next(at);
        visitor(pairs.view(at, field), pairs.view(value_at, value));
        at = pairs.next(value_at);
    }
}

template <typename Visitor>
uint64_t Hash::scan(uint64_t cursor, int64_t now_ms, Visitor&& visitor) const {
    if (!form_.is_large()) {
        for_each(now_ms, visitor);
        return 0;
    }
    return form_.large().scan(cursor, [&](const Member& member) {
        if (!member.is_due(now_ms)) visitor(member.name(), member.value());
    });
}

template <typename Texts>
void Hash::prepare(const Texts& texts, const GrowthRules& rules) {
    if (form_.is_large()) return;
    bool fits = texts.size() / 2 <= rules.encodings.hash_max_listpack_entries;
    size_t bytes = 0;
    for (const std::string_view text : texts) {
        fits = fits && text.size() <= rules.encodings.hash_max_listpack_value;
        bytes += text.size();
    }
    if (!fits || !form_.small().fits(bytes, texts.size())) become_table(rules);
}

}  // namespace millrace::values
