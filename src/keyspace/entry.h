// SPDX-License-Identifier: BSD-3-Clause
//
// One key with its value, in one allocation.
//
//     0        4      5          6
//     +--------+------+----------+---------------+---------------------------------------------
//     | access | kind | key size | [string size] | [long: 16] [expiry: 8] [word: 8] key [string]
//     +--------+------+----------+---------------+---------------------------------------------
//
// - `access` is the LRU/LFU word (24 bits) and the reference generation (8 bits). The main thread
//   alone reads and writes it. Everything else is immutable once the entry is published, unless the
//   main thread knows that nobody else can hold a reference (Limbo explains how), so I/O and
//   snapshot threads read it without any locking.
// - Long form: keys above 255 bytes or strings above 65,535 keep their sizes in 16 more bytes.
// - Expiry: unix time in milliseconds; kNoExpiry in an entry that has room for one but no expiry.
// - Word: the integer of an Int string, or the pointer to a collection. An entry with a word has no
//   string and, but in long form, no size of one: the rest begins two bytes earlier.
//
// Owner:   whoever built it, until it is linked into a Database; then that database, until it is
//          retired to Limbo.
// Threads: built on any thread, linked and changed on the main thread, read anywhere by reference.
// Limits:  keys and strings up to 4 GiB - 1 and 2^47 bytes; callers enforce proto-max-bulk-len long
//          before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/assert.h"

namespace millrace::structures {
class SlabHeap;
class RemoteFrees;
}  // namespace millrace::structures

namespace millrace::keyspace {

class Collection;

enum class ValueType : uint8_t { String, List, Set, SortedSet, Hash, Stream };
inline constexpr int kValueTypes = 6;

// The name that TYPE answers.
std::string_view type_name(ValueType type);
// The number that Valkey gives to a type (5 are the values of modules); RDB files have it too.
constexpr uint32_t type_number(ValueType type) {
    return type == ValueType::Stream ? 6 : static_cast<uint32_t>(type);
}

// How a string is kept. `Embedded` and `Raw` differ only in the name that OBJECT ENCODING answers.
enum class StringForm : uint8_t { Embedded, Raw, Int };

inline constexpr int64_t kNoExpiry = -1;

class Entry {
public:
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    std::string_view key() const { return {key_data(), key_bytes()}; }
    size_t key_bytes() const { return is_long() ? long_form()->key_bytes : key_bytes_; }

    ValueType type() const { return static_cast<ValueType>(kind_ & kTypeMask); }
    bool is_string() const { return (kind_ & kTypeMask) == 0; }
    StringForm form() const { return static_cast<StringForm>((kind_ & kFormMask) >> kFormShift); }
    bool is_integer() const { return is_string() && form() == StringForm::Int; }

    // The bytes of a string that is not an Int.
    std::string_view string() const {
        DCHECK(is_string());
        DCHECK(!is_integer());
        return {key_data() + key_bytes(), stated_string_bytes()};
    }
    size_t string_bytes() const { return has_word() ? 0 : stated_string_bytes(); }
    int64_t integer() const {
        DCHECK(is_integer());
        int64_t value;
        std::memcpy(&value, word_data(), sizeof value);
        return value;
    }

    // The value of an entry that is not a string; null only after it was moved to another entry.
    Collection* collection() const {
        DCHECK(!is_string());
        Collection* pointer;
        std::memcpy(&pointer, word_data(), sizeof pointer);
        return pointer;
    }

    bool has_expiry_room() const { return (kind_ & kExpiryRoom) != 0; }
    int64_t expire_at_ms() const {
        if (!has_expiry_room()) return kNoExpiry;
        int64_t at;
        std::memcpy(&at, expiry_data(), sizeof at);
        return at;
    }

    // Bytes of the whole allocation as asked for; the allocator may have rounded them up.
    size_t allocation_bytes() const { return key_offset(kind_) + key_bytes() + string_bytes(); }

    // --- main thread, and builders before publication ---

    uint32_t access() const { return access_ & kAccessMask; }
    void set_access(uint32_t word) { access_ = (access_ & ~kAccessMask) | (word & kAccessMask); }
    uint8_t reference_generation() const { return static_cast<uint8_t>(access_ >> 24); }
    void set_reference_generation(uint8_t generation) {
        access_ = (access_ & kAccessMask) | (uint32_t{generation} << 24);
    }

