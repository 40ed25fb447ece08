// SPDX-License-Identifier: BSD-3-Clause
#include "values/list.h"

#include <utility>

#include "base/assert.h"
#include "base/memory.h"

namespace millrace::values {

using structures::Listpack;

// --- form ---

PackedList& List::enlarge(int64_t setting) {
    if (is_large()) return large();
    auto fresh = std::make_unique<PackedList>(BlockLimits::of(setting));
    if (!pack().empty()) fresh->append(structures::SealablePack(std::move(form_.small())));
    form_.become(std::move(fresh));
    return large();
}

void List::make_room(int64_t setting, size_t bytes, size_t count) {
    if (is_large()) return;
    const BlockLimits limits = BlockLimits::of(setting);
    if (limits.exceeded_by(pack().bytes() + bytes, pack().size() + count)) enlarge(setting);
}

void List::settle(int64_t setting, SmallList most) {
    if (!is_large()) return;
    const bool is_empty = large().size() == 0;
    if (!is_empty && !large().may_become_small(BlockLimits::of(setting), most)) return;
    Listpack pack = is_empty ? Listpack() : large().take_only_block();
    large().thaw();  // All that a version needs has been left to it.
    form_.become(std::move(pack));
}

void List::load_block(int64_t setting, Listpack pack) {
    enlarge(setting).append(structures::SealablePack(std::move(pack)));
}

void List::load_single(int64_t setting, std::string_view text) {
    enlarge(setting).append_single(text);
}

// --- elements ---

ListCursor List::at(int64_t index) const {
    if (!is_large()) return {nullptr, pack().at(index)};
    const auto count = static_cast<int64_t>(large().size());
    if (index < 0) index += count;
    if (index < 0 || index >= count) return {};
    return large().at(static_cast<uint64_t>(index));
}

bool List::equals(ListCursor cursor, std::string_view text) const {
    if (cursor.block == nullptr) return pack().equals(cursor.at, text);
    if (cursor.block->single != nullptr) return *cursor.block->single == text;
    return cursor.block->pack.equals(cursor.at, text);
}

void List::insert(ListCursor cursor, Side side, std::string_view text) {
    if (is_large()) {
        large().insert(cursor, side, text);
    } else {
        form_.small().insert(side == Side::Before ? cursor.at : pack().next(cursor.at), text);
    }
}

void List::replace(ListCursor cursor, std::string_view text) {
    if (is_large()) {
        large().replace(cursor, text);
    } else {
        form_.small().replace(cursor.at, text);
    }
}

ListCursor List::erase(ListCursor cursor) {
    return is_large() ? large().erase(cursor) : ListCursor{nullptr, form_.small().erase(cursor.at)};
}

void List::erase_range(uint64_t from, uint64_t count) {
    if (is_large()) {
        large().erase_range(from, count);
    } else if (const auto at = pack().at(static_cast<int64_t>(from)); at != Listpack::kNone) {
        form_.small().erase(at, count);
    }
}

// --- the whole ---

size_t List::memory_bytes(size_t samples) const {
    return usable_bytes(this) +
           (is_large() ? large().memory_bytes(samples) : pack().memory_bytes());
}

std::unique_ptr<keyspace::Collection> List::clone() const {
    if (is_large()) return std::make_unique<List>(large().clone());
    return std::make_unique<List>(pack().clone());
}

std::unique_ptr<keyspace::Collection> List::freeze() {
    if (!is_large()) return nullptr;
    return std::make_unique<List>(large().freeze());
}

void List::digest(keyspace::ValueDigest& digest) const {
    char digits[24];
    const auto chain_all = [&](const auto& pack) {
        for (auto at = pack.first(); at != Listpack::kNone; at = pack.next(at))
            digest.chain(pack.view(at, digits));
    };
    if (!is_large()) return chain_all(pack());
    large().for_each_block([&](const ListBlock& block) {
        block.single != nullptr ? digest.chain(*block.single) : chain_all(block.pack);
    });
}

void List::check_invariants() const {
    if (is_large()) {
        large().check_invariants();
    } else {
        pack().check_invariants();
    }
}

}  // namespace millrace::values
