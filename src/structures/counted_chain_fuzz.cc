// SPDX-License-Identifier: BSD-3-Clause
//
// Random steps on a counted chain against a vector of its links.
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "structures/counted_chain.h"

using namespace millrace;
using namespace millrace::structures;

namespace {

class Model {
public:
    void step(ByteReader& input) {
        const uint8_t what = input.read_byte();
        const uint8_t count = input.read_byte();
        const size_t index = links_.empty() ? 0 : input.read_byte() % links_.size();
        if (links_.empty() || what % 8 < 4) {
            if (links_.size() < 500) insert(what, index, count % 40u + 1u);
        } else if (what % 8 < 6) {
            chain_.remove(*links_[index]);
            links_.erase(links_.begin() + static_cast<std::ptrdiff_t>(index));
        } else if (what % 8 == 6) {
            ChainLink& link = *links_[index];
            chain_.add(link, what & 0x80 ? int64_t{count} : 1 - int64_t{link.count});
        } else {
            // At either end, where sums do not change.
            insert(what & 0x80 ? 0 : 8, what & 0x40 ? 0 : links_.size() - 1, count % 3u + 1u);
        }
        check();
    }

private:
    void insert(uint8_t what, size_t index, uint32_t count) {
        auto fresh = std::make_unique<ChainLink>();
        fresh->count = count;
        const bool behind = (what & 8) != 0 && !links_.empty();
        if (links_.empty()) {
            chain_.insert_after(nullptr, *fresh);
        } else if (behind) {
            chain_.insert_after(links_[index].get(), *fresh);
        } else {
            chain_.insert_before(*links_[index], *fresh);
        }
        links_.insert(links_.begin() + static_cast<std::ptrdiff_t>(index + (behind ? 1 : 0)),
                      std::move(fresh));
    }
    void check() const {
        chain_.check_invariants();
        CHECK(chain_.links() == links_.size());
        CHECK(chain_.first() == (links_.empty() ? nullptr : links_.front().get()));
        CHECK(chain_.last() == (links_.empty() ? nullptr : links_.back().get()));
        uint64_t before = 0;
        const ChainLink* at = chain_.first();
        for (const auto& link : links_) {
            CHECK(at == link.get());
            for (const uint64_t offset : {uint64_t{0}, uint64_t{link->count} - 1}) {
                const CountedChain::Place place = chain_.find(before + offset);
                CHECK(place.link == at);
                CHECK(place.offset == offset);
            }
            before += link->count;
            at = at->next;
        }
        CHECK(at == nullptr);
        CHECK(chain_.elements() == before);
    }

    std::vector<std::unique_ptr<ChainLink>> links_;
    CountedChain chain_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    ByteReader input(std::string_view(reinterpret_cast<const char*>(data), size));
    Model model;
    while (!input.at_end()) model.step(input);
    return 0;
}