    char* mutable_string() { return const_cast<char*>(key_data()) + key_bytes(); }
    void set_string_bytes(
        size_t bytes);  // Within the allocation; does not change between short and long form.
    void set_form(StringForm form) {
        kind_ =
            static_cast<uint8_t>((kind_ & ~kFormMask) | (static_cast<uint8_t>(form) << kFormShift));
    }
    void set_integer(int64_t value) {
        std::memcpy(const_cast<char*>(word_data()), &value, sizeof value);
    }
    void set_collection(Collection* collection) {
        DCHECK(!is_string());
        std::memcpy(const_cast<char*>(word_data()), &collection, sizeof collection);
    }
    void set_expire_at_ms(int64_t at) {
        DCHECK(has_expiry_room());
        std::memcpy(const_cast<char*>(expiry_data()), &at, sizeof at);
    }
    bool is_long() const { return (kind_ & kLong) != 0; }

    // A large string that is being sent straight out of its entry is pinned, once a reply;
    // Keyspace::retire() waits for the last pin to go. Only entries in long form have pins, and the
    // main thread alone counts them.
    bool pinned() const { return is_long() && (long_form()->pins & ~kRetiredPin) != 0; }
    void pin() { ++mutable_long_form()->pins; }
    // True if it was the last pin of an entry that has been retired meanwhile.
    bool unpin() { return --mutable_long_form()->pins == kRetiredPin; }
    void set_retired() { mutable_long_form()->pins |= kRetiredPin; }

private:
    friend class EntryBuilder;
    Entry() = default;

    struct LongForm {
        uint64_t string_bytes;
        uint32_t key_bytes;
        uint32_t pins;
    };
    static constexpr uint32_t kRetiredPin = 1u << 31;
    static constexpr size_t kHeadBytes = 8;

    static constexpr uint32_t kAccessMask = 0xffffff;
    static constexpr uint8_t kTypeMask = 0x07;
    static constexpr uint8_t kFormMask = 0x18;
    static constexpr int kFormShift = 3;
    static constexpr uint8_t kExpiryRoom = 0x40;
    static constexpr uint8_t kLong = 0x80;

    static constexpr bool has_word(uint8_t kind) {
        constexpr auto kInt =
            static_cast<uint8_t>(static_cast<uint8_t>(StringForm::Int) << kFormShift);
        return (kind & kTypeMask) != 0 || (kind & kFormMask) == kInt;
    }
    // Where the expiry is, or what comes in its place.
    static constexpr size_t expiry_offset(uint8_t kind) {
        if ((kind & kLong) != 0) return kHeadBytes + sizeof(LongForm);
        return has_word(kind) ? kHeadBytes - sizeof string_bytes_ : kHeadBytes;
    }
    static constexpr size_t word_offset(uint8_t kind) {
        return expiry_offset(kind) + ((kind & kExpiryRoom) != 0 ? sizeof(int64_t) : 0);
    }
    static constexpr size_t key_offset(uint8_t kind) {
        return word_offset(kind) + (has_word(kind) ? sizeof(int64_t) : 0);
    }

    const char* bytes() const { return reinterpret_cast<const char*>(this); }
    const LongForm* long_form() const {
        return reinterpret_cast<const LongForm*>(bytes() + kHeadBytes);
    }
    LongForm* mutable_long_form() { return const_cast<LongForm*>(long_form()); }
    bool has_word() const { return has_word(kind_); }
    size_t stated_string_bytes() const {
        return is_long() ? long_form()->string_bytes : string_bytes_;
    }
    const char* expiry_data() const { return bytes() + expiry_offset(kind_); }
    const char* word_data() const { return bytes() + word_offset(kind_); }
    const char* key_data() const { return bytes() + key_offset(kind_); }

    uint32_t access_;
    uint8_t kind_;
    uint8_t key_bytes_;
    uint16_t string_bytes_;
};
static_assert(sizeof(Entry) == 8);

}  // namespace millrace::keyspace
