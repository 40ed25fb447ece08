// SPDX-License-Identifier: BSD-3-Clause
#include "structures/listpack.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

using namespace millrace;
using namespace millrace::structures;

namespace {

std::vector<std::string> texts(const Listpack& pack) {
    std::vector<std::string> all;
    char digits[24];
    for (auto at = pack.first(); at != Listpack::kNone; at = pack.next(at)) {
        all.emplace_back(pack.view(at, digits));
    }
    return all;
}

std::vector<std::string> backwards(const Listpack& pack) {
    std::vector<std::string> all;
    char digits[24];
    for (auto at = pack.last(); at != Listpack::kNone; at = pack.previous(at)) {
        all.emplace(all.begin(), pack.view(at, digits));
    }
    return all;
}

std::string bytes_of(const Listpack& pack) {
    return {pack.blob().data(), pack.blob().size()};
}

using Texts = std::vector<std::string>;

TEST(Listpack, TakesManyElementsAtATime) {
    for (const size_t length : {0u, 5u, 70u, 250u, 260u, 5000u}) {
        Listpack at_once;
        Listpack one_by_one;
        {
            Listpack::Appender out(at_once);
            for (int64_t i = 0; i < 60; ++i) {
                out.number(i * i * i * i * i);
                out.text(std::string(length, 'x'));
                out.text(std::to_string(i));
            }
        }
        for (int64_t i = 0; i < 60; ++i) {
            one_by_one.insert_number(Listpack::kNone, i * i * i * i * i);
            one_by_one.append(std::string(length, 'x'));
            one_by_one.append(std::to_string(i));
        }
        at_once.check_invariants();
        EXPECT_EQ(bytes_of(at_once), bytes_of(one_by_one)) << length;
    }
}

TEST(Listpack, EmptyIsSevenBytes) {
    const Listpack pack;
    EXPECT_EQ(bytes_of(pack), std::string("\x07\0\0\0\0\0\xff", 7));
    EXPECT_TRUE(pack.empty());
    EXPECT_EQ(pack.first(), Listpack::kNone);
    EXPECT_EQ(pack.last(), Listpack::kNone);
    EXPECT_EQ(pack.find("a", pack.first()), Listpack::kNone);
}

TEST(Listpack, BytesAreThoseOfTheFormat) {
    Listpack pack;
    pack.append("a");
    pack.append("127");
    pack.append("-1");
    pack.append("32767");
    pack.append("-8388608");
    pack.append("2147483647");
    pack.append("-9223372036854775808");
    const std::string expected(
        "\x28\0\0\0\7\0"
        "\x81"
        "a\2"
        "\x7f\1"
        "\xdf\xff\2"
        "\xf1\xff\x7f\3"
        "\xf2\0\0\x80\4"
        "\xf3\xff\xff\xff\x7f\5"
        "\xf4\0\0\0\0\0\0\0\x80\x09"
        "\xff",
        40);
    EXPECT_EQ(bytes_of(pack), expected);
    EXPECT_EQ(pack.bytes(), pack.blob().size());
    pack.check_invariants();
}

TEST(Listpack, NumbersOfEverySizeComeBack) {
    Listpack pack;
    Texts all;
    for (int bits = 0; bits < 64; ++bits) {
        for (int64_t difference : {-1, 0, 1}) {
            const auto value = static_cast<int64_t>((uint64_t{1} << bits) + uint64_t(difference));
            all.push_back(std::to_string(value));
            all.push_back(std::to_string(-(value / 2)));
        }
    }
    for (const std::string& text : all) {
        const size_t before = pack.bytes();
        const auto at = pack.append(text);
        EXPECT_TRUE(pack.get(at).is_number) << text;
        EXPECT_EQ(pack.bytes() - before, Listpack::encoded_bytes(text));
    }
    EXPECT_EQ(texts(pack), all);
    EXPECT_EQ(backwards(pack), all);
}

TEST(Listpack, TextsOfEverySizeComeBack) {
    Listpack pack;
    Texts all;
    for (size_t size : {0, 1, 63, 64, 126, 127, 128, 4095, 4096, 16377, 16378, 16379, 70000}) {
        all.emplace_back(size, 'x');
    }
    all.emplace_back(2097151 - 5, 'y');
    for (const char* text : {"01", "+1", "-0", "1 ", "9223372036854775808"}) all.push_back(text);
    for (const std::string& text : all) {
        const auto at = pack.append(text);
        EXPECT_FALSE(pack.get(at).is_number);
        EXPECT_EQ(pack.find(text, pack.first()), at);
    }
    pack.check_invariants();
    EXPECT_EQ(texts(pack), all);
    EXPECT_EQ(backwards(pack), all);
}

TEST(Listpack, InsertReplaceErase) {
    Listpack pack;
    const auto b = pack.append("b");
    EXPECT_EQ(pack.insert(b, "a"), b);
    pack.append("c");
    EXPECT_EQ(texts(pack), (Texts{"a", "b", "c"}));
    pack.replace(pack.at(1), "something longer");
    pack.replace(pack.at(-1), "5");
    EXPECT_EQ(texts(pack), (Texts{"a", "something longer", "5"}));
    pack.replace_number(pack.at(0), 70000);
    pack.insert_number(Listpack::kNone, -3);
    EXPECT_EQ(texts(pack), (Texts{"70000", "something longer", "5", "-3"}));
    EXPECT_EQ(pack.erase(pack.at(1)), pack.at(1));
    EXPECT_EQ(texts(pack), (Texts{"70000", "5", "-3"}));
    EXPECT_EQ(pack.erase(pack.at(1), 10), Listpack::kNone);
    EXPECT_EQ(pack.size(), 1u);
    pack.clear();
    EXPECT_TRUE(pack.empty());
}

TEST(Listpack, PositionsByIndex) {
    Listpack pack;
    for (int i = 0; i < 10; ++i) pack.append(std::to_string(i));
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(pack.get(pack.at(i)).number, i);
        EXPECT_EQ(pack.get(pack.at(i - 10)).number, i);
    }
    EXPECT_EQ(pack.at(10), Listpack::kNone);
    EXPECT_EQ(pack.at(-11), Listpack::kNone);
}

