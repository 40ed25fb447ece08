// SPDX-License-Identifier: BSD-3-Clause
//
// Random steps on a stream and a consumer group of it against maps.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "values/stream.h"

using namespace millrace;
using namespace millrace::values;

namespace {

using Words = std::vector<std::string>;

class Model {
public:
    explicit Model(uint8_t limits)
        : limits_{.bytes_max = (limits & 1) != 0 ? 200u : 0u, .entries_max = limits / 8 % 16} {}

    void step(ByteReader& input) {
        const uint8_t what = input.read_byte();
        switch (what % 8) {
            case 0:
            case 1:
            case 2:
                return append(input, what);
            case 3:
                return erase(input);
            case 4:
                return trim(input, what);
            case 5:
            case 6:
                return change_group(input, what);
            default:
                stream_ = std::unique_ptr<Stream>(static_cast<Stream*>(stream_->clone().release()));
        }
    }

    void check() {
        stream_->check_invariants();
        CHECK(stream_->size() == model_.size());
        CHECK(stream_->entries_added() == added_);
        CHECK(stream_->first_id() == (model_.empty() ? StreamId{} : model_.begin()->first));
        CHECK(stream_->last_live_id() == (model_.empty() ? StreamId{} : model_.rbegin()->first));
        auto cursor = stream_->seek({});
        for (const auto& [id, words] : model_) {
            expect(cursor, id, words);
            cursor = stream_->next(cursor);
        }
        CHECK(!cursor);
        cursor = stream_->seek_back(StreamId::highest());
        for (auto at = model_.rbegin(); at != model_.rend(); ++at) {
            expect(cursor, at->first, at->second);
            cursor = stream_->previous(cursor);
        }
        CHECK(!cursor);
        check_group();
    }

private:
    void append(ByteReader& input, uint8_t what) {
        StreamId id = stream_->last_id();
        const uint64_t step = input.read_little_endian<uint16_t>();
        if ((what & 8) != 0) {
            if (id.ms > StreamId::kMax - step - 1) return;
            id = {id.ms + step + 1, step};
        } else if (!id.increment()) {
            return;
        }
        Words words;
        const size_t pairs = 1 + (what >> 6);
        for (size_t i = 0; i < 2 * pairs; ++i) {
            const uint8_t kind = input.read_byte();
            // Few names of fields, so that entries share those of their block.
            words.push_back(
                i % 2 == 0 && kind < 200
                    ? "f" + std::to_string(i)
                    : std::string(input.read_bytes(std::min<size_t>(kind % 32, input.left()))));
        }
        const std::vector<std::string_view> views(words.begin(), words.end());
        stream_->append(id, views, limits_);
        model_.emplace(id, std::move(words));
        ++added_;
    }

    // An id that is there, or is not.
    StreamId id_from(ByteReader& input) {
        const uint16_t number = input.read_little_endian<uint16_t>();
        if (model_.empty() || number % 8 == 7) return {number, number};
        StreamId id = std::next(model_.begin(), number % static_cast<int>(model_.size()))->first;
        if (number % 8 == 6) (void)id.decrement();
        return id;
    }

    void erase(ByteReader& input) {
        const StreamId id = id_from(input);
        CHECK(stream_->contains(id) == model_.contains(id));
        CHECK(stream_->erase(id) == (model_.erase(id) == 1));
        stream_->settle_first();
    }

    void trim(ByteReader& input, uint8_t what) {
        StreamTrim trim;
        trim.whole_blocks = (what & 8) != 0;
        if (trim.whole_blocks) trim.removed_max = what >> 5;
        std::vector<StreamId> may_go;
        if ((what & 16) != 0) {
            trim.kind = StreamTrim::Kind::Id;
            trim.id = id_from(input);
            for (const auto& [id, _] : model_)
                if (id < trim.id) may_go.push_back(id);
        } else {
            trim.kind = StreamTrim::Kind::Length;
            trim.length = input.read_byte();
            for (const auto& [id, _] : model_)
                if (may_go.size() + trim.length < model_.size()) may_go.push_back(id);
        }
        const uint64_t removed = stream_->trim(trim);
        CHECK(removed <= may_go.size());
        if (!trim.whole_blocks) CHECK(removed == may_go.size());
        if (trim.removed_max != 0) CHECK(removed <= trim.removed_max);
        for (uint64_t i = 0; i < removed; ++i) model_.erase(may_go[i]);
    }

    // --- the group ---

    void change_group(ByteReader& input, uint8_t what) {
        ConsumerGroup* group = stream_->find_group("g");
        if (group == nullptr) {
            CHECK(stream_->add_group("g", {}, 0) != nullptr);
            return;
        }
        CHECK(stream_->add_group("g", {}, 0) == nullptr);
        const std::string name(1, static_cast<char>('a' + (what >> 3) % 4));
        const StreamId id = id_from(input);
        switch (what >> 5) {
            case 0:
                CHECK(group->acknowledge(id) == (pending_.erase(id) == 1));
                break;
            case 1:
                return remove_consumer(*group, name);
            case 2:
                CHECK(stream_->remove_group("g"));
                pending_.clear();
                consumers_.clear();
                break;
            default: {
                Consumer* consumer = group->find_consumer(name);
                CHECK((consumer != nullptr) == consumers_.contains(name));
                if (consumer == nullptr) consumer = &group->add_consumer(name, 1);
                consumers_.insert(name);
                group->assign(id, *consumer);
                pending_[id] = name;
            }
        }
    }

    void remove_consumer(ConsumerGroup& group, const std::string& name) {
        Consumer* consumer = group.find_consumer(name);
        CHECK((consumer != nullptr) == (consumers_.erase(name) == 1));
        if (consumer == nullptr) return;
        const size_t removed = group.remove_consumer(*consumer);
        CHECK(removed == std::erase_if(pending_, [&](const auto& e) { return e.second == name; }));
    }

    void check_group() const {
        const ConsumerGroup* group = std::as_const(*stream_).find_group("g");
        if (group == nullptr) return;
        CHECK(group->pending().size() == pending_.size());
        CHECK(group->consumers().size() == consumers_.size());
        auto at = pending_.begin();
        for (const auto& [id, entry] : group->pending()) {
            CHECK(id == at->first);
            CHECK(entry.consumer->name == at->second);
            CHECK(entry.consumer->pending.find(id) != entry.consumer->pending.end());
            ++at;
        }
        size_t held = 0;
        for (const auto& [_, consumer] : group->consumers()) held += consumer.pending.size();
        CHECK(held == pending_.size());
    }

    void expect(const Stream::Cursor& cursor, const StreamId& id, const Words& words) const {
        CHECK(static_cast<bool>(cursor));
        CHECK(cursor.id() == id);
        CHECK(cursor.field_count() == words.size() / 2);
        size_t at = 0;
        stream_->for_each_pair(cursor, [&](std::string_view field, std::string_view value) {
            CHECK(field == words[at++]);
            CHECK(value == words[at++]);
        });
    }

    StreamLimits limits_;
    std::unique_ptr<Stream> stream_ = std::make_unique<Stream>();
    std::map<StreamId, Words> model_;
    uint64_t added_ = 0;
    std::map<StreamId, std::string> pending_;  // Whose each is.
    std::set<std::string> consumers_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    ByteReader input(std::string_view(reinterpret_cast<const char*>(data + 1), size - 1));
    Model model(data[0]);
    for (int steps = 0; !input.at_end() && steps < 300; ++steps) {
        model.step(input);
        model.check();
    }
    return 0;
}
