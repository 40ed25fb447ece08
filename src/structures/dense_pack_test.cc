// SPDX-License-Identifier: BSD-3-Clause
#include "structures/dense_pack.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "structures/sealable_pack.h"

namespace millrace::structures {
namespace {

using Texts = std::vector<std::string>;

constexpr size_t kAnyItems = SealablePack::kAnyItems;

Listpack pack_of(const Texts& texts) {
    Listpack pack;
    for (const std::string& text : texts) pack.append(text);
    return pack;
}

std::string bytes_of(const Listpack& pack) {
    return {pack.blob().data(), pack.blob().size()};
}

// Reads it in every way, and makes it a listpack again.
void expect_same(const DensePack& dense, const Texts& texts) {
    ASSERT_TRUE(dense);
    dense.check_invariants();
    ASSERT_EQ(dense.size(), texts.size());
    char digits[24];
    DensePack::Position at = dense.first();
    for (size_t i = 0; i < texts.size(); ++i, at = dense.next(at)) {
        ASSERT_NE(at, DensePack::kNone);
        ASSERT_EQ(dense.view(at, digits), texts[i]);
        ASSERT_TRUE(dense.equals(at, texts[i]));
        ASSERT_FALSE(dense.equals(at, texts[i] + "x"));
        ASSERT_EQ(dense.index_of(at), i);
        ASSERT_EQ(dense.at(static_cast<int64_t>(i)), at);
        ASSERT_EQ(dense.at(static_cast<int64_t>(i) - static_cast<int64_t>(texts.size())), at);
    }
    ASSERT_EQ(at, DensePack::kNone);
    at = dense.last();
    for (size_t i = texts.size(); i-- > 0; at = dense.previous(at))
        ASSERT_EQ(dense.view(at, digits), texts[i]);
    ASSERT_EQ(at, DensePack::kNone);
    ASSERT_EQ(dense.at(static_cast<int64_t>(texts.size())), DensePack::kNone);
    ASSERT_EQ(bytes_of(dense.expand()), bytes_of(pack_of(texts)));
    ASSERT_EQ(bytes_of(dense.clone().expand()), bytes_of(pack_of(texts)));
}

TEST(DensePack, SharesWhatTextsBeginWith) {
    Texts texts;
    for (int i = 0; i < 100; ++i) texts.push_back(fmt::format("user:{:08}", i));
    const DensePack dense = DensePack::of(pack_of(texts), 1);
    expect_same(dense, texts);
    EXPECT_EQ(dense.items(), 1u);
    EXPECT_LE(dense.memory_bytes(), 16u + 6 + 12 + 200 + 24);
}

TEST(DensePack, TellsTextsApartByAnyOfTheirBytes) {
    Texts texts;
    for (int i = 0; i < 100; ++i) texts.push_back(fmt::format("some:item:{}", 1000 + i));
    const DensePack dense = DensePack::of(pack_of(texts), 1);
    ASSERT_TRUE(dense);
    DensePack::Position at = dense.first();
    for (const std::string& text : texts) {
        for (size_t i = 0; i < text.size(); ++i) {
            std::string other = text;
            other[i] = '!';
            ASSERT_FALSE(dense.equals(at, other));
        }
        ASSERT_FALSE(dense.equals(at, ""));
        ASSERT_TRUE(dense.equals(at, text));
        at = dense.next(at);
    }
}

TEST(DensePack, SpendsNothingBesideRandomTexts) {
    std::mt19937_64 random(1);
    Texts texts;
    for (int i = 0; i < 454; ++i) texts.push_back(fmt::format("{:016x}", random()));
    const DensePack dense = DensePack::of(pack_of(texts), 1);
    expect_same(dense, texts);
    // In two blocks: one of that size would be rounded up to 8192.
    EXPECT_LE(dense.memory_bytes(), 7168u + 160);
}

TEST(DensePack, KeepsNumbers) {
    Texts texts;
    for (int64_t i = 0; i < 64; ++i) texts.push_back(std::to_string(i));
    for (int64_t i = -60; i < 60; ++i) texts.push_back(std::to_string(i * 60));
    for (int64_t width = 1; width < 9; ++width)
        for (int64_t i = 0; i < 30; ++i)
            texts.push_back(std::to_string((i - 15) * (int64_t{1} << (8 * width - 6))));
    const DensePack dense = DensePack::of(pack_of(texts), kAnyItems);
    expect_same(dense, texts);
    EXPECT_LT(dense.items(), 100u);
    EXPECT_EQ(dense.number(dense.at(3)), 3);
    EXPECT_EQ(dense.number(dense.at(64)), -3600);
}

TEST(DensePack, SaysNoWhereItWinsNothing) {
    EXPECT_FALSE(DensePack::of(Listpack(), kAnyItems));
    EXPECT_FALSE(DensePack::of(pack_of({"one", "two"}), kAnyItems));
    Texts texts;
    for (int i = 0; i < 50; ++i) texts.emplace_back(30 + i, 'x');
    EXPECT_FALSE(DensePack::of(pack_of(texts), kAnyItems));
    // Many items, of which a reader from behind would have to walk over too many.
    texts.clear();
    for (int i = 0; i < 50; ++i) texts.emplace_back(1 + i % 5, 'x');
    EXPECT_FALSE(DensePack::of(pack_of(texts), 49));
    expect_same(DensePack::of(pack_of(texts), 50), texts);
}

TEST(DensePack, KeepsEncodingsThatNobodyWouldChoose) {
    // A number as a text, and one wider than it need be, as a file may hold them.
    std::string blob("\0\0\0\0\0\0", 6);
    for (int i = 0; i < 20; ++i) blob += std::string("\x81\x35\x02\xf4\x05\0\0\0\0\0\0\0\x09", 13);
    for (int i = 0; i < 20; ++i) blob += std::string("\xe0\x01x\x03", 4);
    blob += '\xff';
    blob[0] = static_cast<char>(blob.size() & 0xff);
    blob[1] = static_cast<char>(blob.size() >> 8);
    blob[4] = 60;
    auto pack = Listpack::from_blob(blob);
    ASSERT_TRUE(pack.ok());
    const DensePack dense = DensePack::of(*pack, kAnyItems);
    ASSERT_TRUE(dense);
    EXPECT_EQ(bytes_of(dense.expand()), blob);
}

Texts random_texts(std::mt19937_64& random) {
    Texts texts;
    const size_t stretches = 1 + random() % 6;
    for (size_t s = 0; s < stretches; ++s) {
        const size_t count = 1 + random() % 120;
        const size_t length = random() % 10 == 0 ? random() % 300 : random() % 30;
        const std::string prefix(random() % (length + 1), 'p');
        const uint64_t kind = random() % 4;
        const uint64_t shift = random() % 64;
        for (size_t i = 0; i < count; ++i) {
            std::string text = prefix;
            while (text.size() < length) text += static_cast<char>('a' + random() % 20);
            if (kind == 1) text = std::to_string(static_cast<int64_t>(random()) >> shift);
            if (kind == 2) text.resize(random() % 9, 'q');
            texts.push_back(text);
        }
    }
    return texts;
}

// They have no tails; those of a run at the end of all had no address either.
TEST(DensePack, HoldsTextsThatAreAllTheSame) {
    for (size_t length = 0; length <= 20; ++length) {
        const Texts texts(100, std::string(length, 's'));
        const DensePack dense = DensePack::of(pack_of(texts), kAnyItems);
        if (length > 0) {
            ASSERT_TRUE(dense) << length;
        }
        if (!dense) continue;  // Nothing is gained.
        expect_same(dense, texts);
        char digits[24];
        EXPECT_NE(dense.view(dense.at(-1), digits).data(), nullptr) << length;
    }
}

TEST(DensePack, HoldsWhateverAListpackHolds) {
    std::mt19937_64 random(7);
    int made = 0;
    for (int round = 0; round < 600; ++round) {
        const Texts texts = random_texts(random);
        const Listpack pack = pack_of(texts);
        const DensePack dense = DensePack::of(pack, kAnyItems);
        if (!dense) continue;
        ++made;
        expect_same(dense, texts);
        if (HasFatalFailure()) return;
    }
    EXPECT_GT(made, 300);
}

TEST(SealablePack, IsReadAlikeInBothForms) {
    Texts texts;
    for (int i = 0; i < 100; ++i) texts.push_back(fmt::format("name{:04}", i));
    SealablePack pack(pack_of(texts));
    const size_t memory = pack.memory_bytes();
    pack.seal(1);
    ASSERT_TRUE(pack.is_sealed());
    EXPECT_LT(pack.memory_bytes(), memory / 2);
    EXPECT_EQ(pack.bytes(), pack_of(texts).bytes());
    EXPECT_EQ(pack.size(), 100u);
    EXPECT_TRUE(pack.equals(pack.at(-1), "name0099"));
    EXPECT_FALSE(pack.equals(pack.at(-1), "name0098"));
    EXPECT_TRUE(pack.clone().is_sealed());
    Listpack room;
    const std::span<const char> blob = pack.blob(room);
    EXPECT_EQ(std::string(blob.data(), blob.size()), bytes_of(pack_of(texts)));
    pack.open().append("more");
    EXPECT_FALSE(pack.is_sealed());
    EXPECT_EQ(pack.size(), 101u);
    pack.check_invariants();
}

}  // namespace
}  // namespace millrace::structures
