// SPDX-License-Identifier: BSD-3-Clause
//
// A stream: entries of fields and values in the order of their ids, in blocks under an ordered
// index, and the consumer groups that read it.
//
// A block is a listpack, as RDB files hold it, under the id of its first entry ever:
//
//     entries | deleted | fields | field ... | 0 |                       the block itself
//     flags | ms - | number - | value ...        | elements before |     fields as the block's
//     flags | ms - | number - | fields | field | value ... | elements before |
//
// A block is sealed (sealable_pack.h) when the next one is begun, until it changes. Reading forward
// takes it as it is; reading backward is done on an opened copy.
//
// Ids are kept as differences from the block's. A deleted entry is only marked; the block goes with
// its last live one.
//
// A frozen version shares the blocks and the tables of pending entries. While there is one, a block
// that it has is replaced by a copy before it changes.
//
// Owner:   the entry of its key. Unlike other collections it may be empty.
// Threads: main thread; destroyed on any. A version is read, by for_each_block() and groups(), on
// any.
// Invariants: check_invariants(). Cursors are good until the next change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "keyspace/collection.h"
#include "structures/id_tree.h"
#include "structures/listpack.h"
#include "structures/sealable_pack.h"
#include "values/consumer_group.h"
#include "values/stream_id.h"

namespace millrace::values {

// When a block is full; 0 means no bound.
struct StreamLimits {
    uint64_t bytes_max = 4096;
    int64_t entries_max = 100;
};

// What XTRIM and XADD may remove.
struct StreamTrim {
    enum class Kind : uint8_t { None, Length, Id };
    Kind kind = Kind::None;
    uint64_t length = 0;  // Kind::Length: how many entries may stay.
    StreamId id;          // Kind::Id: the first that may.
    bool whole_blocks = false;
    uint64_t removed_max = 0;  // 0: no bound.
};

struct StreamBlock {
    // Flags of an entry.
    static constexpr int64_t kDeleted = 1;
    static constexpr int64_t kBlockFields = 2;  // It has the fields of its block's first entry.

    uint64_t epoch;  // Of the table of blocks, when it was made.
    structures::SealablePack pack;
};
struct StreamBlockItem {
    StreamId first;
    StreamBlock* second;
};
inline const StreamId& id_of(const StreamBlockItem& item) {
    return item.first;
}

class Stream final : public keyspace::Collection {
public:
    static constexpr keyspace::ValueType kType = keyspace::ValueType::Stream;
    static constexpr size_t kEntryBytesMax = size_t{1} << 30;
    using Pack = structures::SealablePack;
    using Position = Pack::Position;
    using Blocks = structures::IdTree<StreamBlockItem>;
    using Groups = std::map<std::string, ConsumerGroup, std::less<>>;

    Stream() = default;
    // A frozen version; freeze() makes it.
    Stream(structures::AsVersion as_version, Stream& original);
    ~Stream() override;

    keyspace::ValueType type() const override { return kType; }
    std::string_view encoding() const override { return "stream"; }
    uint64_t size() const override { return length_; }
    size_t memory_bytes(size_t samples) const override;
    std::unique_ptr<keyspace::Collection> clone() const override;
    std::unique_ptr<keyspace::Collection> freeze() override;
    void thaw() override;
    size_t blocks() const override;
    void digest(keyspace::ValueDigest& digest) const override;

    // --- entries ---

    // A live entry. Falsy: there is none.
    class Cursor {
    public:
        explicit operator bool() const { return pack_ != nullptr; }
        const StreamId& id() const { return id_; }
        size_t field_count() const { return fields_; }

    private:
        friend class Stream;
        // The block.
        Blocks::const_iterator block_;
        std::shared_ptr<const Pack> opened_;  // Read backward, if it is sealed.
        const Pack* pack_ = nullptr;
        StreamId block_id_;
        size_t block_fields_ = 0;
        Position block_names_ = 0;  // The first of them.
        // The entry.
        Position at_ = 0;      // The flags.
        Position values_ = 0;  // What follows the id and, if it has its own, the count of fields.
        size_t fields_ = 0;
        bool has_block_fields_ = false;
        bool deleted_ = false;
        StreamId id_;
    };

    // The first entry from `id` on, the last one up to `id`.
    Cursor seek(const StreamId& id) const;
    Cursor seek_back(const StreamId& id) const;
    Cursor next(const Cursor& cursor) const;
    Cursor previous(const Cursor& cursor) const;
    bool contains(const StreamId& id) const;
    // Calls `visit(field, value)` for each pair.
    template <typename Visit>
    void for_each_pair(const Cursor& cursor, Visit&& visit) const;

    // Adds an entry behind all others; fields and values in turns. `id` is above last_id().
    void append(const StreamId& id, std::span<const std::string_view> pairs,
                const StreamLimits& limits);
    bool erase(const StreamId& id);
    // How many entries it removed.
    uint64_t trim(const StreamTrim& trim);
    // After erase(): finds out which entry is the first now.
    void settle_first();

