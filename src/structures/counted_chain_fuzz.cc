// SPDX-License-Identifier: BSD-3-Clause
//
// Random steps on a counted chain, and on its versions, against a vector of its links.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "structures/counted_chain.h"

using namespace millrace;
using namespace millrace::structures;

namespace {

// The tree has three levels from about 600 links in random order on.
constexpr size_t kLinksMax = 1500;

using Links = std::vector<std::unique_ptr<ChainLink>>;

// What the chain was when it was frozen.
struct Version {
    explicit Version(const CountedChain& original) : chain(AsVersion{}, original) {}

    void check() const {
        size_t at = 0;
        chain.for_each([&](const ChainLink& link) { CHECK(&link == links.at(at++)); });
        CHECK(at == links.size());
    }

    Leftovers leftovers;
    CountedChain chain;
    std::vector<const ChainLink*> links;
    Links removed;  // From the chain since.
};

class Model {
public:
    ~Model() { thaw(); }

    void step(ByteReader& input) {
        const uint8_t what = input.read_byte();
        const uint8_t count = input.read_byte();
        const size_t place = input.read_little_endian<uint16_t>();
        const size_t index = links_.empty() ? 0 : place % links_.size();
        const unsigned run = what & 0x80 ? count : 1;
        switch (links_.empty() ? 0 : what % 8) {
            case 0:
            case 1:
                for (unsigned i = 0; i < run; ++i) insert(what & 8, index + i, count % 40u + 1);
                break;
            case 2:  // At either end, where sums do not change.
                for (unsigned i = 0; i < run; ++i)
                    insert(what & 8, what & 8 ? links_.size() - 1 : 0, count % 3u + 1);
                break;
            case 3:
            case 4:
                for (unsigned i = 0; i < run && index < links_.size(); ++i) remove(index);
                break;
            case 5: {
                ChainLink& link = *links_[index];
                chain_.add(link, what & 0x80 ? int64_t{count} : 1 - int64_t{link.count});
                break;
            }
            case 6:
                for (size_t i = 0; i < run && index + i < links_.size(); ++i) replace(index + i);
                break;
            case 7:
                version_ == nullptr ? freeze() : thaw();
                break;
        }
        check();
    }

private:
    void insert(bool behind, size_t index, uint32_t count) {
        if (links_.size() == kLinksMax) return;
        auto fresh = std::make_unique<ChainLink>();
        fresh->count = count;
        index = links_.empty() ? 0 : std::min(index, links_.size() - 1);
        behind = behind && !links_.empty();
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
    void remove(size_t index) {
        const bool is_shared = chain_.is_shared(*links_[index]);
        chain_.remove(*links_[index]);
        if (is_shared) version_->removed.push_back(std::move(links_[index]));
        links_.erase(links_.begin() + static_cast<std::ptrdiff_t>(index));
    }
    // As an owner does before it changes what a link holds.
    void replace(size_t index) {
        if (!chain_.is_shared(*links_[index])) return;
        auto fresh = std::make_unique<ChainLink>();
        chain_.replace(*links_[index], *fresh);
        CHECK(!chain_.is_shared(*fresh));
        version_->removed.push_back(std::exchange(links_[index], std::move(fresh)));
    }
    void freeze() {
        version_ = std::make_unique<Version>(chain_);
        for (const auto& link : links_) version_->links.push_back(link.get());
        chain_.freeze(version_->leftovers);
    }
    void thaw() {
        chain_.thaw();
        version_.reset();
    }
    void check() const {
        chain_.check_invariants();
        if (version_ != nullptr) version_->check();
        CHECK(chain_.links() == links_.size());
        CHECK(chain_.first() == (links_.empty() ? nullptr : links_.front().get()));
        CHECK(chain_.last() == (links_.empty() ? nullptr : links_.back().get()));
        const size_t stride = links_.size() / 64 + 1;
        uint64_t before = 0;
        const ChainLink* at = chain_.first();
        for (size_t i = 0; i < links_.size(); ++i) {
            CHECK(at == links_[i].get());
            if (i % stride == 0) {
                for (const uint64_t offset : {uint64_t{0}, uint64_t{at->count} - 1}) {
                    const CountedChain::Place place = chain_.find(before + offset);
                    CHECK(place.link == at);
                    CHECK(place.offset == offset);
                }
            }
            before += at->count;
            at = at->next;
        }
        CHECK(at == nullptr);
        CHECK(chain_.elements() == before);
    }

    Links links_;
    CountedChain chain_;
    std::unique_ptr<Version> version_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    ByteReader input(std::string_view(reinterpret_cast<const char*>(data), size));
    Model model;
    while (!input.at_end()) model.step(input);
    return 0;
}
