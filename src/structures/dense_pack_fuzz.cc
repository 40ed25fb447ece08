// SPDX-License-Identifier: BSD-3-Clause
//
// A listpack, of bytes of any kind or of stretches of similar elements, becomes dense, is read in
// both directions, and becomes the same listpack again.
#include <algorithm>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/bytes.h"
#include "structures/dense_pack.h"
#include "structures/listpack.h"

using namespace millrace;
using namespace millrace::structures;

namespace {

void check(const Listpack& pack, size_t items_max) {
    const DensePack dense = DensePack::of(pack, items_max);
    if (!dense) return;
    dense.check_invariants();
    CHECK(dense.items() <= items_max);
    const Listpack again = dense.clone().expand();
    CHECK(std::ranges::equal(again.blob(), pack.blob()));

    char digits[24];
    char expected[24];
    size_t index = 0;
    auto at = dense.first();
    for (auto each = pack.first(); each != Listpack::kNone; each = pack.next(each), ++index) {
        CHECK(dense.view(at, digits) == pack.view(each, expected));
        CHECK(dense.equals(at, pack.view(each, expected)));
        CHECK(dense.number(at) == pack.get(each).number);
        CHECK(dense.index_of(at) == index);
        CHECK(dense.at(static_cast<int64_t>(index)) == at);
        at = dense.next(at);
    }
    CHECK(at == DensePack::kNone);
    at = dense.last();
    for (auto each = pack.last(); each != Listpack::kNone; each = pack.previous(each)) {
        CHECK(dense.view(at, digits) == pack.view(each, expected));
        at = dense.previous(at);
    }
    CHECK(at == DensePack::kNone);
}

// Elements that begin alike, as many and as long as the input says.
void add_stretch(Listpack& pack, ByteReader& input) {
    const uint8_t kind = input.read_byte();
    const std::string prefix(input.read_bytes(std::min<size_t>(kind % 40, input.left())));
    const size_t count = input.read_byte();
    for (size_t i = 0; i < count; ++i) {
        if (kind < 100) {
            pack.insert_number(Listpack::kNone, input.read_little_endian<int64_t>() >> (kind % 64));
        } else {
            std::string text = prefix;
            text += input.read_bytes(std::min<size_t>(kind % 7, input.left()));
            pack.append(text);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (auto pack = Listpack::from_blob(bytes); pack.ok()) check(*pack, DensePack::kPlainBytesMax);
    ByteReader input(bytes);
    const size_t items_max = input.read_byte() % 2 == 0 ? 32 : DensePack::kPlainBytesMax;
    Listpack pack;
    while (!input.at_end() && pack.bytes() < 20000) add_stretch(pack, input);
    check(pack, items_max);
    return 0;
}
