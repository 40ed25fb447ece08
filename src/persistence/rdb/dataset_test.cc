// SPDX-License-Identifier: BSD-3-Clause
//
// The whole dataset to bytes and back, and files that cannot be loaded.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "keyspace/keyspace.h"
#include "persistence/rdb/dataset_reader.h"
#include "persistence/rdb/dataset_writer.h"
#include "structures/listpack.h"
#include "structures/slab_pool.h"
#include "values/hash.h"

namespace millrace::persistence::rdb {
namespace {

constexpr SipKey kSeed{.low = 1, .high = 2};
constexpr int64_t kNow = 1'700'000'000'000;

struct Dataset {
    Dataset() { keyspace.set_now_ms(kNow); }

    void add(int db, std::string_view key, std::string_view text, int64_t expire_at_ms) {
        keyspace::Entry* entry = keyspace.builder().string(key, text, keyspace::ExpiryRoom::Yes);
        entry->set_expire_at_ms(expire_at_ms);
        keyspace.database(db).insert(entry, keyspace.hash(key));
    }
    const keyspace::Entry* find(int db, std::string_view key) {
        const auto at = keyspace.database(db).find(key, keyspace.hash(key));
        return at ? at.element() : nullptr;
    }
    std::string file(bool checksum = true) {
        BufferSink sink;
        Writer writer(sink, {.checksum = checksum});
        EXPECT_TRUE(write_dataset(writer, keyspace, {.now_seconds = kNow / 1000}).ok());
        return std::string(sink.view());
    }
    std::string load(std::string_view bytes, const LoadOptions& options = {}) {
        DatasetReader reader(keyspace, options, bytes);
        Status status = reader.check_header();
        if (status.ok()) status = reader.load();
        counts = reader.counts();
        return status.ok() ? "" : std::string(status.error().text());
    }

