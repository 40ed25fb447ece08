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
// Compat: of the settings.
constexpr int64_t kDepthMax = 65535;
constexpr int64_t kCountMax = 32767;
constexpr int64_t kSizeMin = -5;
// Of a sealed block. It is read from both ends, and from the middle.
constexpr size_t kSealedItemsMax = 32;
// A block that has fewer elements, or larger ones, has nothing to win.
constexpr uint32_t kSealedElementsMin = 16;
constexpr size_t kSealedElementMax = 64;

ListBlock* block_of(ChainLink* link) {
    return static_cast<ListBlock*>(link);
}

}  // namespace

// --- limits ---

BlockLimits BlockLimits::of(int64_t setting) {
    constexpr size_t kBytesMax[] = {4096, 8192, 16384, 32768, 65536};
    setting = std::clamp(setting, kSizeMin, kCountMax);
    BlockLimits limits{.setting = static_cast<int16_t>(setting)};
    if (setting >= 0) {
        limits.count_max = static_cast<size_t>(std::max<int64_t>(setting, 1));
    } else {
        limits.bytes_max = kBytesMax[-(setting + 1)];
    }
    return limits;
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

PackedList::PackedList(ListSettings settings)
    : limits_(BlockLimits::of(settings.listpack_size)),
      depth_(static_cast<uint32_t>(std::clamp<int64_t>(settings.compress_depth, 0, kDepthMax))) {}

PackedList::PackedList(structures::AsVersion as_version, const PackedList& original)
    : limits_(original.limits_),
      depth_(original.depth_),
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
        block->hold_element(text);
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
    version_->leftovers_->add(&block, block.memory_bytes(),
                              [](void* left) { delete static_cast<ListBlock*>(left); });
}

// Before a block changes: the block, or a copy in its place; neither sealed nor squeezed.
ListBlock& PackedList::own(ListBlock& block) {
    if (!chain_.is_shared(block)) [[likely]] {
        block.open();
        return block;
    }
    auto* const copy = new ListBlock;
    copy->copy_open(block);
    chain_.replace(block, *copy);
    leave(block);
    return *copy;
}

// The same element, in a block that no version has. What is one element is never changed.
ListCursor PackedList::own(ListCursor cursor) {
    if (cursor.block->is_single()) return cursor;
    if (!cursor.block->pack.is_sealed()) return {&own(*cursor.block), cursor.at};
    const size_t index = cursor.block->pack.index_of(cursor.at);
    ListBlock& block = own(*cursor.block);
    return {&block, block.pack.at(static_cast<int64_t>(index))};
}

void PackedList::append(ListBlock& fresh, uint32_t count) {
    fresh.count = count;
    chain_.insert_after(chain_.last(), fresh);
    settle_end(End::Tail);
}

void PackedList::append(structures::SealablePack pack) {
    auto* block = new ListBlock;
    block->pack = std::move(pack);
    append(*block, static_cast<uint32_t>(block->pack.size()));
}

void PackedList::append_single(std::string_view text) {
    auto* block = new ListBlock;
    block->hold_element(text);
    append(*block, 1);
}

// --- sealing and squeezing ---

// Null if there are not that many.
ChainLink* PackedList::from_end(End end, size_t steps) const {
    if (chain_.links() <= steps) return nullptr;
    ChainLink* link = end == End::Head ? chain_.first() : chain_.last();
    for (; steps > 0; --steps) link = end == End::Head ? link->next : link->previous;
    return link;
}

// Whether the user wants it squeezed.
bool PackedList::is_inner(const ChainLink* link) const {
    if (depth_ == 0 || chain_.links() <= size_t{2} * depth_) return false;
    const ChainLink* before = link;
    const ChainLink* after = link;
    for (uint32_t i = 0; i < depth_; ++i) {
        before = before->previous;
        after = after->next;
        if (before == nullptr || after == nullptr) return false;
    }
    return true;
}

