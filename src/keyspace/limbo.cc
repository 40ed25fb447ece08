// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/limbo.h"

#include <utility>

namespace millrace::keyspace {
namespace {
constexpr size_t kSpareBlocksMax = 64;
}

Limbo::Limbo() : open_(std::make_unique<RetiredBlock>()) {
    spare_.reserve(kSpareBlocksMax);  // So that what it takes does not depend on what has been.
}
Limbo::~Limbo() = default;

void Limbo::close_block() {
    open_->turn = turn_;
    closed_.push_back(std::move(open_));
    if (spare_.empty()) {
        open_ = std::make_unique<RetiredBlock>();
        return;
    }
    open_ = std::move(spare_.back());
    spare_.pop_back();
}

void Limbo::begin_turn(uint64_t turn, uint64_t oldest_uncompleted) {
    CHECK(turn >= turn_);
    CHECK(oldest_uncompleted <= turn);
    if (open_->count > 0) close_block();
    turn_ = turn;
    oldest_uncompleted_ = oldest_uncompleted;
}

std::unique_ptr<RetiredBlock> Limbo::take_released() {
    if (!has_released()) return nullptr;
    std::unique_ptr<RetiredBlock> block = std::move(closed_.front());
    closed_.pop_front();
    return block;
}

void Limbo::give_back(std::unique_ptr<RetiredBlock> block) {
    if (spare_.size() >= kSpareBlocksMax) return;
    block->count = 0;
    block->bytes = 0;
    spare_.push_back(std::move(block));
}

size_t Limbo::waiting() const {
    size_t total = open_->count;
    for (const auto& block : closed_) total += block->count;
    return total;
}

}  // namespace millrace::keyspace
