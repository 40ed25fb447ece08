// SPDX-License-Identifier: BSD-3-Clause
#include "values/list.h"

#include <utility>

#include "base/assert.h"
#include "base/memory.h"

namespace millrace::values {

using structures::Listpack;

// --- form ---

PackedList& List::enlarge(ListSettings settings) {
    if (is_large()) return large();
    auto fresh = std::make_unique<PackedList>(settings);
    if (!pack().empty()) fresh->append(structures::SealablePack(std::move(form_.small())));
    form_.become(std::move(fresh));
    return large();
}

void List::make_room(ListSettings settings, size_t bytes, size_t count) {
    if (is_large()) return;
    const BlockLimits limits = BlockLimits::of(settings.listpack_size);
    if (limits.exceeded_by(pack().bytes() + bytes, pack().size() + count)) enlarge(settings);
}

void List::settle(ListSettings settings, SmallList most) {
    if (!is_large()) return;
    const bool is_empty = large().size() == 0;
    const BlockLimits limits = BlockLimits::of(settings.listpack_size);
    if (!is_empty && !large().may_become_small(limits, most)) return;
    Listpack pack = is_empty ? Listpack() : large().take_only_block();
    large().thaw();  // All that a version needs has been left to it.
    form_.become(std::move(pack));
}

void List::load_block(ListSettings settings, Listpack pack) {
    enlarge(settings).append(structures::SealablePack(std::move(pack)));
}

void List::load_single(ListSettings settings, std::string_view text) {
    enlarge(settings).append_single(text);
}

// --- elements ---

ListCursor List::at(int64_t index, ListRoom& room) const {
    if (!is_large()) return {nullptr, pack().at(index)};
    const auto count = static_cast<int64_t>(large().size());
    if (index < 0) index += count;
    if (index < 0 || index >= count) return {};
    return large().at(static_cast<uint64_t>(index), room);
}

bool List::equals(ListCursor cursor, std::string_view text, ListRoom& room) const {
    if (cursor.block == nullptr) return pack().equals(cursor.at, text);
    if (cursor.block->text == nullptr) return cursor.block->pack.equals(cursor.at, text);
    return room.open(*cursor.block).equals(cursor.at, text);
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

uint64_t List::erase_equal(std::string_view text, uint64_t most, End from) {
    if (is_large()) return large().erase_equal(text, most, from);
    Listpack& small = form_.small();
    return values::erase_equal(small, from == End::Head ? small.first() : small.last(), text, most,
                               from);
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
    ListRoom room;
    const auto chain_all = [&](const auto& pack) {
        for (auto at = pack.first(); at != Listpack::kNone; at = pack.next(at))
            digest.chain(pack.view(at, room.digits));
    };
    if (!is_large()) return chain_all(pack());
    large().for_each_block([&](const ListBlock& block) {
        const ListBlock& seen = room.open(block);
        seen.is_single() ? digest.chain(seen.text->stored()) : chain_all(seen.pack);
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
