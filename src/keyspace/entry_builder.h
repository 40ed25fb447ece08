// SPDX-License-Identifier: BSD-3-Clause
//
// Makes and frees entries. I/O threads build the entries of plain string writes with the heap of
// their own, so that the main thread only links a pointer; the main thread builds all others with
// its own.
//
// Owner:   one per thread that builds; it borrows that thread's heap.
// Threads: the owner's.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "keyspace/collection.h"
#include "keyspace/entry.h"
#include "keyspace/reclaimer.h"

namespace millrace::keyspace {

enum class ExpiryRoom : bool { No, Yes };

class EntryBuilder {
public:
    // Collections of the entries that it frees go to `reclaimer`.
    EntryBuilder(structures::SlabHeap& heap, Reclaimer& reclaimer)
        : heap_(heap), reclaimer_(reclaimer) {}

    // A string entry with the form that Valkey would choose: Int where `value` is a canonical
    // integer.
    Entry* string(std::string_view key, std::string_view value, ExpiryRoom room);

    // A string entry whose `string_bytes` bytes the caller fills through mutable_string(). It can
    // hold `capacity_bytes`.
    Entry* blank_string(std::string_view key, size_t string_bytes, size_t capacity_bytes,
                        ExpiryRoom room, StringForm form);

    Entry* integer(std::string_view key, int64_t value, ExpiryRoom room);

    Entry* collection(std::string_view key, std::unique_ptr<Collection> value, ExpiryRoom room);

    // An entry for `key` in place of `from`, which is about to be retired: as copy(), but a
    // collection moves over and leaves `from` without one.
    Entry* rekey(Entry& from, std::string_view key, ExpiryRoom room);

    // A copy of `from` under `key`: same value and access word; expiry room as asked, expiry kept
    // where there is room.
    Entry* copy(const Entry& from, std::string_view key, ExpiryRoom room);

    // Frees an entry that nobody else refers to; one built on another thread goes back to its heap
    // through `remote`.
    void free(Entry* entry, structures::RemoteFrees& remote);

    // Bytes that the allocation of any entry really takes, and how long its string could grow in
    // it.
    size_t memory_bytes(const Entry& entry) const;
    size_t string_capacity(const Entry& entry) const;

    structures::SlabHeap& heap() { return heap_; }
    Reclaimer& reclaimer() { return reclaimer_; }

private:
    // Access word and expiry.
    static void take_over(const Entry& from, Entry& to);
    Entry* allocate(std::string_view key, size_t string_bytes, size_t capacity_bytes,
                    ExpiryRoom room, uint8_t kind);

    structures::SlabHeap& heap_;
    Reclaimer& reclaimer_;
};

// Compat: Valkey embeds a string when object, key and value fit 128 bytes; OBJECT ENCODING shows
// it.
StringForm form_by_size(size_t key_bytes, size_t string_bytes, ExpiryRoom room);

}  // namespace millrace::keyspace
