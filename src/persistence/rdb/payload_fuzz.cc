// SPDX-License-Identifier: BSD-3-Clause
//
// Bytes of any kind as a RESTORE payload, and as a file: what can be read can be written and read
// again.
#include <memory>
#include <string>
#include <utility>

#include "keyspace/keyspace.h"
#include "persistence/rdb/dataset_reader.h"
#include "persistence/rdb/payload.h"
#include "structures/slab_pool.h"

using namespace millrace;
using namespace millrace::persistence::rdb;

namespace {

constexpr SipKey kSeed{.low = 1, .high = 2};

void read_and_write(keyspace::Keyspace& keyspace, std::string_view bytes) {
    const ReadRules rules{.growth = {keyspace.encodings(), keyspace.seed()}};
    Scratch scratch;
    auto value = read_payload(bytes, rules, scratch);
    if (!value.ok()) return;
    keyspace::EntryBuilder& builder = keyspace.builder();
    keyspace::Entry* entry =
        value->collection != nullptr
            ? builder.collection("key", std::move(value->collection), keyspace::ExpiryRoom::No)
            : builder.string("key", value->text, keyspace::ExpiryRoom::No);
    BufferSink sink;
    write_payload(sink, *entry, (bytes.size() & 1) != 0);
    builder.free(entry, keyspace.remote_frees());
    const auto body = open_payload(sink.view(), {});
    CHECK(body.ok());
    CHECK(read_payload(*body, rules, scratch).ok());
}

void load(keyspace::Keyspace& keyspace, const std::string& header, std::string_view bytes) {
    const std::string file = header + std::string(bytes);
    const LoadOptions options{.is_relaxed = true, .verify_checksum = false, .replaces = true};
    DatasetReader reader(keyspace, options, file);
    if (reader.check_header().ok()) (void)reader.load();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    structures::SlabHeapPool heaps;
    keyspace::Keyspace keyspace(2, kSeed, heaps);
    read_and_write(keyspace, bytes);
    load(keyspace, "VALKEY080", bytes);
    load(keyspace, "REDIS0012", bytes);  // It has types of its own.
    return 0;
}
