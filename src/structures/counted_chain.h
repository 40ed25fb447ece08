// SPDX-License-Identifier: BSD-3-Clause
//
// A sequence of links, each of which stands for a number of elements, that finds the link of the
// n-th element in logarithmic time: a doubly linked list whose links are also the nodes of a treap,
// ordered by position, with the sum of its elements at every node.
//
//     first <-> link <-> link <-> link <-> last          each link: `count` elements
//                  \      |      /
//                   sums in a tree of the inner links
//
// The first and the last link weigh nothing in the tree: adding and removing at either end, which
// is what queues do, changes no sum.
//
// Owner:   whoever embeds it. It does not own the links: before it goes, its owner frees them, from
//          first() along next().
// Threads: any, one at a time; reading changes nothing.
// Invariants: check_invariants().
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace::structures {

struct ChainLink {
    ChainLink* previous = nullptr;
    ChainLink* next = nullptr;
    uint32_t count = 0;  // Elements; changed by CountedChain::add() only.

private:
    friend class CountedChain;
    uint32_t priority_ = 0;
    uint32_t weight_ = 0;  // What it counts for in the tree: `count`, but 0 at the ends.
    uint64_t sum_ = 0;     // Of the weights of its subtree.
    ChainLink* parent_ = nullptr;
    ChainLink* left_ = nullptr;
    ChainLink* right_ = nullptr;
};

class CountedChain {
public:
    CountedChain() = default;
    CountedChain(const CountedChain&) = delete;
    CountedChain& operator=(const CountedChain&) = delete;

    ChainLink* first() const { return first_; }
    ChainLink* last() const { return last_; }
    size_t links() const { return links_; }
    uint64_t elements() const { return elements_; }

    // Puts `fresh`, with its count set, behind `where`; null: to the front.
    void insert_after(ChainLink* where, ChainLink& fresh);
    void insert_before(ChainLink& where, ChainLink& fresh) { insert_after(where.previous, fresh); }
    // Takes a link out; the caller frees it.
    void remove(ChainLink& link);
    // Changes the number of its elements.
    void add(ChainLink& link, int64_t change) {
        link.count = static_cast<uint32_t>(link.count + change);
        elements_ = static_cast<uint64_t>(static_cast<int64_t>(elements_) + change);
        if (&link != first_ && &link != last_) settle(link);
    }

    struct Place {
        ChainLink* link;
        uint64_t offset;  // Of the element in its link.
    };
    // Where element `index` is, which must exist.
    Place find(uint64_t index) const;

    void check_invariants() const;

private:
    static uint64_t sum(const ChainLink* link) { return link == nullptr ? 0 : link->sum_; }
    void settle(ChainLink& link);
    void weigh(ChainLink& link, uint32_t weight);
    void rotate_up(ChainLink& link);
    void replace_in_parent(ChainLink& link, ChainLink* by);
    uint32_t next_priority();

    ChainLink* first_ = nullptr;
    ChainLink* last_ = nullptr;
    ChainLink* root_ = nullptr;
    uint64_t elements_ = 0;
    size_t links_ = 0;
    uint32_t random_ = 0x9e3779b9;
};

}  // namespace millrace::structures
