// SPDX-License-Identifier: BSD-3-Clause
#include "engine/owned_request.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "keyspace/keyspace.h"

namespace millrace::engine {
namespace {

class OwnedRequestTest : public testing::Test {
protected:
    // SET name value EX 10, as an I/O thread hands it on: the entry is built, and two of the words
    // are its key and value.
    Request set_request() {
        keyspace::Entry* entry =
            keyspace_.builder().string("name", "some value", keyspace::ExpiryRoom::Yes);
        words_ = {"SET", entry->key(), entry->string(), option_, "10"};
        Request request;
        request.words = words_.data();
        request.word_count = static_cast<uint32_t>(words_.size());
        request.prebuilt = entry;
        return request;
    }
    size_t given_back() { return keyspace_.limbo().waiting(); }

    structures::SlabHeapPool heaps_;
    keyspace::Keyspace keyspace_{1, SipKey{.low = 1, .high = 2}, heaps_};
    std::string option_ = "EX";
    std::array<std::string_view, 5> words_;
};

TEST_F(OwnedRequestTest, KeepsTheEntryAndCopiesTheRest) {
    Request came = set_request();
    const keyspace::Entry* entry = came.entry();
    OwnedRequest owned(came, keyspace_);
    option_ = "--";  // What the words pointed to is used again.
    EXPECT_EQ(came.prebuilt, nullptr);
    EXPECT_EQ(owned.request.entry(), entry);
    const auto words = owned.request.arguments();
    const std::array<std::string_view, 5> expected = {"SET", "name", "some value", "EX", "10"};
    EXPECT_TRUE(std::equal(words.begin(), words.end(), expected.begin(), expected.end()));
    EXPECT_EQ(words[2].data(), entry->string().data());
}

TEST_F(OwnedRequestTest, GivesBackWhatNobodyUsed) {
    {
        Request came = set_request();
        OwnedRequest owned(came, keyspace_);
        OwnedRequest moved = std::move(owned);
        EXPECT_EQ(given_back(), 0u);
    }
    EXPECT_EQ(given_back(), 1u);
}

TEST_F(OwnedRequestTest, WhoTakesTheEntryOwnsIt) {
    Request came = set_request();
    keyspace::Entry* entry = came.entry();
    {
        OwnedRequest owned(came, keyspace_);
        owned.request.prebuilt = nullptr;
    }
    EXPECT_EQ(given_back(), 0u);
    keyspace_.retire(entry);
}

}  // namespace
}  // namespace millrace::engine
