// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/value_digest.h"

#include <arpa/inet.h>

#include "base/numbers.h"

namespace millrace::keyspace {

void ValueDigest::add(std::string_view text) {
    const Sha1Digest other = sha1(text);
    for (size_t i = 0; i < bytes_.size(); ++i) bytes_[i] ^= other[i];
}

void ValueDigest::chain(std::string_view text) {
    add(text);
    bytes_ = sha1(view());
}

void ValueDigest::chain_number(uint32_t number) {
    const uint32_t big_endian = htonl(number);
    chain({reinterpret_cast<const char*>(&big_endian), sizeof big_endian});
}

std::string ValueDigest::text() const {
    return hexadecimal(bytes_);
}

}  // namespace millrace::keyspace