// Seals a block with at least two others on either side. What a version has is left as it is.
void PackedList::seal(ChainLink* link) {
    if (link == nullptr || link->previous == nullptr || link->next == nullptr) return;
    if (link->previous->previous == nullptr || link->next->next == nullptr) return;
    ListBlock& block = *block_of(link);
    if (block.text != nullptr || chain_.is_shared(block)) return;
    if (block.count < kSealedElementsMin) return;
    if (block.pack.bytes() > block.count * kSealedElementMax) return;
    block.pack.seal(kSealedItemsMax);
}

// Squeezes a block that lies so far in; in place of one that a version has comes another.
void PackedList::squeeze(ChainLink* link) {
    if (link == nullptr || !is_inner(link)) return;
    ListBlock& block = *block_of(link);
    ListBlock::Text::Owner text = block.squeezed();
    if (text == nullptr) return;
    if (!chain_.is_shared(block)) return block.hold(std::move(text));
    auto* const copy = new ListBlock;
    copy->hold(std::move(text));
    chain_.replace(block, *copy);
    leave(block);
}

// After a block was added at an end: of those there one more lies further in.
void PackedList::settle_end(End end) {
    if (depth_ != 0) squeeze(from_end(end, depth_));
    seal(from_end(end, 2));
}

// After blocks were removed: others may have come to lie near the ends.
void PackedList::open_ends() {
    if (depth_ == 0) return;
    ChainLink* head = chain_.first();
    ChainLink* tail = chain_.last();
    for (uint32_t i = 0; i < depth_ && head != nullptr; ++i) {
        if (block_of(head)->is_squeezed()) head = &own(*block_of(head));
        if (block_of(tail)->is_squeezed()) tail = &own(*block_of(tail));
        head = head->next;
        tail = tail->previous;
    }
}

// After a change in the middle, of a block that is not shared and of its neighbours.
void PackedList::tidy(ChainLink* center) {
    if (depth_ == 0) [[likely]]
        return;
    open_ends();
    if (center != nullptr) {
        squeeze(center->previous);
        squeeze(center->next);
        squeeze(center);
    }
    squeeze(from_end(End::Head, depth_));
    squeeze(from_end(End::Tail, depth_));
}

bool PackedList::has_room(const ListBlock* block, size_t bytes) const {
    if (block == nullptr || block->is_single() || limits_.is_large(bytes)) return false;
    return !limits_.exceeded_by(block->bytes() + bytes + kOverheadGuess, block->count + 1u);
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
        settle_end(end);
    }
}

// --- cursors ---

ListCursor PackedList::at(uint64_t index, ListRoom& room) const {
    if (index >= size()) return {};
    const structures::CountedChain::Place place = chain_.find(index);
    ListBlock* const block = block_of(place.link);
    if (block->text != nullptr) return {block, room.open(*block).at(place.offset)};
    return {block, block->pack.at(static_cast<int64_t>(place.offset))};
}

ListCursor PackedList::last() const {
    ListBlock* const block = block_of(chain_.last());
    return block != nullptr ? ListCursor{block, block->last()} : ListCursor{};
}

ListCursor PackedList::previous(ListCursor cursor, ListRoom& room) const {
    ListBlock* const block = cursor.block;
    if (const auto at = room.open(*block).before(cursor.at)) return {block, at};
    ListBlock* const before = block_of(block->previous);
    return before != nullptr ? ListCursor{before, room.open(*before).last()} : ListCursor{};
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
    if (left->is_single() || right->is_single()) return nullptr;
    const size_t bytes = left->bytes() + right->bytes() - kEmptyPackBytes;
    if (limits_.exceeded_by(bytes, size_t{left->count} + right->count)) return nullptr;
    left = &own(*left);
    ListRoom room;
    const structures::SealablePack& moving = room.open(*right).pack;
    for (auto at = moving.first(); at != Listpack::kNone; at = moving.next(at)) {
        left->pack.plain().append(moving.view(at, room.digits));
    }
    const uint32_t moved = right->count;
    remove_block(*right);
    chain_.add(*left, moved);
    return left;
}

