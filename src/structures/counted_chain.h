// SPDX-License-Identifier: BSD-3-Clause
//
// A sequence of links, each of which stands for a number of elements, that finds the link of the
// n-th element in logarithmic time: a doubly linked list, with a B+ tree over it in which every
// node knows how many elements are below each of its children.
//
//     inner     | elements below | child |          up to 30 of them
//     leaf      | weight | link |                   up to 39 of them
//     links     first <-> link <-> link <-> last    each: `count` elements
//
// The first and the last link weigh nothing in the tree: adding and removing at either end, which
// is what queues do, changes no sum. Nodes at the edges are filled to the brim before a new one is
// begun, because lists grow there.
//
// **Versions.** freeze() makes a version that stays as it is, in a moment: it has the same root.
// From then on the chain copies a node, and those above it, before it first changes it, and its
// owner puts another link in the place of a shared one before it changes what the link holds:
// is_shared() and replace(). A version is walked from its root; neighbours, parents and counts are
// the chain's alone.
//
// Owner:   whoever embeds it. It does not own the links: before it goes, its owner frees them, from
//          first() along next().
// Threads: any, one at a time; reading changes nothing. A version is walked on any.
// Invariants: check_invariants().
#pragma once

#include <cstddef>
#include <cstdint>

#include "structures/leftovers.h"

namespace millrace::structures {

struct ChainLink {
    ChainLink* previous = nullptr;
    ChainLink* next = nullptr;
    uint32_t count = 0;  // Elements; changed by CountedChain::add() only.

private:
    friend class CountedChain;
    uint64_t epoch_ = 0;
    void* leaf_ = nullptr;
};

class CountedChain {
public:
    CountedChain() = default;
    CountedChain(AsVersion, const CountedChain& original)
        : root_(original.root_),
          elements_(original.elements_),
          links_(original.links_),
          is_version_(true) {}
    ~CountedChain();
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
    // Visits the links in order, as (const ChainLink&); all that can be done with a version.
    template <typename Visitor>
    void for_each(Visitor&& visitor) const;

    // --- versions ---

    // What versions alone still need goes to `leftovers`, until thaw().
    void freeze(Leftovers& leftovers);
    void thaw() { leftovers_ = nullptr; }
    // Whether a version has this link too.
    bool is_shared(const ChainLink& link) const {
        return leftovers_ != nullptr && link.epoch_ != epoch_;
    }
    // Puts `fresh` in the place of `link`; it takes over the count.
    void replace(ChainLink& link, ChainLink& fresh);

    size_t memory_bytes() const { return nodes_ * kNodeBytes; }
    size_t nodes() const { return nodes_; }
    void check_invariants() const;

private:
    static constexpr uint32_t kLeafRoom = 39;
    static constexpr uint32_t kInnerRoom = 30;
    static constexpr size_t kNodeBytes = 512;
    static constexpr unsigned kDepthMax = 16;

    struct Inner;
    struct Node {
        uint64_t epoch;
        Inner* parent;
        uint32_t count;
        bool is_leaf;
    };
    struct Leaf : Node {
        ChainLink* links[kLeafRoom];
        uint32_t weights[kLeafRoom];  // What each counts for: its `count`, but 0 at the ends.
    };
    struct Inner : Node {
        Node* children[kInnerRoom];
        uint64_t sums[kInnerRoom];  // Of the weights below each.
    };
    static_assert(sizeof(Leaf) <= kNodeBytes);
    static_assert(sizeof(Inner) <= kNodeBytes);

    template <typename T>
    T* make_node(bool is_leaf);
    void drop(Node* node);
    Node* own(Node* node);
    Leaf* own_leaf_of(ChainLink& link);
    static uint32_t place_in(const Leaf& leaf, const ChainLink& link);
    static uint32_t place_in_parent(const Node& node);
    static uint64_t sum_of(const Node& node);
    static uint32_t room_of(const Node& node) { return node.is_leaf ? kLeafRoom : kInnerRoom; }
    static void move_slots(Node* to, uint32_t to_at, Node* from, uint32_t from_at, uint32_t count);
    static void adopt(Node* node, uint32_t from, uint32_t to);
    static void refresh_above(Node* node);
    void weigh(ChainLink& link, uint32_t weight);
    void settle(ChainLink& link);
    Node* make_room(Node* node, uint32_t& at, bool at_edge);
    void insert_node(Node& beside, Node* fresh, bool in_front, bool at_edge);
    void erase_slot(Node* node, uint32_t at);
    void mend(Node* node);
    size_t check_node(const Node& node, unsigned height) const;

    Node* root_ = nullptr;
    ChainLink* first_ = nullptr;
    ChainLink* last_ = nullptr;
    uint64_t elements_ = 0;
    size_t links_ = 0;
    size_t nodes_ = 0;
    uint64_t epoch_ = 0;
    Leftovers* leftovers_ = nullptr;  // While there is a version.
    bool is_version_ = false;
};

template <typename Visitor>
void CountedChain::for_each(Visitor&& visitor) const {
    struct Step {
        const Node* node;
        uint32_t at;
    };
    Step path[kDepthMax];
    unsigned depth = 0;
    if (root_ != nullptr) path[depth++] = {root_, 0};
    while (depth > 0) {
        Step& step = path[depth - 1];
        if (step.node->is_leaf) {
            const auto* leaf = static_cast<const Leaf*>(step.node);
            for (uint32_t i = 0; i < leaf->count; ++i)
                visitor(static_cast<const ChainLink&>(*leaf->links[i]));
            --depth;
        } else if (step.at == step.node->count) {
            --depth;
        } else {
            path[depth++] = {static_cast<const Inner*>(step.node)->children[step.at++], 0};
        }
    }
}

}  // namespace millrace::structures
