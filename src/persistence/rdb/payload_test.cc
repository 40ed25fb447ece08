// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/rdb/payload.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "keyspace/keyspace.h"
#include "persistence/rdb/fixtures.h"
#include "structures/slab_pool.h"

namespace millrace::persistence::rdb {
namespace {

std::string bytes_of(std::string_view digits) {
    std::string bytes;
    for (size_t at = 0; at + 1 < digits.size(); at += 2) {
        bytes += static_cast<char>(std::stoi(std::string(digits.substr(at, 2)), nullptr, 16));
    }
    return bytes;
}

std::string digits_of(std::string_view bytes) {
    std::string digits;
    for (const char byte : bytes) digits += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return digits;
}

class Payloads : public testing::Test {
protected:
    // What RESTORE and then DUMP make of a payload; or the error.
    std::string again(std::string_view payload, bool compress = true) {
        auto body = open_payload(payload, {});
        if (!body.ok()) return std::string(body.error().text());
        Scratch scratch;
        auto value = read_payload(*body, rules(), scratch);
        if (!value.ok()) return std::string(value.error().text());
        keyspace::EntryBuilder& builder = keyspace_.builder();
        keyspace::Entry* entry =
            value->collection != nullptr
                ? builder.collection("key", std::move(value->collection), keyspace::ExpiryRoom::No)
                : builder.string("key", value->text, keyspace::ExpiryRoom::No);
        BufferSink sink;
        write_payload(sink, *entry, compress);
        builder.free(entry, keyspace_.remote_frees());
        return std::string(sink.view());
    }
    ReadRules rules() { return {.growth = {keyspace_.encodings(), keyspace_.seed()}}; }

    structures::SlabHeapPool heaps_;
    keyspace::Keyspace keyspace_{1, SipKey{.low = 1, .high = 2}, heaps_};
};

TEST_F(Payloads, OfValkeyComeBackAsValkeyDumpsThem) {
    for (const Fixture& fixture : kFixtures) {
        const std::string_view digits = fixture.again.empty() ? fixture.payload : fixture.again;
        const std::string expected = bytes_of(digits);
        const std::string plain = again(bytes_of(fixture.payload), false);
        // Compressed, there is more than one way to say the same.
        EXPECT_EQ(digits_of(plain), digits_of(again(expected, false))) << fixture.name;
        EXPECT_EQ(again(again(bytes_of(fixture.payload)), false), plain) << fixture.name;
        if (plain.size() == expected.size()) {
            EXPECT_EQ(digits_of(plain), digits) << fixture.name;
        }
    }
}

TEST_F(Payloads, WithoutTheirChecksumAreRefused) {
    for (const Fixture& fixture : kFixtures) {
        std::string bytes = bytes_of(fixture.payload);
        bytes.back() = static_cast<char>(bytes.back() ^ 1);
        EXPECT_EQ(again(bytes), "ERR DUMP payload version or checksum are wrong");
    }
    EXPECT_EQ(again("short"), "ERR DUMP payload version or checksum are wrong");
}

TEST_F(Payloads, ThatAreCutOffAreRefused) {
    for (const Fixture& fixture : kFixtures) {
        const std::string bytes = bytes_of(fixture.payload);
        const std::string_view body(bytes.data(), bytes.size() - kFooterBytes);
        for (size_t size = 0; size < body.size(); ++size) {
            Scratch scratch;
            const auto value = read_payload(body.substr(0, size), rules(), scratch);
            ASSERT_FALSE(value.ok()) << fixture.name << " " << size;
        }
    }
}

// Nothing to expect of the values but that they can be written and read again.
TEST_F(Payloads, WithAWrongByteDoNoHarm) {
    for (const Fixture& fixture : kFixtures) {
        const std::string bytes = bytes_of(fixture.payload);
        const size_t size = bytes.size() - kFooterBytes;
        for (size_t at = 0; at < size; ++at) {
            for (const int byte : {0, 1, 2, 0x7f, 0x80, 0x81, 0xc3, 0xfe, 0xff}) {
                std::string body = bytes.substr(0, size);
                body[at] = static_cast<char>(byte);
                Scratch scratch;
                auto value = read_payload(body, rules(), scratch);
                if (value.ok() && value->collection != nullptr) {
                    (void)value->collection->memory_bytes(0);
                    keyspace::ValueDigest digest;
                    value->collection->digest(digest);
                }
            }
        }
    }
}

TEST_F(Payloads, WithAbsurdLengthsAllocateNothing) {
    const std::string huge("\x81\x7f\xff\xff\xff\xff\xff\xff\xff", 9);
    for (int type = 0; type <= 22; ++type) {
        Scratch scratch;
        const auto value =
            read_payload(std::string(1, static_cast<char>(type)) + huge, rules(), scratch);
        EXPECT_FALSE(value.ok()) << type;
    }
    Scratch scratch;
    EXPECT_FALSE(read_payload(std::string("\x00\xc3\x02", 3) + huge + "ab", rules(), scratch).ok());
}

}  // namespace
}  // namespace millrace::persistence::rdb