TEST(Listpack, FindSkipsValues) {
    Listpack pack;
    for (const char* text : {"x", "y", "y", "12", "12", "x"}) pack.append(text);
    EXPECT_EQ(pack.find("y", pack.first(), 1), pack.at(2));
    EXPECT_EQ(pack.find("12", pack.first(), 1), pack.at(4));
    EXPECT_EQ(pack.find("x", pack.at(2), 1), Listpack::kNone);
    EXPECT_EQ(pack.find("x", pack.at(1)), pack.at(5));
}

// A pack of `count` times "1", put together by hand: with the address sanitizer each append copies
// what is there.
std::string blob_of_ones(size_t count) {
    Listpack one;
    one.append("1");
    const std::string element = bytes_of(one).substr(6, 2);
    std::string blob(6, '\0');
    for (size_t i = 0; i < count; ++i) blob += element;
    blob += '\xff';
    for (size_t i = 0; i < 4; ++i) blob[i] = static_cast<char>(blob.size() >> (8 * i));
    for (size_t i = 0; i < 2; ++i) blob[4 + i] = static_cast<char>(count >> (8 * i));
    return blob;
}

TEST(Listpack, MoreElementsThanTheHeaderCounts) {
    auto made = Listpack::from_blob(blob_of_ones(65530));
    ASSERT_TRUE(made.ok());
    Listpack pack = std::move(*made);
    for (int i = 0; i < 10; ++i) pack.append("1");
    EXPECT_EQ(pack.size(), 65540u);
    EXPECT_NE(pack.at(65539), Listpack::kNone);
    EXPECT_EQ(pack.at(65540), Listpack::kNone);
    pack.erase(pack.first(), 65000);
    EXPECT_EQ(pack.size(), 540u);
    pack.check_invariants();
}

TEST(Listpack, BlobsAreCheckedBeforeUse) {
    Listpack pack;
    for (const char* text : {"field", "12345", "another", "value"}) pack.append(text);
    const std::string good = bytes_of(pack);
    const auto copy = Listpack::from_blob(good);
    ASSERT_TRUE(copy.ok());
    EXPECT_EQ(texts(*copy), texts(pack));
    for (size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(Listpack::from_blob(std::span(good.data(), size)).ok());
    }
    std::string longer = good;
    longer[6] = '\x86';  // The first text claims a byte more.
    EXPECT_FALSE(Listpack::from_blob(longer).ok());
    std::string miscounted = good;
    miscounted[4] = 5;
    EXPECT_FALSE(Listpack::from_blob(miscounted).ok());
    std::string huge = good;
    huge.replace(6, 5, std::string("\xf0\xff\xff\xff\xff", 5));
    EXPECT_FALSE(Listpack::from_blob(huge).ok());
}

TEST(Listpack, FitsIsBounded) {
    const Listpack pack;
    EXPECT_TRUE(pack.fits(100));
    EXPECT_FALSE(pack.fits(Listpack::kBytesMax));
    EXPECT_FALSE(pack.fits(~size_t{0}, 2));
}

}  // namespace
