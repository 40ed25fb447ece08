// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/entry.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "keyspace/keyspace.h"
#include "structures/slab_pool.h"

namespace millrace::keyspace {
namespace {

class EmptyCollection final : public Collection {
public:
    ValueType type() const override { return ValueType::Hash; }
    std::string_view encoding() const override { return "none"; }
    uint64_t size() const override { return 0; }
    size_t memory_bytes(size_t) const override { return sizeof *this; }
    std::unique_ptr<Collection> clone() const override {
        return std::make_unique<EmptyCollection>();
    }
    size_t blocks() const override { return 1; }
    void digest(ValueDigest&) const override {}
};

class EntryTest : public testing::Test {
protected:
    static constexpr size_t kKeyBytes[] = {0, 1, 10, 17, 255, 256, 1000};
    static constexpr ExpiryRoom kRooms[] = {ExpiryRoom::No, ExpiryRoom::Yes};

    // What all kinds have in common.
    void check(Entry& entry, const std::string& key, ExpiryRoom room, size_t string_bytes) {
        EXPECT_EQ(entry.key(), key);
        EXPECT_EQ(entry.expire_at_ms(), kNoExpiry);
        EXPECT_EQ(entry.has_expiry_room(), room == ExpiryRoom::Yes);
        EXPECT_EQ(entry.string_bytes(), string_bytes);
        EXPECT_GE(builder().memory_bytes(entry), entry.allocation_bytes());
        entry.set_access(0xabcdef);
        entry.set_reference_generation(0x12);
        if (room == ExpiryRoom::Yes) {
            entry.set_expire_at_ms(INT64_MAX - 3);
            EXPECT_EQ(entry.expire_at_ms(), INT64_MAX - 3);
        }
        EXPECT_EQ(entry.access(), 0xabcdefu);
        EXPECT_EQ(entry.reference_generation(), 0x12);
        EXPECT_EQ(entry.key(), key);
    }
    // Keys of all sizes, with and without room for an expiry.
    template <typename Visitor>
    static void for_each_key(const Visitor& visitor) {
        for (const size_t bytes : kKeyBytes) {
            for (const ExpiryRoom room : kRooms) visitor(std::string(bytes, 'k'), room);
        }
    }
    EntryBuilder& builder() { return keyspace_.builder(); }
    void free(Entry* entry) { builder().free(entry, keyspace_.remote_frees()); }

    structures::SlabHeapPool heaps_;
    Keyspace keyspace_{1, SipKey{.low = 1, .high = 2}, heaps_};
};

TEST_F(EntryTest, KeepsStrings) {
    for_each_key([&](const std::string& key, ExpiryRoom room) {
        for (const size_t bytes : {size_t{0}, size_t{5}, size_t{500}, size_t{70000}}) {
            const std::string value(bytes, 'v');
            Entry* entry = builder().string(key, value, room);
            check(*entry, key, room, bytes);
            EXPECT_EQ(entry->string(), value);
            free(entry);
        }
    });
}

TEST_F(EntryTest, KeepsIntegers) {
    for_each_key([&](const std::string& key, ExpiryRoom room) {
        Entry* entry = builder().integer(key, INT64_MIN + 1, room);
        check(*entry, key, room, 0);
        EXPECT_EQ(entry->integer(), INT64_MIN + 1);
        entry->set_integer(-1);
        EXPECT_EQ(entry->integer(), -1);
        EXPECT_EQ(entry->string_bytes(), 0u);
        EXPECT_EQ(entry->key(), key);
        free(entry);
    });
}

TEST_F(EntryTest, KeepsCollections) {
    for_each_key([&](const std::string& key, ExpiryRoom room) {
        auto collection = std::make_unique<EmptyCollection>();
        const Collection* const same = collection.get();
        Entry* entry = builder().collection(key, std::move(collection), room);
        check(*entry, key, room, 0);
        EXPECT_EQ(entry->collection(), same);
        Entry* const other = builder().rekey(*entry, key + "2", ExpiryRoom::Yes);
        EXPECT_EQ(entry->collection(), nullptr);
        EXPECT_EQ(other->collection(), same);
        EXPECT_EQ(other->key(), key + "2");
        EXPECT_EQ(other->access(), 0xabcdefu);
        free(entry);
        free(other);
    });
}

// The sizes decide what a million keys take.
TEST_F(EntryTest, TakesNoMoreThanItMust) {
    const std::string key(10, 'k');
    const auto bytes_of = [this](Entry* entry) {
        const size_t bytes = entry->allocation_bytes();
        free(entry);
        return bytes;
    };
    EXPECT_EQ(bytes_of(builder().string(key, "value", ExpiryRoom::No)), 8u + 10 + 5);
    EXPECT_EQ(bytes_of(builder().string(key, "value", ExpiryRoom::Yes)), 8u + 8 + 10 + 5);
    EXPECT_EQ(bytes_of(builder().integer(key, 1, ExpiryRoom::No)), 6u + 8 + 10);
    EXPECT_EQ(bytes_of(builder().integer(key, 1, ExpiryRoom::Yes)), 6u + 8 + 8 + 10);
    EXPECT_EQ(
        bytes_of(builder().collection(key, std::make_unique<EmptyCollection>(), ExpiryRoom::No)),
        6u + 8 + 10);
}

}  // namespace
}  // namespace millrace::keyspace
