// SPDX-License-Identifier: BSD-3-Clause
#include "values/member.h"

#include <cstring>
#include <new>

#include "base/memory.h"

namespace millrace::values {

Member::Member(std::string_view name, std::string_view value, int64_t expire_at_ms)
    : flags_(static_cast<uint8_t>((is_long(name.size(), value.size()) ? kLong : 0) |
                                  (expire_at_ms != keyspace::kNoExpiry ? kExpiry : 0))) {
    if ((flags_ & kLong) != 0) {
        char* const sizes = const_cast<char*>(sizes_data());
        store<uint64_t>(sizes, name.size());
        store<uint64_t>(sizes + 8, value.size());
    } else {
        name_bytes_ = static_cast<uint8_t>(name.size());
        value_bytes_ = static_cast<uint16_t>(value.size());
    }
    if ((flags_ & kExpiry) != 0) store(const_cast<char*>(expiry_data()), expire_at_ms);
    char* const text = const_cast<char*>(name_data());
    name.copy(text, name.size());
    value.copy(text + name.size(), value.size());
}

Member* Member::make(std::string_view name, std::string_view value, int64_t expire_at_ms) {
    uint8_t flags = 0;
    if (is_long(name.size(), value.size())) flags |= kLong;
    if (expire_at_ms != keyspace::kNoExpiry) flags |= kExpiry;
    void* const memory = allocate(head_bytes(flags) + name.size() + value.size());
    return new (memory) Member(name, value, expire_at_ms);
}

void Member::free(Member* member) {
    deallocate(member);
}

Member* Member::clone() const {
    const size_t bytes = head_bytes(flags_) + name_bytes() + value_bytes();
    void* const memory = allocate(bytes);
    std::memcpy(memory, this, bytes);
    return static_cast<Member*>(memory);
}

size_t Member::memory_bytes() const {
    return usable_bytes(this);
}

bool Member::assign(std::string_view value) {
    if (is_long(name_bytes(), value.size()) != ((flags_ & kLong) != 0)) return false;
    const size_t total = head_bytes(flags_) + name_bytes() + value.size();
    const size_t capacity = usable_bytes(this);
    if (total > capacity || (capacity > 64 && total < capacity / 2)) return false;
    value.copy(const_cast<char*>(name_data()) + name_bytes(), value.size());
    if ((flags_ & kLong) != 0) {
        store<uint64_t>(const_cast<char*>(sizes_data()) + 8, value.size());
    } else {
        value_bytes_ = static_cast<uint16_t>(value.size());
    }
    return true;
}

bool Member::set_expire_at_ms(int64_t at) {
    if ((flags_ & kExpiry) == 0) return at == keyspace::kNoExpiry;
    store(const_cast<char*>(expiry_data()), at);
    return true;
}

}  // namespace millrace::values
