// SPDX-License-Identifier: BSD-3-Clause
//
// A member of a large hash or set: its name, with a value and an expiry if it has them, in one
// allocation.
//
//     0       1           2            4
//     +-------+-----------+------------+-[sizes: 16]-[expiry: 8]-[name]-[value]
//     | flags | name size | value size |
//     +-------+-----------+------------+
//
// Names above 255 bytes and values above 65,535 keep their sizes in 16 more bytes. A member with
// room for an expiry may have kNoExpiry in it.
//
// Owner:   MemberTable.
// Threads: main thread; freed on any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "keyspace/entry.h"

namespace millrace::values {

class Member {
public:
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    static Member* make(std::string_view name, std::string_view value, int64_t expire_at_ms);
    static void free(Member* member);
    Member* clone() const;

    std::string_view name() const { return {name_data(), name_bytes()}; }
    std::string_view value() const { return {name_data() + name_bytes(), value_bytes()}; }
    int64_t expire_at_ms() const {
        return (flags_ & kExpiry) != 0 ? load<int64_t>(expiry_data()) : keyspace::kNoExpiry;
    }
    bool is_due(int64_t now_ms) const {
        const int64_t at = expire_at_ms();
        return at != keyspace::kNoExpiry && at < now_ms;
    }

    // What the block of memory really holds.
    size_t memory_bytes() const;

    // Changes in place; false: there is no room for that, make another member.
    bool assign(std::string_view value);
    bool set_expire_at_ms(int64_t at);

private:
    static constexpr uint8_t kLong = 1;
    static constexpr uint8_t kExpiry = 2;
    static constexpr size_t kLongBytes = 16;
    static constexpr size_t kHeadBytes = 4;

    Member(std::string_view name, std::string_view value, int64_t expire_at_ms);
    static bool is_long(size_t name, size_t value) { return name > 255 || value > 65535; }
    static size_t head_bytes(uint8_t flags) {
        return kHeadBytes + ((flags & kLong) != 0 ? kLongBytes : 0) +
               ((flags & kExpiry) != 0 ? sizeof(int64_t) : 0);
    }

    const char* sizes_data() const { return reinterpret_cast<const char*>(this) + kHeadBytes; }
    const char* expiry_data() const {
        return sizes_data() + ((flags_ & kLong) != 0 ? kLongBytes : 0);
    }
    const char* name_data() const {
        return reinterpret_cast<const char*>(this) + head_bytes(flags_);
    }
    size_t name_bytes() const {
        return (flags_ & kLong) != 0 ? load<uint64_t>(sizes_data()) : name_bytes_;
    }
    size_t value_bytes() const {
        return (flags_ & kLong) != 0 ? load<uint64_t>(sizes_data() + 8) : value_bytes_;
    }

    uint8_t flags_;
    uint8_t name_bytes_ = 0;
    uint16_t value_bytes_ = 0;
};
static_assert(sizeof(Member) == 4);

}  // namespace millrace::values
