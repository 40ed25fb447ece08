// SPDX-License-Identifier: BSD-3-Clause
#include "values/stream.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "base/assert.h"
#include "base/memory.h"
#include "base/wrapping.h"

namespace millrace::values {

using structures::Listpack;
using structures::SealablePack;

namespace {

// The numbers at the beginning of a block.
int64_t live_entries(const SealablePack& pack) {
    return pack.number(pack.first());
}
int64_t deleted_entries(const SealablePack& pack) {
    return pack.number(pack.at(1));
}

void add_to(Listpack& pack, int64_t index, int64_t change) {
    const auto at = pack.at(index);
    pack.replace_number(at, pack.get(at).number + change);
}

Listpack new_block(std::span<const std::string_view> pairs) {
    Listpack pack;
    pack.insert_number(Listpack::kNone, 0);
    pack.insert_number(Listpack::kNone, 0);
    pack.insert_number(Listpack::kNone, static_cast<int64_t>(pairs.size() / 2));
    for (size_t i = 0; i < pairs.size(); i += 2) pack.append(pairs[i]);
    pack.insert_number(Listpack::kNone, 0);
    return pack;
}

// Whether the fields of an entry are those of the block.
bool has_block_fields(const Listpack& pack, std::span<const std::string_view> pairs) {
    auto at = pack.at(2);
    if (pack.get(at).number != static_cast<int64_t>(pairs.size() / 2)) return false;
    for (size_t i = 0; i < pairs.size(); i += 2) {
        at = pack.next(at);
        if (!pack.equals(at, pairs[i])) return false;
    }
    return true;
}

}  // namespace

// --- walking a block ---

// At no entry of the block yet.
Stream::Cursor Stream::enter(const StreamId& block, const Pack& pack) {
    Cursor cursor;
    cursor.pack_ = &pack;
    cursor.block_id_ = block;
    const Position fields = pack.at(2);
    cursor.block_fields_ = static_cast<size_t>(pack.number(fields));
    cursor.block_names_ = pack.next(fields);
    return cursor;
}

Stream::Cursor Stream::enter(Blocks::const_iterator block) {
    Cursor cursor = enter(block->first, block->second->pack);
    cursor.block_ = block;
    return cursor;
}

Stream::Cursor Stream::enter_backward(Blocks::const_iterator block) {
    if (!block->second->pack.is_sealed()) return enter(block);
    auto opened = std::make_shared<const Pack>(block->second->pack.open_copy());
    Cursor cursor = enter(block->first, *opened);
    cursor.block_ = block;
    cursor.opened_ = std::move(opened);
    return cursor;
}

Stream::Position Stream::first_entry(const Cursor& block) {
    Position at = block.block_names_;
    for (size_t i = 0; i < block.block_fields_; ++i) at = block.pack_->next(at);
    return block.pack_->next(at);  // Over the end of the block's own part.
}

void Stream::read(Cursor& cursor, Position at) {
    const Pack& pack = *cursor.pack_;
    cursor.at_ = at;
    const int64_t flags = pack.number(at);
    at = pack.next(at);
    cursor.id_.ms = cursor.block_id_.ms + static_cast<uint64_t>(pack.number(at));
    at = pack.next(at);
    cursor.id_.number = cursor.block_id_.number + static_cast<uint64_t>(pack.number(at));
    at = pack.next(at);
    cursor.deleted_ = (flags & StreamBlock::kDeleted) != 0;
    cursor.has_block_fields_ = (flags & StreamBlock::kBlockFields) != 0;
    if (cursor.has_block_fields_) {
        cursor.fields_ = cursor.block_fields_;
    } else {
        cursor.fields_ = static_cast<size_t>(pack.number(at));
        at = pack.next(at);
    }
    cursor.values_ = at;
}

Stream::Position Stream::after_entry(const Cursor& cursor) {
    size_t left = cursor.has_block_fields_ ? cursor.fields_ : 2 * cursor.fields_;
    Position at = cursor.values_;
    while (left-- > 0) at = cursor.pack_->next(at);
    return cursor.pack_->next(at);  // Over the count of elements.
}

// The entry before position `at` (kNone: the last one); kNone if there is none. Of a block that is
// not sealed.
Stream::Position Stream::before_entry(const Pack& pack, Position at) {
    at = at == Pack::kNone ? pack.last() : pack.previous(at);
    int64_t elements = pack.number(at);
    if (elements == 0) return Pack::kNone;  // The end of the block's own part.
    while (elements-- > 0) at = pack.previous(at);
    return at;
}

// To the first live entry from `at` on in the block; false if there is none.
bool Stream::advance(Cursor& cursor, Position at) {
    for (; at != Pack::kNone; at = after_entry(cursor)) {
        read(cursor, at);
        if (!cursor.deleted_) return true;
    }
    return false;
}

// To the last live entry before `at` in the block.
bool Stream::retreat(Cursor& cursor, Position at) {
    while ((at = before_entry(*cursor.pack_, at)) != Pack::kNone) {
        read(cursor, at);
        if (!cursor.deleted_) return true;
    }
    return false;
}

Stream::Cursor Stream::first_from(Blocks::const_iterator block) const {
    for (; block != blocks_.end(); ++block) {
        Cursor cursor = enter(block);
        if (advance(cursor, first_entry(cursor))) return cursor;
    }
    return {};
}

Stream::Cursor Stream::last_before(Blocks::const_iterator block) const {
    while (block != blocks_.begin()) {
        Cursor cursor = enter_backward(--block);
        if (retreat(cursor, Pack::kNone)) return cursor;
    }
    return {};
}

Stream::Cursor Stream::next(const Cursor& cursor) const {
    Cursor following = cursor;
    if (advance(following, after_entry(cursor))) return following;
    return first_from(std::next(cursor.block_));
}

Stream::Cursor Stream::previous(const Cursor& cursor) const {
    Cursor before = cursor;
    if (retreat(before, cursor.at_)) return before;
    return last_before(cursor.block_);
}

// The block that would hold `id`; end() if all are behind it.
Stream::Blocks::const_iterator Stream::block_of(const StreamId& id) const {
    const auto above = blocks_.upper_bound(id);
    return above == blocks_.begin() ? blocks_.end() : std::prev(above);
}

Stream::Cursor Stream::seek(const StreamId& id) const {
    auto block = block_of(id);
    if (block == blocks_.end()) return first_from(blocks_.begin());
    Cursor cursor = enter(block);
    for (Position at = first_entry(cursor); at != Pack::kNone; at = after_entry(cursor)) {
        read(cursor, at);
        if (cursor.id_ >= id && !cursor.deleted_) return cursor;
    }
    return first_from(++block);
}

Stream::Cursor Stream::seek_back(const StreamId& id) const {
    auto block = block_of(id);
    if (block == blocks_.end()) return {};
    Cursor cursor = enter_backward(block);
    for (Position at = Pack::kNone; (at = before_entry(*cursor.pack_, at)) != Pack::kNone;) {
        read(cursor, at);
        if (cursor.id_ <= id && !cursor.deleted_) return cursor;
    }
    return last_before(block);
}

bool Stream::contains(const StreamId& id) const {
    const Cursor cursor = seek(id);
    return cursor && cursor.id_ == id;
}

StreamId Stream::last_live_id() const {
    const Cursor last = seek_back(StreamId::highest());
    return last ? last.id_ : StreamId{};
}

// --- blocks ---

void Stream::add_block(const StreamId& id, Pack pack) {
    if (!blocks_.empty()) {
        StreamBlock* const full = blocks_.last()->second;
        if (!is_shared(*full)) full->pack.seal(Pack::kAnyItems);
    }
    auto block = std::make_unique<StreamBlock>(StreamBlock{blocks_.epoch(), std::move(pack)});
    blocks_.insert({id, block.release()});
}

// The pack of a block, opened to be changed, after a copy if a version has the block too. Ends
// iterators and cursors; positions stay good if it was not sealed.
Stream::Pack& Stream::own(Blocks::const_iterator at) {
    StreamBlock* const block = at->second;
    if (!is_shared(*block)) [[likely]] {
        block->pack.open();
        return block->pack;
    }
    auto copy = std::make_unique<StreamBlock>(
        StreamBlock{blocks_.epoch(), block->pack.open_copy()});
    Pack& pack = copy->pack;
    blocks_.edit(at).second = copy.release();
    leave_block(block);
    return pack;
}

void Stream::remove_block(Blocks::const_iterator at) {
    StreamBlock* const block = at->second;
    blocks_.erase(at);
    leave_block(block);
}

// The end of a block that has left the table.
void Stream::leave_block(StreamBlock* block) {
    const auto free = [](void* left) {
        std::unique_ptr<StreamBlock>(static_cast<StreamBlock*>(left)).reset();
    };
    if (!is_shared(*block)) return free(block);
    version_->leftovers_->add(block, usable_bytes(block) + block->pack.memory_bytes(), free);
}

// --- changes ---

bool Stream::fits(const Pack& pack, std::span<const std::string_view> pairs,
                  const StreamLimits& limits) const {
    size_t added = 0;
    for (const std::string_view word : pairs) added += word.size();
    size_t bytes_max = kEntryBytesMax;
    if (limits.bytes_max != 0) bytes_max = std::min<size_t>(bytes_max, limits.bytes_max);
    if (pack.bytes() + added >= bytes_max) return false;
    if (limits.entries_max <= 0) return true;
    return live_entries(pack) + deleted_entries(pack) < limits.entries_max;
}

void Stream::append(const StreamId& id, std::span<const std::string_view> pairs,
                    const StreamLimits& limits) {
    DCHECK(id > last_id_);
    if (blocks_.empty() || !fits(blocks_.last()->second->pack, pairs, limits))
        add_block(id, Pack(new_block(pairs)));
    const auto block = blocks_.last();
    const StreamId block_id = block->first;
    Listpack& pack = own(block).plain();
    const bool same = has_block_fields(pack, pairs);
    {
        Listpack::Appender out(pack);
        out.number(same ? StreamBlock::kBlockFields : 0);
        out.number(static_cast<int64_t>(id.ms - block_id.ms));
        out.number(static_cast<int64_t>(id.number - block_id.number));
        if (!same) out.number(static_cast<int64_t>(pairs.size() / 2));
        for (size_t i = 0; i < pairs.size(); ++i) {
            if (!same || i % 2 == 1) out.text(pairs[i]);
        }
        out.number(static_cast<int64_t>(same ? pairs.size() / 2 + 3 : pairs.size() + 4));
    }
    add_to(pack, 0, 1);
    ++length_;
    ++entries_added_;
    last_id_ = id;
    if (length_ == 1) first_id_ = id;
}

void Stream::mark_deleted(Listpack& pack, Position at) {
    pack.replace_number(at, pack.get(at).number | StreamBlock::kDeleted);
    --length_;
}

bool Stream::erase(const StreamId& id) {
    const Cursor cursor = seek(id);
    if (!cursor || cursor.id_ != id) return false;
    if (live_entries(*cursor.pack_) == 1) {
        remove_block(cursor.block_);
        --length_;
    } else {
        const bool was_sealed = cursor.pack_->is_sealed();
        const size_t index = was_sealed ? cursor.pack_->index_of(cursor.at_) : 0;
        Listpack& pack = own(cursor.block_).plain();
        mark_deleted(pack, was_sealed ? pack.at(static_cast<int64_t>(index)) : cursor.at_);
        add_to(pack, 0, -1);
        add_to(pack, 1, 1);
    }
    max_deleted_id_ = std::max(max_deleted_id_, id);
    return true;
}

void Stream::settle_first() {
    const Cursor first = seek({});
    first_id_ = first ? first.id_ : StreamId{};
}

uint64_t Stream::trim_block(const StreamId& block, const StreamTrim& trim) {
    Pack& pack = own(blocks_.find(block));
    int64_t removed = 0;
    Cursor cursor = enter(block, pack);
    for (Position at = first_entry(cursor); at != Pack::kNone; at = after_entry(cursor)) {
        read(cursor, at);
        if (trim.kind == StreamTrim::Kind::Length ? length_ <= trim.length
                                                  : cursor.id_ >= trim.id) {
            break;
        }
        if (cursor.deleted_) continue;
        mark_deleted(pack.plain(), at);
        ++removed;
    }
    add_to(pack.plain(), 0, -removed);
    add_to(pack.plain(), 1, removed);
    return static_cast<uint64_t>(removed);
}

// Whether all entries of a block, deleted or not, come before `id`.
bool Stream::ends_before(Blocks::const_iterator block, const StreamId& id) {
    if (block->first >= id) return false;
    const auto following = std::next(block);
    if (following != blocks_.end() && following->first <= id) return true;
    // It will go soon; until then this is asked with every entry that is added.
    const Pack& pack = own(block);
    Cursor last = enter(block->first, pack);
    read(last, before_entry(pack, Pack::kNone));
    return last.id_ < id;
}

uint64_t Stream::trim(const StreamTrim& trim) {
    const bool by_length = trim.kind == StreamTrim::Kind::Length;
    uint64_t removed = 0;
    while (!blocks_.empty()) {
        if (by_length && length_ <= trim.length) break;
        const auto block = blocks_.begin();
        const StreamId id = block->first;
        const auto live = static_cast<uint64_t>(live_entries(block->second->pack));
        if (trim.removed_max != 0 && removed + live > trim.removed_max) break;
        const bool whole =
            by_length ? length_ - live >= trim.length : ends_before(block, trim.id);
        if (whole) {
            remove_block(blocks_.begin());
            length_ -= live;
            removed += live;
            continue;
        }
        if (trim.whole_blocks) break;
        removed += trim_block(id, trim);
        const auto rest = blocks_.find(id);
        if (live_entries(rest->second->pack) == 0) remove_block(rest);
        break;
    }
    if (removed != 0) settle_first();
    return removed;
}

// --- counting what was read ---

bool Stream::has_gaps_from(const StreamId& from) const {
    if (length_ == 0 || max_deleted_id_.is_zero()) return false;
    return from <= max_deleted_id_;
}

int64_t Stream::count_up_to(const StreamId& id) const {
    const auto added = static_cast<int64_t>(entries_added_);
    const auto length = static_cast<int64_t>(length_);
    if (added == 0) return 0;
    if (length == 0 && id <= last_id_) return added;
    if (!id.is_zero() && id < max_deleted_id_) return ConsumerGroup::kUnknownCount;
    if (id == last_id_) return added;
    if (id > last_id_) return ConsumerGroup::kUnknownCount;
    // Nothing has been deleted from the first entry on.
    if (max_deleted_id_.is_zero() || max_deleted_id_ < first_id_) {
        const int64_t before = wrapping_subtract(added, length);
        if (id < first_id_) return before;
        if (id == first_id_) return wrapping_add(before, 1);
    }
    return ConsumerGroup::kUnknownCount;
}

std::optional<int64_t> Stream::lag_of(const ConsumerGroup& group) const {
    const auto added = static_cast<int64_t>(entries_added_);
    if (added == 0) return 0;
    if (group.entries_read != ConsumerGroup::kUnknownCount && !has_gaps_from(group.last_id)) {
        return wrapping_subtract(added, group.entries_read);
    }
    const int64_t read = count_up_to(group.last_id);
    if (read == ConsumerGroup::kUnknownCount) return std::nullopt;
    return wrapping_subtract(added, read);
}

// --- groups ---

const ConsumerGroup* Stream::find_group(std::string_view name) const {
    const auto found = groups_.find(name);
    return found == groups_.end() ? nullptr : &found->second;
}

ConsumerGroup* Stream::find_group(std::string_view name) {
    const auto found = groups_.find(name);
    return found == groups_.end() ? nullptr : &found->second;
}

ConsumerGroup* Stream::add_group(std::string_view name, const StreamId& last_id,
                                 int64_t entries_read) {
    const auto [added, fresh] = groups_.try_emplace(std::string(name), last_id, entries_read);
    return fresh ? &added->second : nullptr;
}

bool Stream::remove_group(std::string_view name) {
    const auto found = groups_.find(name);
    if (found == groups_.end()) return false;
    groups_.erase(found);
    return true;
}

// --- the whole ---

size_t Stream::memory_bytes(size_t samples) const {
    if (leftovers_ != nullptr) return leftovers_->bytes();
    constexpr size_t kNodeBytes = 64;
    size_t bytes = usable_bytes(this) + blocks_.memory_bytes();
    size_t seen = 0;
    size_t sampled = 0;
    for (const auto& [id, block] : blocks_) {
        sampled += usable_bytes(block) + block->pack.memory_bytes();
        if (++seen == samples) break;
    }
    if (seen != 0) bytes += sampled * blocks_.size() / seen;
    for (const auto& [name, group] : groups_) {
        bytes += kNodeBytes + name.capacity() + group.memory_bytes();
    }
    return bytes;
}

std::unique_ptr<keyspace::Collection> Stream::clone() const {
    auto copy = std::make_unique<Stream>();
    for (const auto& [id, block] : blocks_) copy->add_block(id, block->pack.clone());
    copy->length_ = length_;
    copy->last_id_ = last_id_;
    copy->first_id_ = first_id_;
    copy->max_deleted_id_ = max_deleted_id_;
    copy->entries_added_ = entries_added_;
    for (const auto& [name, group] : groups_) copy->groups_.try_emplace(name, group);
    return copy;
}

Stream::Stream(structures::AsVersion as_version, Stream& original)
    : blocks_(as_version, original.blocks_),
      length_(original.length_),
      last_id_(original.last_id_),
      first_id_(original.first_id_),
      max_deleted_id_(original.max_deleted_id_),
      entries_added_(original.entries_added_),
      leftovers_(std::make_unique<structures::Leftovers>()) {
    original.blocks_.freeze(*leftovers_);
    for (auto& [name, group] : original.groups_)
        groups_.try_emplace(groups_.end(), name, as_version, group, *leftovers_);
}

Stream::~Stream() {
    DCHECK(version_ == nullptr);
    if (leftovers_ != nullptr) return;
    blocks_.for_each(
        [](const StreamBlockItem& item) { std::unique_ptr<StreamBlock>(item.second).reset(); });
}

std::unique_ptr<keyspace::Collection> Stream::freeze() {
    CHECK(version_ == nullptr);
    auto version = std::make_unique<Stream>(structures::AsVersion{}, *this);
    version_ = version.get();
    return version;
}

void Stream::thaw() {
    blocks_.thaw();
    for (auto& [name, group] : groups_) group.thaw();
    version_ = nullptr;
}

size_t Stream::blocks() const {
    if (leftovers_ != nullptr) return 1 + leftovers_->count();
    size_t count = 1 + 3 * blocks_.size();
    for (const auto& [name, group] : groups_) count += group.blocks();
    return count;
}

void Stream::digest(keyspace::ValueDigest& digest) const {
    const auto chain = [&](const Cursor& entry) {
        // Compat: with a point.
        std::string id(StreamIdText(entry.id_).view());
        id[id.find('-')] = '.';
        digest.chain(id);
        for_each_pair(entry, [&](std::string_view field, std::string_view value) {
            digest.chain(field);
            digest.chain(value);
        });
    };
    for_each_block([&](const StreamId& id, const Pack& pack) {
        Cursor entry = enter(id, pack);
        for (Position at = first_entry(entry); at != Pack::kNone; at = after_entry(entry)) {
            read(entry, at);
            if (!entry.deleted_) chain(entry);
        }
    });
}

void Stream::check_invariants() const {
    blocks_.check_invariants();
    for (const auto& [name, group] : groups_) group.check_invariants();
    uint64_t length = 0;
    for (auto block = blocks_.begin(); block != blocks_.end(); ++block) {
        const Pack& pack = block->second->pack;
        pack.check_invariants();
        int64_t live = 0;
        int64_t deleted = 0;
        Cursor cursor = enter(block);
        for (Position at = first_entry(cursor); at != Pack::kNone; at = after_entry(cursor)) {
            read(cursor, at);
            ++(cursor.deleted_ ? deleted : live);
            CHECK(cursor.id_ >= block->first);
        }
        CHECK(live == live_entries(pack));
        CHECK(deleted == deleted_entries(pack));
        CHECK(live > 0);
        length += static_cast<uint64_t>(live);
    }
    CHECK(length == length_);
    CHECK(last_live_id() <= last_id_);
    const Cursor first = seek({});
    CHECK(first_id_ == (first ? first.id_ : StreamId{}));
}

}  // namespace millrace::values
