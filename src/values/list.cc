// SPDX-License-Identifier: BSD-3-Clause
#include "values/list.h"

#include <utility>

#include "base/assert.h"
#include "base/memory.h"

namespace millrace::values {

using structures::Listpack;

// --- form ---

PackedList& List::enlarge(int64_t setting) {
    if (large_) return *large_;
    large_ = std::make_unique<PackedList>(BlockLimits::of(setting));
    Listpack pack = std::move(pack_);
    if (!pack.empty()) large_->append(std::move(pack));
    return *large_;
}

void List::make_room(int64_t setting, size_t bytes, size_t count) {
    if (large_) return;
    const BlockLimits limits = BlockLimits::of(setting);
    if (limits.exceeded_by(pack_.bytes() + bytes, pack_.size() + count)) enlarge(setting);
}

void List::settle(int64_t setting, SmallList most) {
    if (!large_) return;
    if (large_->size() == 0) {
        pack_ = Listpack();
    } else if (large_->may_become_small(BlockLimits::of(setting), most)) {
        pack_ = large_->take_only_block();
    } else {
        return;
    }
    large_->thaw();  // All that a version needs has been left to it.
    large_.reset();
}

void List::load_block(int64_t setting, Listpack pack) {
    enlarge(setting).append(std::move(pack));
}

void List::load_single(int64_t setting, std::string_view text) {
    enlarge(setting).append_single(text);
}

// --- elements ---

ListCursor List::at(int64_t index) const {
    if (!large_) return {nullptr, pack_.at(index)};
    const auto count = static_cast<int64_t>(large_->size());
    if (index < 0) index += count;
    if (index < 0 || index >= count) return {};
    return large_->at(static_cast<uint64_t>(index));
}

bool List::equals(ListCursor cursor, std::string_view text) const {
    if (cursor.block == nullptr) return pack_.equals(cursor.at, text);
    if (cursor.block->single != nullptr) return *cursor.block->single == text;
    return cursor.block->pack.equals(cursor.at, text);
}

void List::insert(ListCursor cursor, Side side, std::string_view text) {
    if (large_) {
        large_->insert(cursor, side, text);
    } else {
        pack_.insert(side == Side::Before ? cursor.at : pack_.next(cursor.at), text);
    }
}

void List::replace(ListCursor cursor, std::string_view text) {
    if (large_) {
        large_->replace(cursor, text);
    } else {
        pack_.replace(cursor.at, text);
    }
}

ListCursor List::erase(ListCursor cursor) {
    return large_ ? large_->erase(cursor) : ListCursor{nullptr, pack_.erase(cursor.at)};
}

void List::erase_range(uint64_t from, uint64_t count) {
    if (large_) {
        large_->erase_range(from, count);
    } else if (const auto at = pack_.at(static_cast<int64_t>(from)); at != Listpack::kNone) {
        pack_.erase(at, count);
    }
}

// --- the whole ---

size_t List::memory_bytes(size_t samples) const {
    return usable_bytes(this) + (large_ ? large_->memory_bytes(samples) : pack_.memory_bytes());
}

std::unique_ptr<keyspace::Collection> List::clone() const {
    auto copy = std::make_unique<List>();
    if (large_) {
        copy->large_ = large_->clone();
        const Listpack unused = std::move(copy->pack_);
    } else {
        copy->pack_ = pack_.clone();
    }
    return copy;
}

std::unique_ptr<keyspace::Collection> List::freeze() {
    if (!large_) return nullptr;
    auto version = std::make_unique<List>();
    version->large_ = large_->freeze();
    const Listpack unused = std::move(version->pack_);
    return version;
}

void List::digest(keyspace::ValueDigest& digest) const {
    char digits[24];
    const auto chain_all = [&](const Listpack& pack) {
        for (auto at = pack.first(); at != Listpack::kNone; at = pack.next(at))
            digest.chain(pack.view(at, digits));
    };
    if (!large_) return chain_all(pack_);
    large_->for_each_block([&](const ListBlock& block) {
        block.single != nullptr ? digest.chain(*block.single) : chain_all(block.pack);
    });
}

void List::check_invariants() const {
    if (large_) {
        large_->check_invariants();
    } else {
        pack_.check_invariants();
    }
}

}  // namespace millrace::values
