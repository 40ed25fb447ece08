// SPDX-License-Identifier: BSD-3-Clause
//
// Random steps on a listpack against a vector of strings; and bytes of any kind as a blob.
#include <iterator>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "structures/listpack.h"

using namespace millrace;
using namespace millrace::structures;

namespace {

std::string text_from(ByteReader& input) {
    const uint8_t kind = input.read_byte();
    if (kind < 80) return std::to_string(input.read_little_endian<int64_t>() >> (kind % 64));
    if (kind < 90) return std::string(size_t{input.read_little_endian<uint16_t>()}, 'l');
    return std::string(input.read_bytes(std::min<size_t>(kind % 70, input.left())));
}

class Model {
public:
    void step(ByteReader& input) {
        const uint8_t what = input.read_byte();
        const size_t index = model_.empty() ? 0 : input.read_byte() % model_.size();
        const auto at = pack_.at(static_cast<int64_t>(index));
        const auto place = model_.begin() + static_cast<std::ptrdiff_t>(index);
        if (model_.empty() || what % 4 == 0) {
            const std::string text = text_from(input);
            const bool append = (what & 16) != 0;
            pack_.insert(append ? Listpack::kNone : at, text);
            model_.insert(append ? model_.end() : place, text);
        } else if (what % 4 == 1) {
            const std::string text = text_from(input);
            pack_.replace(at, text);
            *place = text;
        } else if (what % 4 == 2) {
            const size_t count = std::min<size_t>(what / 64 + 1u, model_.size() - index);
            pack_.erase(at, count);
            model_.erase(place, place + static_cast<std::ptrdiff_t>(count));
        } else {
            CHECK(pack_.equals(at, *place));
            CHECK(pack_.at(pack_.find(*place, pack_.first()) == Listpack::kNone ? 1 << 20 : 0) !=
                  Listpack::kNone);
        }
        check();
    }

private:
    void check() const {
        pack_.check_invariants();
        CHECK(pack_.size() == model_.size());
        char digits[24];
        auto at = pack_.first();
        for (const std::string& text : model_) {
            CHECK(pack_.view(at, digits) == text);
            at = pack_.next(at);
        }
        CHECK(at == Listpack::kNone);
    }
    Listpack pack_;
    std::vector<std::string> model_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (auto pack = Listpack::from_blob(bytes); pack.ok()) {
        (*pack).check_invariants();
        char digits[24];
        size_t count = 0;
        for (auto at = (*pack).last(); at != Listpack::kNone; at = (*pack).previous(at)) {
            (void)(*pack).view(at, digits);
            ++count;
        }
        CHECK(count == (*pack).size());
    }
    ByteReader input(bytes);
    Model model;
    while (!input.at_end()) model.step(input);
    return 0;
}
