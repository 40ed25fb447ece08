// SPDX-License-Identifier: BSD-3-Clause
#include "structures/counted_chain.h"

#include <initializer_list>

#include "base/assert.h"

namespace millrace::structures {

// Xorshift: the shape of the tree must be unlike the order of insertion, not unpredictable.
uint32_t CountedChain::next_priority() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 17;
    random_ ^= random_ << 5;
    return random_;
}

void CountedChain::weigh(ChainLink& link, uint32_t weight) {
    if (link.weight_ == weight) return;
    const uint64_t change = uint64_t{weight} - link.weight_;  // Wraps when it shrinks.
    link.weight_ = weight;
    for (ChainLink* at = &link; at != nullptr; at = at->parent_) at->sum_ += change;
}

void CountedChain::settle(ChainLink& link) {
    weigh(link, &link == first_ || &link == last_ ? 0 : link.count);
}

void CountedChain::replace_in_parent(ChainLink& link, ChainLink* by) {
    ChainLink* const parent = link.parent_;
    if (by != nullptr) by->parent_ = parent;
    if (parent == nullptr) {
        root_ = by;
    } else if (parent->left_ == &link) {
        parent->left_ = by;
    } else {
        parent->right_ = by;
    }
}

void CountedChain::rotate_up(ChainLink& link) {
    ChainLink& parent = *link.parent_;
    replace_in_parent(parent, &link);
    ChainLink*& inner = parent.left_ == &link ? link.right_ : link.left_;
    (parent.left_ == &link ? parent.left_ : parent.right_) = inner;
    if (inner != nullptr) inner->parent_ = &parent;
    inner = &parent;
    parent.parent_ = &link;
    link.sum_ = parent.sum_;
    parent.sum_ = parent.weight_ + sum(parent.left_) + sum(parent.right_);
}

void CountedChain::insert_after(ChainLink* where, ChainLink& fresh) {
    ChainLink* const following = where == nullptr ? first_ : where->next;
    fresh.previous = where;
    fresh.next = following;
    (where == nullptr ? first_ : where->next) = &fresh;
    (following == nullptr ? last_ : following->previous) = &fresh;

    fresh.priority_ = next_priority();
    fresh.weight_ = 0;
    fresh.sum_ = 0;
    fresh.left_ = fresh.right_ = nullptr;
    // Of two neighbours, one has no child on the side of the other.
    if (where != nullptr && where->right_ == nullptr) {
        where->right_ = &fresh;
        fresh.parent_ = where;
    } else if (following != nullptr) {
        following->left_ = &fresh;
        fresh.parent_ = following;
    } else {
        root_ = &fresh;
        fresh.parent_ = nullptr;
    }
    while (fresh.parent_ != nullptr && fresh.parent_->priority_ < fresh.priority_) {
        rotate_up(fresh);
    }
    ++links_;
    elements_ += fresh.count;
    settle(fresh);
    if (where != nullptr) settle(*where);
    if (following != nullptr) settle(*following);
}

void CountedChain::remove(ChainLink& link) {
    weigh(link, 0);
    while (link.left_ != nullptr && link.right_ != nullptr) {
        rotate_up(link.left_->priority_ > link.right_->priority_ ? *link.left_ : *link.right_);
    }
    replace_in_parent(link, link.left_ != nullptr ? link.left_ : link.right_);

    ChainLink* const before = link.previous;
    ChainLink* const after = link.next;
    (before == nullptr ? first_ : before->next) = after;
    (after == nullptr ? last_ : after->previous) = before;
    --links_;
    elements_ -= link.count;
    if (before != nullptr) settle(*before);
    if (after != nullptr) settle(*after);
}

CountedChain::Place CountedChain::find(uint64_t index) const {
    DCHECK(index < elements_);
    if (index < first_->count) return {first_, index};
    const uint64_t tail_from = elements_ - last_->count;
    if (index >= tail_from) return {last_, index - tail_from};
    index -= first_->count;
    ChainLink* at = root_;
    for (;;) {
        const uint64_t left = sum(at->left_);
        if (index < left) {
            at = at->left_;
        } else if (index < left + at->weight_) {
            return {at, index - left};
        } else {
            index -= left + at->weight_;
            at = at->right_;
        }
    }
}

void CountedChain::check_invariants() const {
    uint64_t elements = 0;
    size_t links = 0;
    const ChainLink* before = nullptr;
    for (const ChainLink* at = first_; at != nullptr; before = at, at = at->next) {
        CHECK(at->previous == before);
        elements += at->count;
        ++links;
        const bool is_end = at == first_ || at == last_;
        CHECK(at->weight_ == (is_end ? 0 : at->count));
        CHECK(at->sum_ == at->weight_ + sum(at->left_) + sum(at->right_));
        for (const ChainLink* child : {at->left_, at->right_}) {
            if (child == nullptr) continue;
            CHECK(child->parent_ == at);
            CHECK(child->priority_ <= at->priority_);
        }
        CHECK(at->parent_ != nullptr || root_ == at);
    }
    CHECK(before == last_);
    CHECK(links == links_);
    CHECK(elements == elements_);
}

}  // namespace millrace::structures
