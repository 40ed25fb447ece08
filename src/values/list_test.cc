// SPDX-License-Identifier: BSD-3-Clause
#include "values/list.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>
#include <string>

namespace millrace::values {
namespace {

using ListModel = std::deque<std::string>;

void expect_same(const List& list, const ListModel& model) {
    list.check_invariants();
    ASSERT_EQ(list.size(), model.size());
    ListRoom room;
    ListCursor at = list.first();
    for (const std::string& each : model) {
        ASSERT_TRUE(at);
        ASSERT_EQ(list.view(at, room), each);
        at = list.next(at, room);
    }
    ASSERT_FALSE(at);
    at = list.last();
    for (auto each = model.rbegin(); each != model.rend(); ++each) {
        ASSERT_EQ(list.view(at, room), *each);
        at = list.previous(at, room);
    }
    ASSERT_FALSE(at);
}

// Random steps on a list and on a deque.
class Steps {
public:
    Steps(unsigned seed, ListSettings setting) : random_(seed), setting_(setting) {}

    void run(int count) {
        for (int step = 0; step < count; ++step) {
            one();
            if (step % 16 == 0) expect_same(list_, model_);
        }
        expect_same(list_, model_);
        expect_same(static_cast<const List&>(*list_.clone()), model_);
    }

private:
    std::string text() {
        switch (random_() % 20) {
            case 0:
                return std::string(random_() % 5000, 'l');
            case 1:
                return std::string(random_() % 20000, 's');
            case 2:
            case 3:
                return std::to_string(static_cast<int64_t>(random_()) - 2000000000);
            default:
                return std::string(random_() % 200, 'a');
        }
    }
    size_t index() { return random_() % model_.size(); }
    ListCursor place_in_list(size_t at) {
        room_ = ListRoom();
        return list_.at(static_cast<int64_t>(at), room_);
    }
    auto place(size_t at) { return model_.begin() + static_cast<int64_t>(at); }

    void push() {
        const std::string added = text();
        list_.make_room(setting_, added.size(), 1);
        const bool head = random_() % 2 == 0;
        list_.push(head ? End::Head : End::Tail, added);
        model_.insert(head ? model_.begin() : model_.end(), added);
    }
    void insert() {
        const std::string added = text();
        list_.make_room(setting_, added.size(), 1);
        const size_t at = index();
        const bool before = random_() % 2 == 0;
        list_.insert(place_in_list(at), before ? Side::Before : Side::After, added);
        model_.insert(place(at + (before ? 0 : 1)), added);
    }
    void replace() {
        const std::string added = text();
        list_.make_room(setting_, added.size(), 1);
        const size_t at = index();
        list_.replace(place_in_list(at - model_.size()), added);
        model_[at] = added;
        list_.settle(setting_);
    }
    void erase() {
        const size_t at = index();
        ListRoom room;
        const ListCursor following = list_.erase(place_in_list(at));
        model_.erase(place(at));
        ASSERT_EQ(static_cast<bool>(following), at < model_.size());
        if (following) {
            ASSERT_EQ(list_.view(following, room), model_[at]);
        }
        list_.settle(setting_);
    }
    void erase_range() {
        const size_t from = index();
        const size_t count = random_() % (random_() % 10 == 0 ? 200 : 10);
        list_.erase_range(from, count);
        model_.erase(place(from), place(std::min(from + count, model_.size())));
        list_.settle(setting_);
    }
    void erase_equal() {
        const std::string erased = model_[index()];
        const bool forward = random_() % 2 == 0;
        const size_t most = random_() % 3 + 1;
        size_t expected = 0;
        for (size_t i = 0; i < model_.size() && expected < most;) {
            const auto it = forward ? place(i) : model_.end() - 1 - static_cast<int64_t>(i);
            if (*it == erased) {
                model_.erase(it);
                ++expected;
            } else {
                ++i;
            }
        }
        ASSERT_EQ(list_.erase_equal(erased, most, forward ? End::Head : End::Tail), expected);
        list_.settle(setting_);
    }
    void one() {
        const unsigned kind = random_() % 13;
        if (model_.empty() || kind < 4) {
            push();
        } else if (kind < 6) {
            insert();
        } else if (kind < 8) {
            replace();
        } else if (kind < 11) {
            erase();
        } else if (kind == 11) {
            erase_equal();
        } else {
            erase_range();
        }
    }

