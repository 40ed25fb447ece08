// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/entry_builder.h"

#include <algorithm>
#include <new>

#include "base/memory.h"
#include "base/numbers.h"
#include "structures/slab_heap.h"

namespace millrace::keyspace {

using structures::kSlabBytesMax;
using structures::RemoteFrees;
using structures::SlabHeap;

namespace {

// Entries above this go to the general allocator: its classes are close enough from there on.
constexpr size_t kSlabEntryBytesMax = 1024;
static_assert(kSlabEntryBytesMax <= kSlabBytesMax);

// Written into the top byte of nothing: whether an entry came from the slab follows from its
// capacity at birth, which shrinking in place must not change; so the general allocator's entries
// are always in long form.
bool from_slab(const Entry& entry) {
    return !entry.is_long();
}

}  // namespace

Entry* EntryBuilder::allocate(std::string_view key, size_t string_bytes, size_t capacity_bytes,
                              ExpiryRoom room, uint8_t kind) {
    CHECK(key.size() <= UINT32_MAX);
    CHECK(string_bytes <= capacity_bytes);
    if (room == ExpiryRoom::Yes) kind |= Entry::kExpiryRoom;
    const size_t text_bytes = key.size() + capacity_bytes;
    const size_t short_bytes = Entry::key_offset(kind) + text_bytes;
    const bool is_long = key.size() > UINT8_MAX || short_bytes > kSlabEntryBytesMax;
    if (is_long) kind |= Entry::kLong;

    void* memory = is_long ? millrace::allocate(Entry::key_offset(kind) + text_bytes)
                           : heap_.allocate(short_bytes);
    Entry* entry = new (memory) Entry;
    entry->access_ = 0;
    entry->kind_ = kind;
    if (is_long) {
        entry->key_bytes_ = 0;
        entry->string_bytes_ = 0;
        auto* sizes = const_cast<Entry::LongForm*>(entry->long_form());
        *sizes = {.string_bytes = string_bytes,
                  .key_bytes = static_cast<uint32_t>(key.size()),
                  .pins = 0};
    } else {
        entry->key_bytes_ = static_cast<uint8_t>(key.size());
        entry->string_bytes_ = static_cast<uint16_t>(string_bytes);
    }
    if (room == ExpiryRoom::Yes) entry->set_expire_at_ms(kNoExpiry);
    std::memcpy(const_cast<char*>(entry->key_data()), key.data(), key.size());
    return entry;
}

Entry* EntryBuilder::blank_string(std::string_view key, size_t string_bytes, size_t capacity_bytes,
                                  ExpiryRoom room, StringForm form) {
    CHECK(form != StringForm::Int);
    return allocate(key, string_bytes, capacity_bytes, room,
                    static_cast<uint8_t>(static_cast<uint8_t>(form) << Entry::kFormShift));
}

Entry* EntryBuilder::integer(std::string_view key, int64_t value, ExpiryRoom room) {
    constexpr auto kKind =
        static_cast<uint8_t>(static_cast<uint8_t>(StringForm::Int) << Entry::kFormShift);
    Entry* entry = allocate(key, 0, 0, room, kKind);
    entry->set_integer(value);
    return entry;
}

Entry* EntryBuilder::string(std::string_view key, std::string_view value, ExpiryRoom room) {
    if (value.size() <= 20) {
        if (const auto number = parse_integer(value)) return integer(key, *number, room);
    }
    Entry* entry = blank_string(key, value.size(), value.size(), room,
                                form_by_size(key.size(), value.size(), room));
    std::memcpy(entry->mutable_string(), value.data(), value.size());
    return entry;
}

Entry* EntryBuilder::collection(std::string_view key, std::unique_ptr<Collection> value,
                                ExpiryRoom room) {
    Entry* entry = allocate(key, 0, 0, room, static_cast<uint8_t>(value->type()));
    entry->set_collection(value.release());
    return entry;
}

Entry* EntryBuilder::rekey(Entry& from, std::string_view key, ExpiryRoom room) {
    if (from.is_string()) return copy(from, key, room);
    Entry* entry = collection(key, std::unique_ptr<Collection>(from.collection()), room);
    from.set_collection(nullptr);
    take_over(from, *entry);
    return entry;
}

void EntryBuilder::take_over(const Entry& from, Entry& to) {
    to.set_access(from.access());
    if (to.has_expiry_room()) to.set_expire_at_ms(from.expire_at_ms());
}

Entry* EntryBuilder::copy(const Entry& from, std::string_view key, ExpiryRoom room) {
    Entry* entry = nullptr;
    if (!from.is_string()) {
        entry = collection(key, from.collection()->clone(), room);
    } else if (from.is_integer()) {
        entry = integer(key, from.integer(), room);
    } else {
        const std::string_view value = from.string();
        // Compat: what is copied into an object that holds more beside it may be embedded no
        // longer.
        const StringForm form = from.form() == StringForm::Embedded
                                    ? form_by_size(key.size(), value.size(), room)
                                    : from.form();
        entry = blank_string(key, value.size(), value.size(), room, form);
        std::memcpy(entry->mutable_string(), value.data(), value.size());
    }
    take_over(from, *entry);
    return entry;
}

void EntryBuilder::free(Entry* entry, RemoteFrees& remote) {
    if (!entry->is_string() && entry->collection() != nullptr) [[unlikely]]
        reclaimer_.give(std::unique_ptr<Collection>(entry->collection()));
    if (from_slab(*entry)) {
        SlabHeap::free_anywhere(entry, &heap_, remote);
    } else {
        millrace::deallocate(entry);
    }
}

size_t EntryBuilder::memory_bytes(const Entry& entry) const {
    return from_slab(entry) ? heap_.object_bytes(&entry) : millrace::usable_bytes(&entry);
}

size_t EntryBuilder::string_capacity(const Entry& entry) const {
    DCHECK(!entry.is_integer());
    const size_t capacity = memory_bytes(entry) - (entry.allocation_bytes() - entry.string_bytes());
    return entry.is_long() ? capacity : std::min<size_t>(capacity, UINT16_MAX);
}

StringForm form_by_size(size_t key_bytes, size_t string_bytes, ExpiryRoom room) {
    constexpr size_t kEmbeddedBytesMax = 128;
    const size_t key_overhead = key_bytes < 32 ? 3 : 5;
    const size_t object =
        8 + key_bytes + key_overhead + (room == ExpiryRoom::Yes ? 8 : 0) + string_bytes + 4;
    return object <= kEmbeddedBytesMax ? StringForm::Embedded : StringForm::Raw;
}

}  // namespace millrace::keyspace
