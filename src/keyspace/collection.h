// SPDX-License-Identifier: BSD-3-Clause
//
// What every value that is not a string has in common: lists, sets, hashes, sorted sets, streams.
// An entry's word points to its collection.
//
// A concrete type T names its ValueType as T::kType; commands reach it through Call::read<T>() and
// KeyEdit::value<T>(), which have checked the type.
//
// Owner:   the entry that points to it.
// Threads: main thread; destroyed on any thread (keyspace/reclaimer.h), so what it is made of comes
// from the general allocator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keyspace/entry.h"
#include "keyspace/value_digest.h"

namespace millrace::keyspace {

class Collection {
public:
    Collection() = default;
    Collection(const Collection&) = delete;
    Collection& operator=(const Collection&) = delete;
    virtual ~Collection() = default;

    virtual ValueType type() const = 0;
    // The word that OBJECT ENCODING answers.
    virtual std::string_view encoding() const = 0;
    virtual uint64_t size() const = 0;
    // Bytes of this object and of everything below it. A large one looks at `samples` of its
    // elements and estimates; 0 means all.
    virtual size_t memory_bytes(size_t samples) const = 0;
    virtual std::unique_ptr<Collection> clone() const = 0;
    // This collection as it is now, for another thread to read while this one goes on changing: in
    // a moment, because both share what does not change. One at a time, until thaw(). Null: this
    // one is in one piece, which whoever changes it had better copy first.
    virtual std::unique_ptr<Collection> freeze() { return nullptr; }
    // Nobody reads the frozen version any more. It still has what only it needs, which is what its
    // memory_bytes() and blocks() tell of, and may be destroyed on any thread.
    virtual void thaw() {}
    // Makes some of its allocations anew, where there are too many for a clone, so that they come
    // to stand together. From `position` on, which 0 begins; returns the next one, 0 at the end.
    // Any position is allowed, and one that means nothing begins anywhere.
    virtual uint64_t renew_step(uint64_t /*position*/) { return 0; }
    // About how many allocations its destructor frees.
    virtual size_t blocks() const = 0;
    // Where its elements are if they are in one piece, else what leads to them: what a command will
    // look at next. For prefetching; does not look there itself.
    virtual const void* contents() const { return this; }
    // The same for a command that will look for this element of a large collection: fetches what
    // leads to it; and, by what that returned, the element. Whatever fits is fetched, and 0 stands
    // for nothing.
    virtual uint64_t fetch_place(std::string_view /*element*/) const { return 0; }
    virtual void fetch_element(uint64_t /*place*/) const {}

    // --- elements that expire on their own: fields of hashes ---

    // When the first of them does, kNoExpiry if none will.
    virtual int64_t next_expiry_ms() const { return kNoExpiry; }
    // Under which moment the database has this collection on file for that.
    virtual int64_t expiry_filed_ms() const { return kNoExpiry; }
    virtual void set_expiry_filed_ms(int64_t /*at*/) {}
    // Erases up to `count_max` elements whose time is over, and names them.
    virtual std::vector<std::string> erase_due(int64_t /*now_ms*/, size_t /*count_max*/) {
        return {};
    }

    // Takes up the contents, as DEBUG DIGEST does.
    virtual void digest(ValueDigest& digest) const = 0;
};

// The word that OBJECT ENCODING answers for the value of any entry.
std::string_view encoding_name(const Entry& entry);

}  // namespace millrace::keyspace