    std::mt19937 random_;
    ListSettings setting_;
    ListRoom room_;
    List list_;
    ListModel model_;
};

TEST(List, DoesWhatADequeDoes) {
    for (const int64_t depth : {0, 1, 2, 3}) {
        for (const int64_t setting : {-1, -2, -5, 1, 4, 128})
            Steps(7, ListSettings(setting, depth)).run(2000);
    }
}

TEST(List, ChangesForm) {
    List list;
    list.make_room(-2, 8185, 1);
    EXPECT_EQ(list.encoding(), "listpack");
    list.make_room(-2, 8186, 1);
    EXPECT_EQ(list.encoding(), "quicklist");
    list.settle(-2);
    EXPECT_EQ(list.encoding(), "listpack");
    for (int i = 0; i < 5; ++i) {
        list.make_room(4, 1, 1);
        list.push(End::Tail, "x");
    }
    EXPECT_EQ(list.encoding(), "quicklist");
    for (const std::string_view expected : {"quicklist", "quicklist", "listpack"}) {
        list.erase(list.last());
        list.settle(4);
        EXPECT_EQ(list.encoding(), expected) << list.size();
    }
}

// A list of texts of 16 bytes in blocks of at most 8 KiB, and what it is to hold.
void fill(List& list, ListModel& model, int count) {
    std::mt19937_64 random(5);
    for (int i = 0; i < count; ++i) {
        const uint64_t bits = random();
        std::string text = "0123456789abcdef";
        for (unsigned at = 0; at < 16; ++at) text[at] = text[bits >> (4 * at) & 15];
        model.push_back(text);
        list.make_room(-2, text.size(), 1);
        list.push(End::Tail, text);
    }
}

TEST(List, TakesLittleMoreThanItsTexts) {
    const auto made = std::make_unique<List>();
    List& list = *made;
    ListModel model;
    fill(list, model, 100'000);
    expect_same(list, model);
    EXPECT_LT(list.memory_bytes(0), size_t{100'000} * 1630 / 100);
    const auto copy = list.clone();
    EXPECT_LT(copy->memory_bytes(0), size_t{100'000} * 1630 / 100);
    expect_same(static_cast<const List&>(*copy), model);
}

TEST(List, OpensWhatItChanges) {
    List list;
    ListModel model;
    fill(list, model, 10'000);
    for (const int64_t at : {5'000, 2'500, 7'500, 5'000}) {
        ListRoom room;
        list.replace(list.at(at, room), "replaced");
        list.insert(list.at(at, room), Side::After, "inserted");
        list.erase(list.at(at - 1, room));
        model[static_cast<size_t>(at)] = "replaced";
        model.insert(model.begin() + at + 1, "inserted");
        model.erase(model.begin() + at - 1);
        expect_same(list, model);
    }
    // From one end until nothing is left, with a step back now and then.
    for (unsigned step = 0; !model.empty(); ++step) {
        const bool head = step / 1000 % 2 == 0;
        ListRoom room;
        ASSERT_EQ(list.view(head ? list.first() : list.last(), room),
                  head ? model.front() : model.back());
        list.erase(head ? list.first() : list.last());
        head ? model.pop_front() : model.pop_back();
        if (step % 50 == 0) {
            list.push(head ? End::Head : End::Tail, "again");
            model.insert(head ? model.begin() : model.end(), "again");
        }
        if (step % 500 == 0) expect_same(list, model);
    }
    EXPECT_EQ(list.size(), 0u);
}

// --- squeezed blocks ---

std::string json(int64_t number) {
    return "{\"id\":" + std::to_string(number) + ",\"name\":\"user " +
           std::to_string(number * 7919 % 10007) + "\",\"active\":true,\"tags\":[\"one\",\"two\"]}";
}

// Blocks in order: 's' if it is squeezed, '.' if it is not.
std::string shape_of(const List& list) {
    std::string shape;
    list.packed()->for_each_block(
        [&](const ListBlock& block) { shape += block.is_squeezed() ? 's' : '.'; });
    return shape;
}

TEST(SqueezedList, KeepsTheBlocksAtTheEnds) {
    const ListSettings settings(10, 2);
    List list;
    ListModel model;
    const auto push = [&](End end) {
        const std::string text = json(static_cast<int64_t>(model.size()));
        list.make_room(settings, text.size(), 1);
        list.push(end, text);
        model.insert(end == End::Head ? model.begin() : model.end(), text);
    };
    while (model.size() < 50) push(End::Tail);
    EXPECT_EQ(shape_of(list), "..s..");
    push(End::Tail);
    EXPECT_EQ(shape_of(list), "..ss..");
    push(End::Head);
    EXPECT_EQ(shape_of(list), "..sss..");
    expect_same(list, model);
    // What comes to lie near an end is opened.
    list.erase(list.first());
    list.erase(list.last());
    model.pop_front();
    model.pop_back();
    EXPECT_EQ(shape_of(list), "..s..");
    expect_same(list, model);
    list.erase_range(0, 10);
    EXPECT_EQ(shape_of(list), "....");
    model.erase(model.begin(), model.begin() + 10);
    expect_same(list, model);
}

TEST(SqueezedList, SqueezesAgainWhatChanged) {
    const ListSettings settings(10, 1);
    List list;
    ListModel model;
    list.become_large(settings);
    for (int64_t i = 0; i < 100; ++i) {
        model.push_back(json(i));
        list.push(End::Tail, model.back());
    }
    const std::string shape = ".ssssssss.";
    ASSERT_EQ(shape_of(list), shape);
    ListRoom room;
    list.replace(list.at(45, room), "changed");
    model[45] = "changed";
    EXPECT_EQ(shape_of(list), shape);
    EXPECT_EQ(list.erase_equal("changed", 1, End::Tail), 1u);
    model.erase(model.begin() + 45);
    EXPECT_EQ(shape_of(list), shape);
    room = ListRoom();
    list.insert(list.at(55, room), Side::Before, "inserted");
    model.insert(model.begin() + 55, "inserted");
    EXPECT_EQ(shape_of(list).find('.', 1), shape_of(list).size() - 1);
    expect_same(list, model);
    EXPECT_EQ(shape_of(static_cast<const List&>(*list.clone())), shape_of(list));
}

TEST(SqueezedList, SqueezesLargeElementsAndNothingElseThatLosesByIt) {
    const ListSettings settings(-1, 1);
    const auto made = std::make_unique<List>();
    List& list = *made;
    list.become_large(settings);
    std::string noise(6000, ' ');
    std::mt19937_64 random(5);
    for (char& each : noise) each = static_cast<char>(random());
    ListModel model{"first", std::string(5000, 'x'),  noise, "short",
                    json(1), std::string(70000, 'y'), "last"};
    for (const std::string& text : model) list.push(End::Tail, text);
    EXPECT_EQ(shape_of(list), ".s..s.");  // What is short stays, too.
    EXPECT_LT(list.memory_bytes(0), 9000u);
    expect_same(list, model);
    ListRoom room;
    list.replace(list.at(1, room), "small");
    model[1] = "small";
    expect_same(list, model);
    list.erase_equal("last", 1, End::Tail);
    model.pop_back();
    EXPECT_EQ(shape_of(list).back(), '.');
    expect_same(list, model);
}

TEST(SqueezedList, TakesAFractionOfItsText) {
    const auto plain = std::make_unique<List>();
    const auto squeezed = std::make_unique<List>();
    for (int64_t i = 0; i < 20'000; ++i) {
        const std::string text = json(i);
        plain->make_room(-2, text.size(), 1);
        plain->push(End::Tail, text);
        squeezed->make_room(ListSettings(-2, 1), text.size(), 1);
        squeezed->push(End::Tail, text);
    }
    EXPECT_EQ(plain->packed()->plain_bytes(), squeezed->packed()->plain_bytes());
    EXPECT_LT(squeezed->memory_bytes(0), plain->memory_bytes(0) / 2);
}

TEST(List, FindsByIndexInAMillion) {
    List list;
    list.make_room(1, 2, 2);
    for (int i = 0; i < 1'000'000; ++i) list.push(End::Tail, std::to_string(i));
    ListRoom room;
    for (int64_t i = 3; i < 1'000'000; i += 997) {
        ASSERT_EQ(list.view(list.at(i, room), room), std::to_string(i));
        ASSERT_EQ(list.view(list.at(-i, room), room), std::to_string(1'000'000 - i));
    }
    EXPECT_GT(list.blocks(), 1'000'000u);
}

}  // namespace
}  // namespace millrace::values
