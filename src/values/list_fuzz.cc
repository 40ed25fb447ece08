// SPDX-License-Identifier: BSD-3-Clause
//
// Random steps on a list, packed and large, against a deque, while the limit of its blocks changes,
// and the depth from which on they are squeezed.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "values/list.h"

using namespace millrace;
using namespace millrace::values;

namespace {

constexpr int64_t kSettings[] = {-2, -1, -5, 0, 1, 2, 3, 20, 128, 40000};

std::string text_from(ByteReader& input) {
    const uint8_t kind = input.read_byte();
    if (kind < 60) return std::to_string(input.read_little_endian<int64_t>() >> (kind % 64));
    if (kind < 70) return std::string(size_t{input.read_little_endian<uint16_t>()}, 'l');
    if (kind < 90) return std::string(kind * size_t{20}, 's');
    return std::string(input.read_bytes(std::min<size_t>(kind % 70, input.left())));
}

class Model {
public:
    void step(ByteReader& input) {
        const uint8_t what = input.read_byte();
        if (model_.empty() || what % 8 < 3) return push(input, (what & 8) != 0);
        if (what >= 240) return push_many((what & 8) != 0);
        const size_t index = input.read_little_endian<uint16_t>() % model_.size();
        switch (what % 8) {
            case 3:
                return insert(input, index, (what & 8) != 0);
            case 4:
                return replace(input, index);
            case 5:
                return (what & 64) != 0 ? erase_equal(index, (what & 8) != 0) : erase(index);
            case 6:
                return erase_range(index, (what >> 3) + size_t{1});
            default:
                setting_ = {kSettings[(what >> 3) % std::size(kSettings)], input.read_byte() % 4};
                list_ = std::unique_ptr<List>(static_cast<List*>(list_->clone().release()));
        }
    }

    void check() const {
        list_->check_invariants();
        CHECK(list_->size() == model_.size());
        ListRoom room;
        ListCursor at = list_->first();
        for (const std::string& each : model_) {
            CHECK(static_cast<bool>(at));
            CHECK(list_->view(at, room) == each);
            CHECK(list_->equals(at, each, room));
            at = list_->next(at, room);
        }
        CHECK(!at);
        at = list_->last();
        for (auto each = model_.rbegin(); each != model_.rend(); ++each) {
            CHECK(list_->view(at, room) == *each);
            at = list_->previous(at, room);
        }
        CHECK(!at);
    }

private:
    auto place(size_t at) { return model_.begin() + static_cast<std::ptrdiff_t>(at); }

    void push(ByteReader& input, bool head) {
        const std::string text = text_from(input);
        list_->make_room(setting_, text.size(), 1);
        list_->push(head ? End::Head : End::Tail, text);
        model_.insert(head ? model_.begin() : model_.end(), text);
    }
    // As much as makes blocks worth sealing, of most settings.
    void push_many(bool head) {
        for (int i = 100; i < 200; ++i) {
            const std::string text = "item:" + std::to_string(i);
            list_->make_room(setting_, text.size(), 1);
            list_->push(head ? End::Head : End::Tail, text);
            model_.insert(head ? model_.begin() : model_.end(), text);
        }
    }
    void insert(ByteReader& input, size_t index, bool before) {
        const std::string text = text_from(input);
        list_->make_room(setting_, text.size(), 1);
        ListRoom room;
        list_->insert(list_->at(static_cast<int64_t>(index), room),
                      before ? Side::Before : Side::After, text);
        model_.insert(place(index + (before ? 0 : 1)), text);
    }
    void replace(ByteReader& input, size_t index) {
        const std::string text = text_from(input);
        list_->make_room(setting_, text.size(), 1);
        ListRoom room;
        const int64_t from_end = static_cast<int64_t>(index) - static_cast<int64_t>(model_.size());
        list_->replace(list_->at(from_end, room), text);
        model_[index] = text;
        list_->settle(setting_);
    }
    void erase(size_t index) {
        ListRoom room;
        const ListCursor following = list_->erase(list_->at(static_cast<int64_t>(index), room));
        model_.erase(place(index));
        CHECK(static_cast<bool>(following) == (index < model_.size()));
        ListRoom after;
        if (following) CHECK(list_->view(following, after) == model_[index]);
        list_->settle(setting_);
    }
    void erase_equal(size_t index, bool forward) {
        const std::string text = model_[index];
        size_t count = 0;
        for (size_t i = 0; i < model_.size();) {
            if (model_[i] == text) {
                model_.erase(place(i));
                ++count;
            } else {
                ++i;
            }
        }
        const End from = forward ? End::Head : End::Tail;
        CHECK(list_->erase_equal(text, UINT64_MAX, from) == count);
        list_->settle(setting_);
    }
    void erase_range(size_t from, size_t count) {
        list_->erase_range(from, count);
        model_.erase(place(from), place(std::min(from + count, model_.size())));
        list_->settle(setting_);
    }

    ListSettings setting_ = 4;
    std::unique_ptr<List> list_ = std::make_unique<List>();
    std::deque<std::string> model_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    ByteReader input(std::string_view(reinterpret_cast<const char*>(data), size));
    Model model;
    for (int steps = 0; !input.at_end() && steps < 300; ++steps) {
        model.step(input);
        model.check();
    }
    return 0;
}
