// SPDX-License-Identifier: BSD-3-Clause
#include "structures/small_or_large.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "structures/listpack.h"
#include "structures/packed_set.h"

namespace millrace::structures {
namespace {

struct Counted {
    explicit Counted(int& alive) : alive_(alive) { ++alive_; }
    ~Counted() { --alive_; }
    int& alive_;
};

TEST(SmallOrLarge, ChangesItsFormAndOwnsOne) {
    int alive = 0;
    {
        SmallOrLarge<Listpack, Counted> form;
        EXPECT_FALSE(form.is_large());
        EXPECT_EQ(form.large_or_null(), nullptr);
        form.small().append("member");
        EXPECT_EQ(form.target(), form.small().data());

        form.become(std::make_unique<Counted>(alive));
        EXPECT_TRUE(form.is_large());
        EXPECT_EQ(form.target(), &form.large());
        EXPECT_EQ(alive, 1);

        form.become(std::make_unique<Counted>(alive));
        EXPECT_EQ(alive, 1);
        form.become(Listpack());
        EXPECT_EQ(alive, 0);
        EXPECT_TRUE(form.small().empty());
        form.become(std::make_unique<Counted>(alive));
    }
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(sizeof(SmallOrLarge<Listpack, Counted>), sizeof(void*));
}

TEST(PackedSet, TellsAnIntsetOfEveryWidth) {
    for (const int64_t value : {int64_t{0}, int64_t{1} << 20, int64_t{1} << 40}) {
        Intset integers;
        EXPECT_TRUE(PackedSet(integers.clone()).is_integers());
        integers.insert(value);
        PackedSet set(std::move(integers));
        ASSERT_TRUE(set.is_integers());
        EXPECT_TRUE(set.integers().contains(value));
        const PackedSet moved(std::move(set));
        EXPECT_TRUE(moved.is_integers());
    }
}

TEST(PackedSet, TellsAListpackOfEverySize) {
    EXPECT_FALSE(PackedSet(Listpack()).is_integers());
    for (size_t length = 0; length < 300; ++length) {
        Listpack members;
        members.append(std::string(length, 'm'));
        PackedSet set(std::move(members));
        ASSERT_FALSE(set.is_integers());
        EXPECT_EQ(set.pack().size(), 1u);
        while (!set.pack().empty()) set.pack().erase(set.pack().first());
        EXPECT_FALSE(set.is_integers());
    }
    for (int number = 0; number < 128; ++number) {
        Listpack members;
        members.insert_number(Listpack::kNone, number);
        EXPECT_FALSE(PackedSet(std::move(members)).is_integers());
    }
}

}  // namespace
}  // namespace millrace::structures
