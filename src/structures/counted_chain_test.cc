// SPDX-License-Identifier: BSD-3-Clause
#include "structures/counted_chain.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace millrace::structures {
namespace {

TEST(CountedChain, FindsEveryElementAfterRandomSteps) {
    std::mt19937 random(1);
    CountedChain chain;
    std::vector<std::unique_ptr<ChainLink>> model;  // In order.
    for (int step = 0; step < 4000; ++step) {
        const bool grows = step < 2000 ? random() % 4 != 0 : random() % 3 == 0;
        if (model.empty() || grows) {
            const size_t at = random() % (model.size() + 1);
            auto link = std::make_unique<ChainLink>();
            link->count = random() % 5 + 1;
            chain.insert_after(at == 0 ? nullptr : model[at - 1].get(), *link);
            model.insert(model.begin() + static_cast<int64_t>(at), std::move(link));
        } else if (random() % 2 == 0) {
            const size_t at = random() % model.size();
            chain.remove(*model[at]);
            model.erase(model.begin() + static_cast<int64_t>(at));
        } else {
            chain.add(*model[random() % model.size()], random() % 3);
        }
        if (step % 50 != 0) continue;
        chain.check_invariants();
        uint64_t index = 0;
        for (const auto& link : model) {
            for (uint64_t offset = 0; offset < link->count; ++offset, ++index) {
                const CountedChain::Place place = chain.find(index);
                ASSERT_EQ(place.link, link.get());
                ASSERT_EQ(place.offset, offset);
            }
        }
        ASSERT_EQ(chain.elements(), index);
        ASSERT_EQ(chain.links(), model.size());
    }
}

TEST(CountedChain, SurvivesAQueue) {
    std::vector<std::unique_ptr<ChainLink>> links;
    CountedChain chain;
    for (int i = 0; i < 1000; ++i) {
        links.push_back(std::make_unique<ChainLink>());
        links.back()->count = 2;
        chain.insert_after(chain.last(), *links.back());
    }
    chain.check_invariants();
    EXPECT_EQ(chain.find(1001).link, links[500].get());
    for (int i = 0; i < 1000; ++i) {
        chain.add(*chain.first(), -1);
        chain.remove(*chain.first());
    }
    chain.check_invariants();
    EXPECT_EQ(chain.first(), nullptr);
    EXPECT_EQ(chain.elements(), 0u);
}

}  // namespace
}  // namespace millrace::structures