    const StreamId& last_id() const { return last_id_; }
    const StreamId& first_id() const { return first_id_; }  // 0-0 when empty.
    const StreamId& max_deleted_id() const { return max_deleted_id_; }
    uint64_t entries_added() const { return entries_added_; }
    size_t block_count() const { return blocks_.size(); }
    // The last entry that is still there; 0-0 if there is none.
    StreamId last_live_id() const;
    // Of the first entry that is kept, deleted or not.
    StreamId first_kept_id() const { return blocks_.empty() ? StreamId{} : blocks_.begin()->first; }
    void set_last_id(const StreamId& id) { last_id_ = id; }
    void set_entries_added(uint64_t count) { entries_added_ = count; }
    void set_max_deleted_id(const StreamId& id) { max_deleted_id_ = id; }

    // Whether something may have been deleted from `from` on.
    bool has_gaps_from(const StreamId& from) const;
    // How many entries were ever added up to `id`, if that can be told.
    int64_t count_up_to(const StreamId& id) const;
    // How many entries a group has not read, if that can be told. Compat: may be negative.
    std::optional<int64_t> lag_of(const ConsumerGroup& group) const;

    // --- groups ---

    const Groups& groups() const { return groups_; }
    ConsumerGroup* find_group(std::string_view name);
    const ConsumerGroup* find_group(std::string_view name) const;
    // Null if there is one already.
    ConsumerGroup* add_group(std::string_view name, const StreamId& last_id, int64_t entries_read);
    bool remove_group(std::string_view name);

    // --- files ---

    // In order, as (id, pack).
    template <typename Visitor>
    void for_each_block(Visitor&& visitor) const {
        blocks_.for_each([&](const StreamBlockItem& item) {
            visitor(item.first, static_cast<const Pack&>(item.second->pack));
        });
    }
    // Takes over a block from outside after a check of everything in it; false if it is damaged. A
    // block without live entries is dropped. Blocks come in order.
    bool load_block(const StreamId& id, structures::Listpack pack);
    struct Marks {
        uint64_t length;
        StreamId last_id;
        StreamId max_deleted_id;
        uint64_t entries_added;
    };
    // After all blocks; false if these numbers contradict them.
    bool load_marks(const Marks& marks);

    void check_invariants() const;

private:
    static Cursor enter(const StreamId& block, const Pack& pack);
    static Cursor enter(Blocks::const_iterator block);
    static Cursor enter_backward(Blocks::const_iterator block);
    static Position first_entry(const Cursor& block);
    static void read(Cursor& cursor, Position at);
    static Position after_entry(const Cursor& cursor);
    static Position before_entry(const Pack& pack, Position at);
    static bool advance(Cursor& cursor, Position at);
    static bool retreat(Cursor& cursor, Position at);
    Cursor first_from(Blocks::const_iterator block) const;
    Cursor last_before(Blocks::const_iterator block) const;
    Blocks::const_iterator block_of(const StreamId& id) const;
    bool fits(const Pack& pack, std::span<const std::string_view> pairs,
              const StreamLimits& limits) const;
    void mark_deleted(structures::Listpack& pack, Position at);
    bool ends_before(Blocks::const_iterator block, const StreamId& id);
    uint64_t trim_block(const StreamId& block, const StreamTrim& trim);
    void add_block(const StreamId& id, Pack pack);
    Pack& own(Blocks::const_iterator block);
    void remove_block(Blocks::const_iterator block);
    void leave_block(StreamBlock* block);
    // Whether a version has the block too.
    bool is_shared(const StreamBlock& block) const {
        return version_ != nullptr && block.epoch != blocks_.epoch();
    }

    Blocks blocks_;
    uint64_t length_ = 0;
    StreamId last_id_;
    StreamId first_id_;
    StreamId max_deleted_id_;
    uint64_t entries_added_ = 0;
    Groups groups_;
    Stream* version_ = nullptr;                         // The one that is being read.
    std::unique_ptr<structures::Leftovers> leftovers_;  // Of a version.
};

template <typename Visit>
void Stream::for_each_pair(const Cursor& cursor, Visit&& visit) const {
    const Pack& pack = *cursor.pack_;
    char field_digits[24];
    char value_digits[24];
    Position value = cursor.values_;
    Position field = cursor.has_block_fields_ ? cursor.block_names_ : cursor.values_;
    for (size_t i = 0; i < cursor.fields_; ++i) {
        if (!cursor.has_block_fields_) value = pack.next(field);
        visit(pack.view(field, field_digits), pack.view(value, value_digits));
        if (i + 1 == cursor.fields_) break;
        if (cursor.has_block_fields_) {
            field = pack.next(field);
            value = pack.next(value);
        } else {
            field = pack.next(value);
        }
    }
}

}  // namespace millrace::values
