// SPDX-License-Identifier: BSD-3-Clause
//
// Frozen versions of large collections: whatever happens to the collection, the version stays as it
// was. Run with the address sanitizer this shows as well that nothing leaks or is freed early, and
// with the thread sanitizer that reader and writer share nothing that changes.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "keyspace/value_digest.h"
#include "values/hash.h"
#include "values/list.h"
#include "values/set.h"
#include "values/sorted_set.h"
#include "values/stream.h"

namespace millrace::values {
namespace {

using keyspace::Collection;
using keyspace::kNoExpiry;

constexpr SipKey kSeed{1, 2};
constexpr keyspace::EncodingSettings kEncodings{};
constexpr GrowthRules kRules{kEncodings, kSeed};

// All that an RDB file would hold of the groups.
std::string describe_groups(const Stream& stream) {
    std::string text;
    for (const auto& [name, group] : stream.groups()) {
        text += "\n" + name + " " + std::to_string(group.last_id.ms) + ":";
        group.pending().for_each([&](const PendingItem& item) {
            text += std::to_string(item.first.ms) + "x" + std::to_string(item.second.deliveries);
            text += " ";
        });
        for (const auto& [key, consumer] : group.consumers()) {
            text.append(consumer.name).append(std::to_string(consumer.seen_ms)).append(":");
            consumer.pending.for_each([&](const StreamId& id) {
                text += std::to_string(id.ms);
                text += " ";
            });
        }
    }
    return text;
}

std::string digest_of(const Collection& collection) {
    keyspace::ValueDigest digest;
    collection.digest(digest);
    std::string text = digest.text();
    if (collection.type() == keyspace::ValueType::Stream)
        text += describe_groups(static_cast<const Stream&>(collection));
    return text;
}

// A collection of one type, and how to change and check it.
struct Subject {
    std::function<std::unique_ptr<Collection>()> make;
    // Changes something about one of `range` elements.
    std::function<void(Collection&, std::mt19937_64&, uint64_t range)> change;
    std::function<void(Collection&)> check;
};

std::string name_of(uint64_t number) {
    // Some are too long for their size to stand in a byte.
    return "member:" + std::to_string(number) + std::string(number % 97 == 0 ? 300 : 0, 'x');
}

Subject set_subject() {
    return {[] { return std::make_unique<Set>(Set::Form::Table, kSeed); },
            [](Collection& collection, std::mt19937_64& random, uint64_t range) {
                auto& set = static_cast<Set&>(collection);
                const std::string name = name_of(random() % range);
                random() % 2 == 0 ? set.add(name, kRules) : set.erase(name);
            },
            [](Collection& collection) {
                static_cast<const Set&>(collection).table()->check_invariants();
            }};
}

Subject hash_subject() {
    const auto make = [] {
        auto hash = std::make_unique<Hash>();
        hash->become_table(kRules);
        return hash;
    };
    const auto change = [](Collection& collection, std::mt19937_64& random, uint64_t range) {
        auto& hash = static_cast<Hash&>(collection);
        const std::string name = name_of(random() % range);
        const auto at = static_cast<int64_t>(random() % 1000);
        switch (random() % 8) {
            case 0:
            case 1:
            case 2:
                hash.set(name, std::to_string(random()), kRules);
                break;
            case 3:
                hash.set(name, std::string(random() % 100, 'v'), kRules, {.expire_at_ms = at});
                break;
            case 4:
                if (hash.contains(name, Hash::kAnyTime)) hash.set_expiry(name, at, kRules);
                break;
            case 5:
                hash.erase_due(static_cast<int64_t>(random() % 50), 3);
                break;
            default:
                hash.erase(name);
        }
    };
    return {make, change, [](Collection& collection) {
                static_cast<Hash&>(collection).table()->check_invariants();
            }};
}

Subject sorted_set_subject() {
    constexpr SortedSet::Limits kLarge{0, 0};
    return {[=] {
                auto set = std::make_unique<SortedSet>();
                set->put("first", 0, kLarge);
                return set;
            },
            [=](Collection& collection, std::mt19937_64& random, uint64_t range) {
                auto& set = static_cast<SortedSet&>(collection);
                const std::string name = name_of(random() % range);
                const uint64_t what = random() % 100;
                if (what == 0 && set.size() > 20) {
                    set.erase({random() % (set.size() - 20), random() % 20});
                } else if (what < 30) {
                    set.erase(name);
                } else if (what < 50 && set.score(name)) {
                    set.put(name, *set.score(name) + 1, kLarge);
                } else {
                    set.put(name, static_cast<double>(random() % 1000), kLarge);
                }
            },
            [](Collection& collection) { static_cast<SortedSet&>(collection).check_invariants(); }};
}

// Blocks of so many elements, and some elements with a block of their own.
Subject list_subject_of(ListSettings setting, std::string (*text_of)(uint64_t number)) {
    const auto make = [=] {
        auto list = std::make_unique<List>();
        list->make_room(setting, 10000, 10000);
        return list;
    };
    const auto change = [=](Collection& collection, std::mt19937_64& random, uint64_t range) {
        auto& list = static_cast<List&>(collection);
        const bool is_large = random() % 50 == 0;
        const std::string text = is_large ? std::string(9000, 'l') : text_of(random() % range);
        ListRoom room;
        const auto at = list.at(static_cast<int64_t>(random() % (list.size() + 1)), room);
        const End end = random() % 2 == 0 ? End::Head : End::Tail;
        const uint64_t what = random() % 8;
        if (!at || what == 0 || (what == 1 && list.size() < range)) {
            list.push(end, text);
        } else if (what == 2 && list.size() < range) {
            list.insert(at, random() % 2 == 0 ? Side::Before : Side::After, text);
        } else if (what == 3 || what == 4) {
            list.replace(at, text);
        } else if (what == 5) {
            list.erase(at);
        } else if (what == 6) {
            list.erase(end == End::Head ? list.first() : list.last());
        } else if (random() % 20 == 0) {
            list.erase_range(random() % list.size(), random() % 20);
        }
        if (list.size() == 0) list.push(end, text);
    };
    return {make, change,
            [](Collection& collection) { static_cast<List&>(collection).check_invariants(); }};
}

Subject list_subject() {
    return list_subject_of(4, name_of);
}

// Its inner blocks are sealed.
Subject sealed_list_subject() {
    const auto text_of = [](uint64_t number) {
        const std::string digits = std::to_string(number);
        return "item:" + std::string(10 - digits.size(), '0') + digits;
    };
    return list_subject_of(24, text_of);
}

// Its inner blocks are squeezed.
Subject squeezed_list_subject() {
    return list_subject_of(ListSettings(24, 2), name_of);
}

void change_group(ConsumerGroup& group, const Stream& stream, std::mt19937_64& random) {
    const std::string name = "consumer " + std::to_string(random() % 3);
    Consumer* consumer = group.find_consumer(name);
    if (consumer == nullptr) consumer = &group.add_consumer(name, 5);
    const auto at = stream.seek({random() % (stream.last_id().ms + 1), 0});
    if (!at) return;
    const uint64_t what = random() % 200;
    if (what == 0) {
        group.remove_consumer(*consumer);
    } else if (what < 100) {
        ++group.assign(at.id(), *consumer).deliveries;
        group.last_id = at.id();
        consumer->seen_ms = static_cast<int64_t>(random() % 1000);
    } else if (PendingEntry* entry = group.find_pending(at.id()); what < 120 && entry != nullptr) {
        ++entry->deliveries;
    } else {
        (void)group.acknowledge(at.id());
    }
}

Subject stream_subject() {
    const auto make = [] {
        auto stream = std::make_unique<Stream>();
        for (const char* name : {"one", "two"}) stream->add_group(name, {}, 0);
        return stream;
    };
    const auto change = [](Collection& collection, std::mt19937_64& random, uint64_t range) {
        auto& stream = static_cast<Stream&>(collection);
        const uint64_t what = random() % 1000;
        const StreamId any{random() % (stream.last_id().ms + 1), 0};
        const std::string group = random() % 2 == 0 ? "one" : "two";
        if (what < 400) {
            const std::string value = name_of(random() % 1000);
            const std::string_view pairs[] = {"field", value, "other", value};
            const size_t words = random() % 8 == 0 ? 2 : 4;
            stream.append({stream.last_id().ms + 1, 0}, {pairs, words},
                          {.bytes_max = 4096, .entries_max = 3});
        } else if (what < 500) {
            if (stream.erase(any)) stream.settle_first();
        } else if (what < 520) {
            stream.trim({.kind = StreamTrim::Kind::Length, .length = random() % (range + 1)});
        } else if (what < 521) {
            stream.remove_group(group);
            stream.add_group(group, any, 0);
        } else {
            change_group(*stream.find_group(group), stream, random);
        }
    };
    return {make, change,
            [](Collection& collection) { static_cast<Stream&>(collection).check_invariants(); }};
}

class Versions : public ::testing::TestWithParam<Subject (*)()> {};

TEST_P(Versions, StayAsTheyWere) {
    const Subject subject = GetParam()();
    std::mt19937_64 random(7);
    for (const uint64_t range : {3, 300, 5000}) {
        const std::unique_ptr<Collection> collection = subject.make();
        for (uint64_t i = 0; i < 2 * range; ++i) subject.change(*collection, random, range);
        for (int round = 0; round < 12; ++round) {
            // Some rounds let it grow, and some shrink.
            const uint64_t reach = round % 3 == 0 ? 3 * range : round % 3 == 1 ? range : range / 3;
            const std::string before = digest_of(*collection);
            const uint64_t size = collection->size();
            std::unique_ptr<Collection> version = collection->freeze();
            ASSERT_NE(version, nullptr);
            const uint64_t changes = random() % (2 * range);
            for (uint64_t i = 0; i < changes; ++i) subject.change(*collection, random, reach + 1);
            subject.check(*collection);
            EXPECT_EQ(version->size(), size);
            ASSERT_EQ(digest_of(*version), before);
            collection->thaw();
            version.reset();
            subject.check(*collection);
            for (uint64_t i = 0; i < 50; ++i) subject.change(*collection, random, reach + 1);
            subject.check(*collection);
        }
    }
}

TEST_P(Versions, TellWhatTheyAloneHave) {
    const Subject subject = GetParam()();
    std::mt19937_64 random(8);
    const std::unique_ptr<Collection> collection = subject.make();
    for (int i = 0; i < 50000; ++i) subject.change(*collection, random, 20000);
    const size_t whole = collection->memory_bytes(0);
    const std::unique_ptr<Collection> version = collection->freeze();
    EXPECT_LT(version->memory_bytes(0), 1000u);
    for (int i = 0; i < 10; ++i) subject.change(*collection, random, 20000);
    EXPECT_LT(version->memory_bytes(0), 200000u);
    for (int i = 0; i < 200000; ++i) subject.change(*collection, random, 20000);
    // All of it, and not what came and went meanwhile.
    EXPECT_GT(version->memory_bytes(0), whole / 2);
    EXPECT_LT(version->memory_bytes(0), whole * 5 / 4);
    collection->thaw();
}

TEST_P(Versions, AreReadOnAnotherThread) {
    const Subject subject = GetParam()();
    std::mt19937_64 random(9);
    const std::unique_ptr<Collection> collection = subject.make();
    for (int i = 0; i < 20000; ++i) subject.change(*collection, random, 5000);
    for (int round = 0; round < 5; ++round) {
        const std::string before = digest_of(*collection);
        std::unique_ptr<Collection> version = collection->freeze();
        std::atomic<bool> done{false};
        std::string read;
        std::thread reader([&] {
            for (int i = 0; i < 5; ++i) {
                read = digest_of(*version);
                if (read != before) break;
            }
            done.store(true);
        });
        while (!done.load()) subject.change(*collection, random, 5000);
        reader.join();
        ASSERT_EQ(read, before);
        collection->thaw();
        std::thread([&] { version.reset(); }).join();
        subject.check(*collection);
    }
}

TEST(VersionsOfLists, OutliveTheLargeForm) {
    List list;
    list.make_room(4, 100, 100);
    for (int i = 0; i < 100; ++i) list.push(End::Tail, std::to_string(i));
    const std::string before = digest_of(list);
    std::unique_ptr<Collection> version = list.freeze();
    list.erase_range(1, 99);
    list.settle(4);
    EXPECT_EQ(list.packed(), nullptr);
    EXPECT_EQ(digest_of(*version), before);
    list.make_room(4, 100, 100);
    for (int i = 0; i < 100; ++i) list.push(End::Tail, std::to_string(i));
    EXPECT_EQ(digest_of(*version), before);
    list.thaw();
    list.check_invariants();
}

INSTANTIATE_TEST_SUITE_P(AllTypes, Versions,
                         ::testing::Values(&set_subject, &hash_subject, &sorted_set_subject,
                                           &list_subject, &sealed_list_subject,
                                           &squeezed_list_subject, &stream_subject));

}  // namespace
}  // namespace millrace::values