// Returns what the center has become.
ListBlock& PackedList::join_around(ListBlock& center) {
    ListBlock* const before = block_of(center.previous);
    ListBlock* const after = block_of(center.next);
    if (before != nullptr) join(block_of(before->previous), before);
    if (after != nullptr) join(after, block_of(after->next));
    ListBlock* joined = join(block_of(center.previous), &center);
    if (joined == nullptr) joined = &center;
    ListBlock* const all = join(joined, block_of(joined->next));
    return all != nullptr ? *all : *joined;
}

// --- changes ---

void PackedList::insert(ListCursor where, Side side, std::string_view text) {
    tidy(&put_beside(own(where), side, text));
}

// Beside an owned element, as what follows; each returns a block that changed. Others that did are
// next to it.
ListBlock& PackedList::put_beside(ListCursor cursor, Side side, std::string_view text) {
    ListBlock& block = *cursor.block;
    if (limits_.is_large(text.size())) return insert_single(cursor, side, text);
    if (!has_room(&block, text.size())) return insert_into_full(cursor, side, text);
    put(block, side == Side::After ? block.pack.next(cursor.at) : cursor.at, text);
    return block;
}

ListBlock& PackedList::insert_single(ListCursor cursor, Side side, std::string_view text) {
    ListBlock& block = *cursor.block;
    const bool at_edge =
        block.is_single() || (side == Side::After ? block.pack.next(cursor.at) == Listpack::kNone
                                                  : cursor.at == block.pack.first());
    if (at_edge) return add_block(side == Side::After ? &block : block.previous, text);
    ListBlock& rest = split_off(block, cursor.at, side);
    if (side == Side::After) {
        chain_.insert_after(&block, rest);
        return add_block(&block, text);
    }
    chain_.insert_before(block, rest);
    return add_block(&rest, text);
}

ListBlock& PackedList::insert_into_full(ListCursor cursor, Side side, std::string_view text) {
    ListBlock& block = *cursor.block;
    const bool after = side == Side::After;
    const bool at_edge = block.is_single() || (after ? block.pack.next(cursor.at) == Listpack::kNone
                                                     : cursor.at == block.pack.first());
    ListBlock* const neighbour = block_of(after ? block.next : block.previous);
    if (at_edge && has_room(neighbour, text.size())) {
        ListBlock& owned = own(*neighbour);
        put(owned, after ? owned.pack.first() : Listpack::kNone, text);
        return owned;
    }
    if (at_edge) return add_block(after ? &block : block.previous, text);
    ListBlock& rest = split_off(block, cursor.at, side);
    rest.pack.plain().insert(after ? rest.pack.first() : Listpack::kNone, text);
    ++rest.count;
    chain_.insert_after(after ? &block : block.previous, rest);
    return join_around(block);
}

void PackedList::replace(ListCursor where, std::string_view text) {
    tidy(&put_instead(own(where), text));
}

ListBlock& PackedList::put_instead(ListCursor cursor, std::string_view text) {
    ListBlock& block = *cursor.block;
    const bool large = limits_.is_large(text.size());
    if (block.is_single()) {
        ListBlock& changed =
            large ? add_block(&block, text) : put_beside(cursor, Side::After, text);
        remove_block(block);
        return changed;
    }
    if (!large) {
        block.pack.plain().replace(cursor.at, text);
        return block;
    }
    if (block.pack.next(cursor.at) != Listpack::kNone) {
        chain_.insert_after(&block, split_off(block, cursor.at, Side::After));
    }
    ListBlock& fresh = add_block(&block, text);
    if (block.count == 1) {
        remove_block(block);
        return fresh;
    }
    block.pack.plain().erase(block.pack.last());
    chain_.add(block, -1);
    return join_around(fresh);
}

ListCursor PackedList::erase(ListCursor cursor) {
    if (cursor.block->count == 1) {
        ChainLink* const after = cursor.block->next;
        remove_block(*cursor.block);
        open_ends();
        return first_from(after);
    }
    cursor = own(cursor);
    ListBlock& block = *cursor.block;
    const auto at = block.pack.plain().erase(cursor.at);
    chain_.add(block, -1);
    if (depth_ != 0) squeeze(&block);
    return at != Listpack::kNone ? ListCursor{&block, at} : first_from(block.next);
}

