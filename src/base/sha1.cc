// SPDX-License-Identifier: BSD-3-Clause
#include "base/sha1.h"

#include <openssl/sha.h>

namespace millrace {

Sha1Digest sha1(std::string_view bytes) {
    Sha1Digest digest;
    static_assert(sizeof digest == SHA_DIGEST_LENGTH);
    SHA1(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    return digest;
}

std::string hexadecimal(const Sha1Digest& digest) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text(2 * digest.size(), '\0');
    for (size_t at = 0; at < digest.size(); ++at) {
        text[2 * at] = kDigits[digest[at] >> 4];
        text[2 * at + 1] = kDigits[digest[at] & 15];
    }
    return text;
}

}  // namespace millrace
