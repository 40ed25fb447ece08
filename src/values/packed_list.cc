// SPDX-License-Identifier: BSD-3-Clause
#include "values/packed_list.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/memory.h"

namespace millrace::values {

using structures::ChainLink;
using structures::Listpack;

namespace {

// What bounds blocks whose limit is a number of elements.
constexpr size_t kSafeBytesMax = 8192;
// What an element is taken to need beside its text when a block is asked for room.
constexpr size_t kOverheadGuess = 8;
constexpr size_t kEmptyPackBytes = 7;
// Of a sealed block. It is read from both ends, and from the middle.
constexpr size_t kSealedItemsMax = 32;
// A block that has fewer elements, or larger ones, has nothing to win.
constexpr uint32_t kSealedElementsMin = 16;
constexpr size_t kSealedElementMax = 64;

ListBlock* block_of(ChainLink* link) {
    return static_cast<ListBlock*>(link);
}

size_t memory_of(const ListBlock& block) {
    if (block.single == nullptr) return usable_bytes(&block) + block.pack.memory_bytes();
    return usable_bytes(&block) + usable_bytes(block.single.get()) + block.single->capacity() + 1;
}

}  // namespace

// --- limits ---

BlockLimits BlockLimits::of(int64_t setting) {
    constexpr int64_t kCountMax = 32767;
    constexpr size_t kBytesMax[] = {4096, 8192, 16384, 32768, 65536};
    if (setting >= 0) {
        return {.count_max = static_cast<size_t>(std::clamp<int64_t>(setting, 1, kCountMax))};
    }
    return {.bytes_max = kBytesMax[std::min<int64_t>(-(setting + 1), 4)]};
}

bool BlockLimits::exceeded_by(size_t bytes, size_t count) const {
    if (bytes_max != 0) return bytes > bytes_max;
    return bytes > kSafeBytesMax || count > count_max;
}

bool BlockLimits::half_exceeded_by(size_t bytes, size_t count) const {
    if (bytes_max != 0) return bytes > bytes_max / 2;
    return count > count_max / 2;
}

bool BlockLimits::is_large(size_t bytes) const {
    return bytes > (bytes_max != 0 ? bytes_max : kSafeBytesMax);
}

// --- blocks ---

PackedList::PackedList(structures::AsVersion as_version, const PackedList& original)
    : limits_(original.limits_),
      chain_(as_version, original.chain_),
      leftovers_(std::make_unique<structures::Leftovers>()) {}

PackedList::~PackedList() {
    DCHECK(version_ == nullptr);
    for (ListBlock* block = block_of(chain_.first()); block != nullptr;) {
        ListBlock* const next = block_of(block->next);
        delete block;
        block = next;
    }
}

ListBlock& PackedList::add_block(ChainLink* behind, std::string_view text) {
    auto* block = new ListBlock;
    if (limits_.is_large(text.size())) {
        block->single = std::make_unique<std::string>(text);
    } else {
        block->pack.plain().append(text);
    }
    block->count = 1;
    chain_.insert_after(behind, *block);
    return *block;
}

void PackedList::remove_block(ListBlock& block) {
    const bool is_shared = chain_.is_shared(block);
    chain_.remove(block);
    is_shared ? leave(block) : delete &block;
}

// What only the version needs from here on.
void PackedList::leave(ListBlock& block) {
    version_->leftovers_->add(&block, memory_of(block),
                              [](void* left) { delete static_cast<ListBlock*>(left); });
}

// Before the pack of a block changes: the block, or a copy in its place. It is not sealed then.
ListBlock& PackedList::own(ListBlock& block) {
    if (!chain_.is_shared(block)) [[likely]] {
        block.pack.open();
        return block;
    }
    auto* const copy = new ListBlock;
    copy->pack = block.pack.open_copy();
    chain_.replace(block, *copy);
    leave(block);
    return *copy;
}

ListCursor PackedList::own(ListCursor cursor) {
    if (cursor.block->single != nullptr) return cursor;
    if (!cursor.block->pack.is_sealed()) return {&own(*cursor.block), cursor.at};
    const size_t index = cursor.block->pack.index_of(cursor.at);
    ListBlock& block = own(*cursor.block);
    return {&block, block.pack.at(static_cast<int64_t>(index))};
}

// Seals a block with at least two others on either side. What a version has is left as it is.
void PackedList::seal(ChainLink* link) {
    if (link == nullptr || link->previous == nullptr || link->next == nullptr) return;
    if (link->previous->previous == nullptr || link->next->next == nullptr) return;
    ListBlock& block = *block_of(link);
    if (block.single != nullptr || chain_.is_shared(block)) return;
    if (block.count < kSealedElementsMin) return;
    if (block.pack.bytes() > block.count * kSealedElementMax) return;
    block.pack.seal(kSealedItemsMax);
}

void PackedList::append(structures::SealablePack pack) {
    auto* block = new ListBlock;
    block->count = static_cast<uint32_t>(pack.size());
    block->pack = std::move(pack);
    chain_.insert_after(chain_.last(), *block);
    if (block->previous != nullptr) seal(block->previous->previous);
}

void PackedList::append_single(std::string_view text) {
    auto* block = new ListBlock;
    block->count = 1;
    block->single = std::make_unique<std::string>(text);
    chain_.insert_after(chain_.last(), *block);
}

bool PackedList::has_room(const ListBlock* block, size_t bytes) const {
    if (block == nullptr || block->single != nullptr || limits_.is_large(bytes)) return false;
    return !limits_.exceeded_by(block->pack.bytes() + bytes + kOverheadGuess, block->count + 1u);
}

// Into an owned block.
void PackedList::put(ListBlock& block, Listpack::Position before, std::string_view text) {
    block.pack.plain().insert(before, text);
    chain_.add(block, 1);
}

void PackedList::push(End end, std::string_view text) {
    const bool head = end == End::Head;
    ListBlock* const block = block_of(head ? chain_.first() : chain_.last());
    if (has_room(block, text.size())) {
        ListBlock& owned = own(*block);
        put(owned, head ? owned.pack.first() : Listpack::kNone, text);
    } else {
        add_block(head ? nullptr : chain_.last(), text);
        if (block != nullptr) seal(head ? block->next : block->previous);
    }
}

// --- cursors ---

ListCursor PackedList::at(uint64_t index) const {
    if (index >= size()) return {};
    const structures::CountedChain::Place place = chain_.find(index);
    ListBlock* const block = block_of(place.link);
    if (block->single != nullptr) return {block, block->first()};
    return {block, block->pack.at(static_cast<int64_t>(place.offset))};
}

ListCursor PackedList::first() const {
    return first_from(chain_.first());
}

ListCursor PackedList::last() const {
    return last_from(chain_.last());
}

ListCursor PackedList::first_from(ChainLink* link) {
    if (link == nullptr) return {};
    return {block_of(link), block_of(link)->first()};
}

ListCursor PackedList::last_from(ChainLink* link) {
    if (link == nullptr) return {};
    return {block_of(link), block_of(link)->last()};
}

ListCursor PackedList::next(ListCursor cursor) const {
    ListBlock* const block = cursor.block;
    if (block->single == nullptr) {
        if (const auto at = block->pack.next(cursor.at)) return {block, at};
    }
    return first_from(block->next);
}

ListCursor PackedList::previous(ListCursor cursor) const {
    ListBlock* const block = cursor.block;
    if (block->single == nullptr) {
        if (const auto at = block->pack.previous(cursor.at)) return {block, at};
    }
    return last_from(block->previous);
}

// --- splitting and joining ---

// Moves what lies behind (`side` After) or before the element at `from` into a block of its own,
// which is not linked yet.
ListBlock& PackedList::split_off(ListBlock& block, Listpack::Position from, Side side) {
    auto* fresh = new ListBlock;
    Listpack& pack = block.pack.plain();
    uint32_t before = 0;  // Elements up to and without `from`.
    for (auto at = pack.first(); at != from; at = pack.next(at)) ++before;
    const uint32_t kept_first = side == Side::After ? before + 1 : before;
    const uint32_t moved = side == Side::After ? block.count - kept_first : kept_first;
    Listpack rest = pack.clone();
    if (side == Side::After) {
        rest.erase(rest.first(), kept_first);
        pack.erase(pack.at(kept_first), moved);
    } else {
        rest.erase(rest.at(moved), block.count - moved);
        pack.erase(pack.first(), moved);
    }
    fresh->pack = structures::SealablePack(std::move(rest));
    fresh->count = moved;
    chain_.add(block, -static_cast<int64_t>(moved));
    return *fresh;
}

// Makes one block of two neighbours if they fit into one; null if not.
ListBlock* PackedList::join(ListBlock* left, ListBlock* right) {
    if (left == nullptr || right == nullptr) return nullptr;
    if (left->single != nullptr || right->single != nullptr) return nullptr;
    const size_t bytes = left->pack.bytes() + right->pack.bytes() - kEmptyPackBytes;
    if (limits_.exceeded_by(bytes, size_t{left->count} + right->count)) return nullptr;
    left = &own(*left);
    char digits[24];
    for (auto at = right->pack.first(); at != Listpack::kNone; at = right->pack.next(at)) {
        left->pack.plain().append(right->pack.view(at, digits));
    }
    const uint32_t moved = right->count;
    remove_block(*right);
    chain_.add(*left, moved);
    return left;
}

void PackedList::join_around(ListBlock& center) {
    ListBlock* const before = block_of(center.previous);
    ListBlock* const after = block_of(center.next);
    if (before != nullptr) join(block_of(before->previous), before);
    if (after != nullptr) join(after, block_of(after->next));
    ListBlock* joined = join(block_of(center.previous), &center);
    if (joined == nullptr) joined = &center;
    join(joined, block_of(joined->next));
}

// --- changes ---

void PackedList::insert(ListCursor where, Side side, std::string_view text) {
    const ListCursor cursor = own(where);
    ListBlock& block = *cursor.block;
    if (limits_.is_large(text.size())) {
        insert_single(cursor, side, text);
    } else if (!has_room(&block, text.size())) {
        insert_into_full(cursor, side, text);
    } else {
        put(block, side == Side::After ? block.pack.next(cursor.at) : cursor.at, text);
    }
}

void PackedList::insert_single(ListCursor cursor, Side side, std::string_view text) {
    ListBlock& block = *cursor.block;
    const bool at_edge = block.single != nullptr ||
                         (side == Side::After ? block.pack.next(cursor.at) == Listpack::kNone
                                              : cursor.at == block.pack.first());
    if (at_edge) {
        add_block(side == Side::After ? &block : block.previous, text);
        return;
    }
    ListBlock& rest = split_off(block, cursor.at, side);
    if (side == Side::After) {
        chain_.insert_after(&block, rest);
        add_block(&block, text);
    } else {
        chain_.insert_before(block, rest);
        add_block(&rest, text);
    }
}

void PackedList::insert_into_full(ListCursor cursor, Side side, std::string_view text) {
    ListBlock& block = *cursor.block;
    const bool after = side == Side::After;
    const bool single = block.single != nullptr;
    const bool at_edge = single || (after ? block.pack.next(cursor.at) == Listpack::kNone
                                          : cursor.at == block.pack.first());
    ListBlock* const neighbour = block_of(after ? block.next : block.previous);
    if (at_edge && has_room(neighbour, text.size())) {
        ListBlock& owned = own(*neighbour);
        put(owned, after ? owned.pack.first() : Listpack::kNone, text);
    } else if (at_edge) {
        add_block(after ? &block : block.previous, text);
    } else {
        ListBlock& rest = split_off(block, cursor.at, side);
        rest.pack.plain().insert(after ? rest.pack.first() : Listpack::kNone, text);
        ++rest.count;
        chain_.insert_after(after ? &block : block.previous, rest);
        join_around(block);
    }
}

void PackedList::replace(ListCursor where, std::string_view text) {
    const ListCursor cursor = own(where);
    ListBlock& block = *cursor.block;
    const bool large = limits_.is_large(text.size());
    if (block.single == nullptr && !large) {
        block.pack.plain().replace(cursor.at, text);
        return;
    }
    if (block.single != nullptr) {
        if (large) {
            add_block(&block, text);
            remove_block(block);
        } else {
            insert(cursor, Side::After, text);
            remove_block(block);
        }
        return;
    }
    if (block.pack.next(cursor.at) != Listpack::kNone) {
        chain_.insert_after(&block, split_off(block, cursor.at, Side::After));
    }
    ListBlock& fresh = add_block(&block, text);
    if (block.count == 1) {
        remove_block(block);
        return;
    }
    block.pack.plain().erase(block.pack.last());
    chain_.add(block, -1);
    join_around(fresh);
}

ListCursor PackedList::erase(ListCursor cursor) {
    if (cursor.block->count == 1) {
        const ListCursor following = next(cursor);
        remove_block(*cursor.block);
        return following;
    }
    cursor = own(cursor);
    ListBlock& block = *cursor.block;
    const auto at = block.pack.plain().erase(cursor.at);
    chain_.add(block, -1);
    return at != Listpack::kNone ? ListCursor{&block, at} : first_from(block.next);
}

void PackedList::erase_range(uint64_t from, uint64_t count) {
    if (from >= size()) return;
    count = std::min(count, size() - from);
    while (count > 0) {
        const structures::CountedChain::Place place = chain_.find(from);
        const uint64_t here = std::min<uint64_t>(count, place.link->count - place.offset);
        if (here == place.link->count) {
            remove_block(*block_of(place.link));
        } else {
            ListBlock& block = own(*block_of(place.link));
            Listpack& pack = block.pack.plain();
            pack.erase(pack.at(static_cast<int64_t>(place.offset)), here);
            chain_.add(block, -static_cast<int64_t>(here));
        }
        count -= here;
    }
}

// --- the whole ---

bool PackedList::may_become_small(const BlockLimits& limits, SmallList most) const {
    const ListBlock* block = first_block();
    if (chain_.links() != 1 || block->single != nullptr) return false;
    const size_t bytes = block->pack.bytes();
    return most == SmallList::HalfFull ? !limits.half_exceeded_by(bytes, block->count)
                                       : !limits.exceeded_by(bytes, block->count);
}

Listpack PackedList::take_only_block() {
    CHECK(chain_.links() == 1);
    ListBlock& block = own(*first_block());
    Listpack pack = std::move(block.pack.plain());
    remove_block(block);
    return pack;
}

std::unique_ptr<PackedList> PackedList::clone() const {
    auto copy = std::make_unique<PackedList>(limits_);
    for_each_block([&](const ListBlock& block) {
        if (block.single != nullptr) {
            copy->append_single(*block.single);
        } else {
            copy->append(block.pack.clone());
        }
    });
    return copy;
}

std::unique_ptr<PackedList> PackedList::freeze() {
    CHECK(version_ == nullptr);
    auto version = std::make_unique<PackedList>(structures::AsVersion{}, *this);
    version_ = version.get();
    chain_.freeze(*version->leftovers_);
    return version;
}

void PackedList::thaw() {
    chain_.thaw();
    version_ = nullptr;
}

size_t PackedList::blocks() const {
    return leftovers_ != nullptr ? leftovers_->count() : 2 * chain_.links() + chain_.nodes();
}

size_t PackedList::memory_bytes(size_t samples) const {
    if (leftovers_ != nullptr) return leftovers_->bytes();
    size_t bytes = 0;
    size_t seen = 0;
    uint64_t elements = 0;
    for (const ListBlock* block = first_block(); block != nullptr; block = block_of(block->next)) {
        bytes += memory_of(*block);
        ++seen;
        elements += block->count;
        if (samples != 0 && elements >= samples) break;
    }
    if (seen != 0) bytes = bytes * chain_.links() / seen;
    return sizeof *this + chain_.memory_bytes() + bytes;
}

void PackedList::check_invariants() const {
    chain_.check_invariants();
    for (const ListBlock* block = first_block(); block != nullptr; block = block_of(block->next)) {
        CHECK(block->count != 0);
        if (block->single != nullptr) {
            CHECK(block->count == 1);
            continue;
        }
        block->pack.check_invariants();
        CHECK(block->pack.size() == block->count);
    }
}

}  // namespace millrace::values