uint64_t erase_equal(Listpack& pack, Listpack::Position at, std::string_view text, uint64_t most,
                     End from) {
    const bool forward = from == End::Head;
    uint64_t erased = 0;
    while (at != Listpack::kNone && erased < most) {
        if (!pack.equals(at, text)) {
            at = forward ? pack.next(at) : pack.previous(at);
            continue;
        }
        const auto before = forward ? Listpack::kNone : pack.previous(at);
        const auto after = pack.erase(at);
        at = forward ? after : before;
        ++erased;
    }
    return erased;
}

uint64_t PackedList::erase_equal(std::string_view text, uint64_t most, End from) {
    uint64_t erased = 0;
    ChainLink* link = from == End::Head ? chain_.first() : chain_.last();
    while (link != nullptr && erased < most) {
        ChainLink* const following = from == End::Head ? link->next : link->previous;
        erased += erase_equal_in(*block_of(link), text, most - erased, from);
        link = following;
    }
    open_ends();
    return erased;
}

uint64_t PackedList::erase_equal_in(ListBlock& block, std::string_view text, uint64_t most,
                                    End from) {
    const bool forward = from == End::Head;
    ListRoom room;
    const ListBlock& seen = room.open(block);
    auto at = forward ? seen.first() : seen.last();
    while (at != Listpack::kNone && !seen.equals(at, text)) {
        at = forward ? seen.after(at) : seen.before(at);
    }
    if (at == Listpack::kNone) return 0;
    if (block.count == 1) {
        remove_block(block);
        return 1;
    }
    const ListCursor owned = own(ListCursor{&block, at});
    const uint64_t erased =
        values::erase_equal(owned.block->pack.plain(), owned.at, text, most, from);
    if (erased == owned.block->count) {
        remove_block(*owned.block);
        return erased;
    }
    chain_.add(*owned.block, -static_cast<int64_t>(erased));
    squeeze(owned.block);
    return erased;
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
    if (depth_ == 0 || size() == 0) return;
    open_ends();
    tidy(chain_.find(std::min(from, size() - 1)).link);
}

// --- the whole ---

bool PackedList::may_become_small(const BlockLimits& limits, SmallList most) const {
    const ListBlock* block = first_block();
    if (chain_.links() != 1 || block->is_single()) return false;
    const size_t bytes = block->bytes();
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
    auto copy = std::make_unique<PackedList>(ListSettings(limits_.setting, depth_));
    for_each_block([&](const ListBlock& block) {
        auto* const fresh = new ListBlock;
        fresh->copy(block);
        fresh->count = block.count;
        copy->chain_.insert_after(copy->chain_.last(), *fresh);
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
        bytes += block->memory_bytes();
        ++seen;
        elements += block->count;
        if (samples != 0 && elements >= samples) break;
    }
    if (seen != 0) bytes = bytes * chain_.links() / seen;
    return sizeof *this + chain_.memory_bytes() + bytes;
}

size_t PackedList::plain_bytes() const {
    size_t bytes = 0;
    for_each_block([&](const ListBlock& block) { bytes += block.bytes(); });
    return bytes;
}

void PackedList::check_invariants() const {
    chain_.check_invariants();
    for (uint32_t i = 0; i < depth_; ++i) {
        for (const End end : {End::Head, End::Tail}) {
            const ListBlock* const block = block_of(from_end(end, i));
            CHECK(block == nullptr || !block->is_squeezed());
        }
    }
    ListRoom room;
    for (const ListBlock* block = first_block(); block != nullptr; block = block_of(block->next)) {
        CHECK(block->count != 0);
        if (block->is_single()) {
            CHECK(block->count == 1);
            continue;
        }
        CHECK(depth_ != 0 || !block->is_squeezed());
        const structures::SealablePack& pack = room.open(*block).pack;
        pack.check_invariants();
        CHECK(pack.size() == block->count);
        CHECK(pack.bytes() == block->bytes());
    }
}

}  // namespace millrace::values
