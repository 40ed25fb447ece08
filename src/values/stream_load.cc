// SPDX-License-Identifier: BSD-3-Clause
//
// Streams from files: blocks whose contents cannot be trusted.
#include <utility>

#include "values/stream.h"

namespace millrace::values {

using structures::Listpack;

namespace {

// Walks the elements of a block; nothing of it is believed.
class BlockCheck {
public:
    BlockCheck(const StreamId& block, const Listpack& pack)
        : pack_(pack), at_(pack.first()), block_(block) {}

    bool run() {
        live_announced_ = number();
        const int64_t deleted_announced = number();
        fields_ = number();
        skip(fields_);
        if (number() != 0) return false;
        while (sound_ && at_ != Listpack::kNone) check_entry();
        return sound_ && live_ == live_announced_ && deleted_ == deleted_announced;
    }
    int64_t live() const { return live_; }
    const StreamId& first_id() const { return first_; }
    const StreamId& last_id() const { return last_; }

private:
    int64_t number() {
        if (at_ == Listpack::kNone) sound_ = false;
        if (!sound_) return 0;
        const Listpack::Element element = pack_.get(at_);
        at_ = pack_.next(at_);
        if (!element.is_number) sound_ = false;
        return element.is_number ? element.number : 0;
    }

    void skip(int64_t count) {
        if (count < 0) sound_ = false;
        for (; sound_ && count > 0; --count) {
            if (at_ == Listpack::kNone) sound_ = false;
            if (sound_) at_ = pack_.next(at_);
        }
    }

    void check_entry() {
        const int64_t flags = number();
        StreamId id;
        id.ms = block_.ms + static_cast<uint64_t>(number());
        id.number = block_.number + static_cast<uint64_t>(number());
        const bool own_fields = (flags & StreamBlock::kBlockFields) == 0;
        const int64_t fields = own_fields ? number() : fields_;
        if (fields < 0 || static_cast<uint64_t>(fields) > pack_.bytes()) sound_ = false;
        if (!sound_) return;
        skip(own_fields ? 2 * fields : fields);
        if (number() != (own_fields ? 2 * fields + 4 : fields + 3)) sound_ = false;
        const bool first = live_ + deleted_ == 0;
        if (id < block_ || (!first && id <= last_)) sound_ = false;
        if (first) first_ = id;
        last_ = id;
        ++((flags & StreamBlock::kDeleted) != 0 ? deleted_ : live_);
    }

    const Listpack& pack_;
    Listpack::Position at_;
    StreamId block_;
    StreamId first_;
    StreamId last_;
    int64_t live_announced_ = 0;
    int64_t fields_ = 0;
    int64_t live_ = 0;
    int64_t deleted_ = 0;
    bool sound_ = true;
};

}  // namespace

bool Stream::load_block(const StreamId& id, Listpack pack) {
    BlockCheck check(id, pack);
    if (!check.run()) return false;
    if (!blocks_.empty() && (id <= last_id_ || check.first_id() <= last_id_)) return false;
    last_id_ = check.last_id();
    if (check.live() == 0) return true;
    length_ += static_cast<uint64_t>(check.live());
    add_block(id, Pack(std::move(pack)));
    return true;
}

bool Stream::load_marks(const Marks& marks) {
    settle_first();
    const bool agrees = marks.length == length_ && last_live_id() <= marks.last_id &&
                        marks.entries_added >= length_;
    last_id_ = marks.last_id;
    max_deleted_id_ = marks.max_deleted_id;
    entries_added_ = marks.entries_added;
    return agrees;
}

}  // namespace millrace::values
