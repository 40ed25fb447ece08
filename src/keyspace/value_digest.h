// SPDX-License-Identifier: BSD-3-Clause
//
// DEBUG DIGEST's view of data: 20 bytes, zero at first, that take up text in two ways:
//
//     add     digest ^= sha1(text)                     the order does not matter
//     chain   add, then digest = sha1(digest)          the order matters
//
// Equal data has equal digests in Valkey and here, whatever the encoding.
//
// Threads: any; a value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/sha1.h"

namespace millrace::keyspace {

class ValueDigest {
public:
    void add(std::string_view text);
    void chain(std::string_view text);
    void chain_number(uint32_t number);  // In network byte order.
    void add(const ValueDigest& other) { add(other.view()); }
    void chain(const ValueDigest& other) { chain(other.view()); }

    std::string_view view() const {
        return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
    }
    std::string text() const;  // 40 hexadecimal digits.

private:
    Sha1Digest bytes_{};
};

}  // namespace millrace::keyspace
