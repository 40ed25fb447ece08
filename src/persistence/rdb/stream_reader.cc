// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/rdb/stream_reader.h"

#include <map>
#include <string>
#include <utility>

#include "persistence/rdb/damage.h"
#include "values/stream.h"

namespace millrace::persistence::rdb {
namespace {

using structures::Listpack;
using values::ConsumerGroup;
using values::Stream;
using values::StreamId;

constexpr size_t kIdBytes = 16;
constexpr size_t kTimeBytes = 8;

class StreamReading {
public:
    StreamReading(Cursor& in, Type type, Scratch& scratch)
        : in_(in), type_(type), scratch_(scratch) {}

    std::unique_ptr<Stream> run() {
        auto stream = std::make_unique<Stream>();
        const uint64_t blocks = in_.count(2);
        for (uint64_t i = 0; i < blocks && !in_.failed(); ++i) read_block(*stream);
        read_marks(*stream);
        const uint64_t groups = in_.count(1);
        for (uint64_t i = 0; i < groups && !in_.failed(); ++i) read_group(*stream);
        if (in_.failed()) return nullptr;
        return stream;
    }

private:
    struct Delivery {
        int64_t delivered_ms;
        uint64_t deliveries;
    };
    using Deliveries = std::map<StreamId, Delivery>;

    StreamId read_id() {
        StreamId id;
        id.ms = in_.length();
        id.number = in_.length();
        return id;
    }
    StreamId read_sortable_id() {
        StreamId id;
        id.ms = in_.big_endian_64();
        id.number = in_.big_endian_64();
        return id;
    }
    int64_t read_time() { return static_cast<int64_t>(in_.little_endian_64()); }

    void read_block(Stream& stream);
    void read_marks(Stream& stream);
    void read_group(Stream& stream);
    void read_consumer(ConsumerGroup& group, Deliveries& deliveries);

    Cursor& in_;
    const Type type_;
    Scratch& scratch_;
};

void StreamReading::read_block(Stream& stream) {
    const std::string_view key = in_.string(scratch_);
    if (key.size() != kIdBytes) return in_.fail("a block of a stream without an id");
    const StreamId id{.ms = load_big_endian<uint64_t>(key.data()),
                      .number = load_big_endian<uint64_t>(key.data() + sizeof(uint64_t))};
    const std::string_view blob = in_.string(scratch_);
    if (in_.failed()) return;
    auto pack = Listpack::from_blob({blob.data(), blob.size()});
    if (!pack.ok() || !stream.load_block(id, std::move(pack).value())) {
        in_.fail("a damaged block of a stream");
    }
}

void StreamReading::read_marks(Stream& stream) {
    Stream::Marks marks{};
    marks.length = in_.length();
    marks.last_id = read_id();
    marks.entries_added = marks.length;
    if (type_ != Type::Stream1) {
        (void)read_id();  // The first entry, which the blocks tell as well.
        marks.max_deleted_id = read_id();
        marks.entries_added = in_.length();
    }
    if (in_.failed()) return;
    if (!stream.load_marks(marks)) in_.fail("a stream whose numbers contradict its blocks");
}

void StreamReading::read_consumer(ConsumerGroup& group, Deliveries& deliveries) {
    const std::string name(in_.string(scratch_));
    const int64_t seen_ms = read_time();
    const int64_t active_ms = type_ == Type::Stream3 ? read_time() : seen_ms;
    const uint64_t pending = in_.count(kIdBytes);
    if (in_.failed()) return;
    if (group.find_consumer(name) != nullptr) return in_.fail(kConsumerTwice);
    values::Consumer& consumer = group.add_consumer(name, seen_ms);
    consumer.active_ms = active_ms;
    for (uint64_t i = 0; i < pending; ++i) {
        const StreamId id = read_sortable_id();
        const auto found = deliveries.find(id);
        if (found == deliveries.end()) {
            const bool twice = group.find_pending(id) != nullptr;
            return in_.fail(twice ? kPendingTwice : "a pending entry without its group");
        }
        values::PendingEntry& entry = group.assign(id, consumer);
        entry.delivered_ms = found->second.delivered_ms;
        entry.deliveries = found->second.deliveries;
        deliveries.erase(found);
    }
}

void StreamReading::read_group(Stream& stream) {
    const std::string name(in_.string(scratch_));
    const StreamId last_id = read_id();
    int64_t entries_read = ConsumerGroup::kUnknownCount;
    if (type_ == Type::Stream1) {
        entries_read = stream.count_up_to(last_id);
    } else {
        entries_read = static_cast<int64_t>(in_.length());
    }
    if (in_.failed()) return;
    ConsumerGroup* group = stream.add_group(name, last_id, entries_read);
    if (group == nullptr) return in_.fail("a consumer group that stands twice");
    Deliveries deliveries;
    const uint64_t pending = in_.count(kIdBytes + kTimeBytes + 1);
    for (uint64_t i = 0; i < pending && !in_.failed(); ++i) {
        const StreamId id = read_sortable_id();
        const int64_t delivered_ms = read_time();
        const uint64_t count = in_.length();
        if (!deliveries.emplace(id, Delivery{delivered_ms, count}).second) {
            in_.fail(kPendingTwice);
        }
    }
    const uint64_t consumers = in_.count(1);
    for (uint64_t i = 0; i < consumers && !in_.failed(); ++i) read_consumer(*group, deliveries);
    if (!deliveries.empty()) in_.fail("a pending entry that is nobody's");
}

}  // namespace

std::unique_ptr<keyspace::Collection> read_stream(Cursor& in, Type type, Scratch& scratch) {
    return StreamReading(in, type, scratch).run();
}

}  // namespace millrace::persistence::rdb