    structures::SlabHeapPool heaps;
    keyspace::Keyspace keyspace{4, kSeed, heaps};
    LoadCounts counts;
};

TEST(RdbFile, ComesBackAsItWas) {
    Dataset from;
    for (int i = 0; i < 5000; ++i) {
        from.add(i % 3, "key" + std::to_string(i), std::string(size_t(i % 50), 'v'),
                 i % 2 == 0 ? keyspace::kNoExpiry : kNow + i);
    }
    Dataset to;
    EXPECT_EQ(to.load(from.file()), "");
    EXPECT_EQ(to.counts.loaded, 5000u);
    EXPECT_EQ(to.keyspace.total_size(), 5000u);
    for (int i = 0; i < 5000; ++i) {
        const keyspace::Entry* entry = to.find(i % 3, "key" + std::to_string(i));
        ASSERT_NE(entry, nullptr);
        EXPECT_EQ(entry->string(), std::string(size_t(i % 50), 'v'));
        EXPECT_EQ(entry->expire_at_ms(), i % 2 == 0 ? keyspace::kNoExpiry : kNow + i);
    }
    EXPECT_EQ(to.keyspace.database(0).expiring(), from.keyspace.database(0).expiring());
}

TEST(RdbFile, LeavesOutWhatIsPastItsTime) {
    Dataset from;
    from.add(0, "old", "v", kNow - 1);
    from.add(0, "new", "v", kNow + 1);
    Dataset to;
    EXPECT_EQ(to.load(from.file()), "");
    EXPECT_EQ(to.counts.expired, 1u);
    EXPECT_EQ(to.find(0, "old"), nullptr);
    Dataset replica;
    EXPECT_EQ(replica.load(from.file(), {.drops_expired = false}), "");
    EXPECT_NE(replica.find(0, "old"), nullptr);
}

TEST(RdbFile, MayHaveNoChecksum) {
    Dataset from;
    from.add(0, "key", "value", keyspace::kNoExpiry);
    std::string bytes = from.file(false);
    EXPECT_EQ(bytes.substr(bytes.size() - 8), std::string(8, '\0'));
    Dataset to;
    EXPECT_EQ(to.load(bytes), "");
    bytes.back() = 1;
    Dataset other;
    EXPECT_NE(other.load(bytes).find("Wrong RDB checksum"), std::string::npos);
    Dataset third;
    EXPECT_EQ(third.load(bytes, {.verify_checksum = false}), "");
}

// Large enough to be summed up on another thread.
TEST(RdbFile, IsCheckedWhenItIsLarge) {
    Dataset from;
    uint64_t random = 1;
    for (int i = 0; i < 100; ++i) {
        std::string value(60000, ' ');
        for (char& c : value) {
            random = random * 6364136223846793005 + 1442695040888963407;
            c = static_cast<char>(random >> 56);
        }
        from.add(0, "key " + std::to_string(i), value, keyspace::kNoExpiry);
    }
    std::string bytes = from.file();
    ASSERT_GT(bytes.size(), size_t{5} << 20);
    Dataset to;
    EXPECT_EQ(to.load(bytes), "");
    EXPECT_EQ(to.counts.loaded, 100u);
    bytes[bytes.size() / 2] ^= 1;
    Dataset other;
    EXPECT_NE(other.load(bytes).find("Wrong RDB checksum"), std::string::npos);
    Dataset third;
    EXPECT_NE(third.load(bytes.substr(0, bytes.size() / 2)), "");
}

TEST(RdbFile, IsRefusedWhenCutOffOrForeign) {
    Dataset from;
    from.add(0, "key", "value", kNow + 1000);
    const std::string bytes = from.file();
    for (size_t size = 0; size < bytes.size(); ++size) {
        Dataset to;
        EXPECT_NE(to.load(bytes.substr(0, size)), "") << size;
    }
    const auto error = [](std::string_view header) {
        Dataset to;
        std::string file(header);
        file += '\xff';
        file.append(8, '\0');
        return to.load(file);
    };
    EXPECT_EQ(error("VALKEY080"), "");
    EXPECT_EQ(error("REDIS0011"), "");
    EXPECT_EQ(error("REDIS0003"), "");
    EXPECT_EQ(error("REDIS0012"), "Can't handle RDB format version 12");
    EXPECT_EQ(error("REDIS0080"), "Can't handle RDB format version 80");
    EXPECT_EQ(error("VALKEY011"), "Can't handle RDB format version 11");
    EXPECT_EQ(error("VALKEY081"), "Can't handle RDB format version 81");
    EXPECT_EQ(error("VALKEYabc"), "Wrong signature trying to load DB from file: VALKEYabc");
    EXPECT_EQ(error("nonsense!"), "Wrong signature trying to load DB from file: nonsense!");
}

// --- what Redis 7.4 and later write of fields that expire ---

std::string little_endian(int64_t number) {
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>(number >> (8 * i));
    return bytes;
}

std::string redis_file(char type, const std::string& value) {
    std::string file = "REDIS0012";
    file += type;
    file.append("\1h");
    return file + value + '\xff' + std::string(8, '\0');
}

// Three fields: one that expires at kNow + 5, one whose time is over, and one that stays.
std::string redis_table() {
    std::string value = little_endian(kNow - 1) + '\3';
    return value.append("\7\1a\1x\1\1b\1y", 10).append("\0\1c\1z", 5);
}

std::string redis_pack(const std::vector<std::string>& elements) {
    structures::Listpack pack;
    for (const std::string& each : elements) pack.insert(structures::Listpack::kNone, each);
    const auto blob = pack.blob();
    std::string value = little_endian(kNow - 1);
    value += static_cast<char>(blob.size());
    return value.append(blob.data(), blob.size());
}

TEST(RdbFile, HashesOfRedisKeepTheTimesOfTheirFields) {
    const std::string at = std::to_string(kNow + 5);
    const std::string over = std::to_string(kNow - 1);
    const std::string files[] = {
        redis_file(24, redis_table()),
        redis_file(25, redis_pack({"b", "y", over, "a", "x", at, "c", "z", "0"}))};
    for (const std::string& file : files) {
        Dataset to;
        EXPECT_EQ(to.load(file), "Can't handle RDB format version 12");
        ASSERT_EQ(to.load(file, {.is_relaxed = true}), "");
        const auto* hash = static_cast<const values::Hash*>(to.find(0, "h")->collection());
        EXPECT_EQ(hash->size(), 2u);
        EXPECT_EQ(hash->expiry("a", kNow), kNow + 5);
        EXPECT_EQ(hash->expiry("c", kNow), keyspace::kNoExpiry);
        EXPECT_FALSE(hash->contains("b", kNow));
        for (size_t size = 9; size + 9 < file.size(); ++size) {
            Dataset other;
            EXPECT_NE(other.load(file.substr(0, size), {.is_relaxed = true}), "") << size;
        }
    }
}

TEST(RdbFile, DamagedHashesOfRedisAreRefused) {
    const std::string at = std::to_string(kNow + 5);
    const std::string late = little_endian(INT64_MAX) + "\1\2\1a\1x";
    const std::string files[] = {
        redis_file(24, late),
        redis_file(24, little_endian(-5) + "\1\2\1a\1x"),
        redis_file(24, little_endian(kNow) + "\2\2\1a\1x\2\1a\1y"),
        redis_file(25, redis_pack({"a", "x"})),
        redis_file(25, redis_pack({"a", "x", at, "b"})),
        redis_file(25, redis_pack({"a", "x", at, "a", "y", at})),
        redis_file(25, redis_pack({"a", "x", "never"})),
        redis_file(25, redis_pack({"a", "x", "-1"})),
        redis_file(26, redis_table()),
        redis_file(22, redis_table())};
    for (const std::string& file : files) {
        Dataset to;
        EXPECT_NE(to.load(file, {.is_relaxed = true}), "");
        EXPECT_EQ(to.find(0, "h"), nullptr);
    }
}

TEST(RdbFile, KeysThatAreThereAreAnErrorOrGo) {
    Dataset from;
    from.add(0, "key", "new", keyspace::kNoExpiry);
    Dataset to;
    to.add(0, "key", "old", keyspace::kNoExpiry);
    EXPECT_EQ(to.load(from.file()), "RDB has duplicated key in DB 0");
    EXPECT_EQ(to.find(0, "key")->string(), "old");
    EXPECT_EQ(to.load(from.file(), {.replaces = true}), "");
    EXPECT_EQ(to.find(0, "key")->string(), "new");
}

}  // namespace
}  // namespace millrace::persistence::rdb
