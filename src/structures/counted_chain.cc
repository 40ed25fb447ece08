// SPDX-License-Identifier: BSD-3-Clause
#include "structures/counted_chain.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/memory.h"

namespace millrace::structures {

// ---- nodes ----

template <typename T>
T* CountedChain::make_node(bool is_leaf) {
    auto* node = static_cast<T*>(allocate(kNodeBytes));
    node->epoch = epoch_;
    node->parent = nullptr;
    node->count = 0;
    node->is_leaf = is_leaf;
    ++nodes_;
    return node;
}

void CountedChain::drop(Node* node) {
    --nodes_;
    if (leftovers_ != nullptr && node->epoch != epoch_) {
        leftovers_->add(node, kNodeBytes, [](void* left) { deallocate(left); });
    } else {
        deallocate(node, kNodeBytes);
    }
}

CountedChain::~CountedChain() {
    if (is_version_) return;
    Node* node = root_;
    while (node != nullptr) {
        if (!node->is_leaf && node->count > 0) {
            node = static_cast<Inner*>(node)->children[--node->count];
            continue;
        }
        Node* const parent = node->parent;
        deallocate(node, kNodeBytes);
        node = parent;
    }
}

uint32_t CountedChain::place_in(const Leaf& leaf, const ChainLink& link) {
    uint32_t at = 0;
    while (leaf.links[at] != &link) ++at;
    return at;
}

uint32_t CountedChain::place_in_parent(const Node& node) {
    uint32_t at = 0;
    while (node.parent->children[at] != &node) ++at;
    return at;
}

uint64_t CountedChain::sum_of(const Node& node) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < node.count; ++i) {
        sum += node.is_leaf ? static_cast<const Leaf&>(node).weights[i]
                            : static_cast<const Inner&>(node).sums[i];
    }
    return sum;
}

// The ranges may overlap.
void CountedChain::move_slots(Node* to, uint32_t to_at, Node* from, uint32_t from_at,
                              uint32_t count) {
    const auto move = [=](auto* to_slots, auto* from_slots) {
        std::memmove(to_slots + to_at, from_slots + from_at, count * sizeof *to_slots);
    };
    if (to->is_leaf) {
        move(static_cast<Leaf*>(to)->links, static_cast<Leaf*>(from)->links);
        move(static_cast<Leaf*>(to)->weights, static_cast<Leaf*>(from)->weights);
    } else {
        move(static_cast<Inner*>(to)->children, static_cast<Inner*>(from)->children);
        move(static_cast<Inner*>(to)->sums, static_cast<Inner*>(from)->sums);
    }
}

// Tells what stands in the slots [from, to) where it is.
void CountedChain::adopt(Node* node, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; ++i) {
        if (node->is_leaf) {
            static_cast<Leaf*>(node)->links[i]->leaf_ = node;
        } else {
            static_cast<Inner*>(node)->children[i]->parent = static_cast<Inner*>(node);
        }
    }
}

// ---- versions ----

void CountedChain::freeze(Leftovers& leftovers) {
    CHECK(leftovers_ == nullptr);
    leftovers_ = &leftovers;
    ++epoch_;
}

// Copies the node, and those above, if a version has them too; the copy, or the node.
auto CountedChain::own(Node* node) -> Node* {
    if (leftovers_ == nullptr || node->epoch == epoch_) [[likely]]
        return node;
    Inner* const parent =
        node->parent == nullptr ? nullptr : static_cast<Inner*>(own(node->parent));
    Node* const copy = node->is_leaf ? static_cast<Node*>(make_node<Leaf>(true))
                                     : static_cast<Node*>(make_node<Inner>(false));
    copy->count = node->count;
    copy->parent = parent;
    move_slots(copy, 0, node, 0, node->count);
    adopt(copy, 0, copy->count);
    (parent == nullptr ? root_ : parent->children[place_in_parent(*node)]) = copy;
    drop(node);
    return copy;
}

auto CountedChain::own_leaf_of(ChainLink& link) -> Leaf* {
    return static_cast<Leaf*>(own(static_cast<Leaf*>(link.leaf_)));
}

void CountedChain::replace(ChainLink& link, ChainLink& fresh) {
    Leaf* const leaf = own_leaf_of(link);
    leaf->links[place_in(*leaf, link)] = &fresh;
    fresh.leaf_ = leaf;
    fresh.epoch_ = epoch_;
    fresh.count = link.count;
    fresh.previous = link.previous;
    fresh.next = link.next;
    (link.previous == nullptr ? first_ : link.previous->next) = &fresh;
    (link.next == nullptr ? last_ : link.next->previous) = &fresh;
}

// ---- weights ----

// Makes the sums above say what the nodes on the way say.
void CountedChain::refresh_above(Node* node) {
    for (; node->parent != nullptr; node = node->parent)
        node->parent->sums[place_in_parent(*node)] = sum_of(*node);
}

void CountedChain::weigh(ChainLink& link, uint32_t weight) {
    auto* leaf = static_cast<Leaf*>(link.leaf_);
    const uint32_t at = place_in(*leaf, link);
    if (leaf->weights[at] == weight) return;
    leaf = own_leaf_of(link);
    const uint64_t change = uint64_t{weight} - leaf->weights[at];  // Wraps when it shrinks.
    leaf->weights[at] = weight;
    for (Node* node = leaf; node->parent != nullptr; node = node->parent)
        node->parent->sums[place_in_parent(*node)] += change;
}

void CountedChain::settle(ChainLink& link) {
    weigh(link, &link == first_ || &link == last_ ? 0 : link.count);
}

// ---- insertion ----

// Splits a full node to which something will come at `at`; the node to take it, and its place
// there. `at_edge`: it will be the first or the last of all.
auto CountedChain::make_room(Node* node, uint32_t& at, bool at_edge) -> Node* {
    if (node->count < room_of(*node)) return node;
    Node* const fresh = node->is_leaf ? static_cast<Node*>(make_node<Leaf>(true))
                                      : static_cast<Node*>(make_node<Inner>(false));
    const bool in_front = at_edge && at == 0;
    if (!at_edge) {
        const uint32_t kept = node->count / 2;
        move_slots(fresh, 0, node, kept, node->count - kept);
        fresh->count = node->count - kept;
        node->count = kept;
        adopt(fresh, 0, fresh->count);
    }
    insert_node(*node, fresh, in_front, at_edge);
    if (in_front || (!at_edge && at <= node->count)) return in_front ? fresh : node;
    at -= node->count;
    return fresh;
}

// Links a node in front of `beside`, or behind it.
void CountedChain::insert_node(Node& beside, Node* fresh, bool in_front, bool at_edge) {
    if (beside.parent == nullptr) {
        auto* root = make_node<Inner>(false);
        root->count = 1;
        root->children[0] = &beside;
        root->sums[0] = 0;
        beside.parent = root;
        root_ = root;
    }
    uint32_t at = place_in_parent(beside) + (in_front ? 0 : 1);
    auto* const parent = static_cast<Inner*>(make_room(beside.parent, at, at_edge));
    move_slots(parent, at + 1, parent, at, parent->count - at);
    parent->children[at] = fresh;
    parent->sums[at] = 0;
    ++parent->count;
    fresh->parent = parent;
    refresh_above(&beside);
    refresh_above(fresh);
}

void CountedChain::insert_after(ChainLink* where, ChainLink& fresh) {
    ChainLink* const following = where == nullptr ? first_ : where->next;
    fresh.previous = where;
    fresh.next = following;
    (where == nullptr ? first_ : where->next) = &fresh;
    (following == nullptr ? last_ : following->previous) = &fresh;
    fresh.epoch_ = epoch_;

    uint32_t at = 0;
    Node* leaf;
    if (where != nullptr) {
        leaf = own_leaf_of(*where);
        at = place_in(static_cast<Leaf&>(*leaf), *where) + 1;
    } else if (following != nullptr) {
        leaf = own_leaf_of(*following);
    } else {
        root_ = leaf = make_node<Leaf>(true);
    }
    leaf = make_room(leaf, at, where == nullptr || following == nullptr);
    move_slots(leaf, at + 1, leaf, at, leaf->count - at);
    static_cast<Leaf*>(leaf)->links[at] = &fresh;
    static_cast<Leaf*>(leaf)->weights[at] = 0;
    ++leaf->count;
    fresh.leaf_ = leaf;
    ++links_;
    elements_ += fresh.count;
    settle(fresh);
    if (where != nullptr) settle(*where);
    if (following != nullptr) settle(*following);
}

// ---- removal ----

// Takes out of an owned node what stands there; it weighs nothing any more, or elsewhere.
void CountedChain::erase_slot(Node* node, uint32_t at) {
    move_slots(node, at, node, at + 1, node->count - at - 1);
    --node->count;
    if (node->count > 0) return mend(node);
    if (node->parent == nullptr) {
        root_ = nullptr;
    } else {
        erase_slot(node->parent, place_in_parent(*node));
    }
    drop(node);
}

// Joins a node that has become too empty with the one beside it, if they fit into one.
void CountedChain::mend(Node* node) {
    if (node->parent == nullptr) {
        if (node->is_leaf || node->count > 1) return;
        root_ = static_cast<Inner*>(node)->children[0];
        root_->parent = nullptr;
        return drop(node);
    }
    Inner* const parent = node->parent;
    if (node->count >= room_of(*node) / 3 || parent->count < 2) return;
    const uint32_t place = place_in_parent(*node);
    const uint32_t left_at = place > 0 ? place - 1 : 0;
    Node* const right = parent->children[left_at + 1];
    if (parent->children[left_at]->count + right->count > room_of(*node) * 3 / 4) return;
    Node* const left = own(parent->children[left_at]);
    move_slots(left, left->count, right, 0, right->count);
    const uint32_t before = left->count;
    left->count += right->count;
    adopt(left, before, left->count);
    parent->sums[left_at] += parent->sums[left_at + 1];
    drop(right);
    erase_slot(parent, left_at + 1);
}

void CountedChain::remove(ChainLink& link) {
    weigh(link, 0);
    Leaf* const leaf = own_leaf_of(link);
    erase_slot(leaf, place_in(*leaf, link));

    ChainLink* const before = link.previous;
    ChainLink* const after = link.next;
    (before == nullptr ? first_ : before->next) = after;
    (after == nullptr ? last_ : after->previous) = before;
    --links_;
    elements_ -= link.count;
    if (before != nullptr) settle(*before);
    if (after != nullptr) settle(*after);
}

// ---- looking ----

CountedChain::Place CountedChain::find(uint64_t index) const {
    DCHECK(index < elements_);
    if (index < first_->count) return {first_, index};
    const uint64_t tail_from = elements_ - last_->count;
    if (index >= tail_from) return {last_, index - tail_from};
    index -= first_->count;
    const Node* node = root_;
    while (!node->is_leaf) {
        const auto* inner = static_cast<const Inner*>(node);
        uint32_t at = 0;
        for (; index >= inner->sums[at]; ++at) index -= inner->sums[at];
        node = inner->children[at];
    }
    const auto* leaf = static_cast<const Leaf*>(node);
    uint32_t at = 0;
    for (; index >= leaf->weights[at]; ++at) index -= leaf->weights[at];
    return {leaf->links[at], index};
}

// ---- invariants ----

// Checks the node and what is below, and counts the nodes.
size_t CountedChain::check_node(const Node& node, unsigned height) const {
    CHECK(node.count >= 1);
    CHECK(node.count <= room_of(node));
    CHECK(node.is_leaf == (height == 0));
    CHECK(node.epoch <= epoch_);
    if (node.is_leaf) {
        const auto& leaf = static_cast<const Leaf&>(node);
        for (uint32_t i = 0; i < leaf.count; ++i) {
            const ChainLink* const link = leaf.links[i];
            CHECK(link->leaf_ == &leaf);
            CHECK(leaf.weights[i] == (link == first_ || link == last_ ? 0 : link->count));
        }
        return 1;
    }
    const auto& inner = static_cast<const Inner&>(node);
    size_t nodes = 1;
    for (uint32_t i = 0; i < inner.count; ++i) {
        CHECK(inner.children[i]->parent == &inner);
        CHECK(inner.sums[i] == sum_of(*inner.children[i]));
        nodes += check_node(*inner.children[i], height - 1);
    }
    return nodes;
}

void CountedChain::check_invariants() const {
    unsigned height = 0;
    for (const Node* node = root_; node != nullptr && !node->is_leaf; ++height)
        node = static_cast<const Inner*>(node)->children[0];
    CHECK(height < kDepthMax);
    CHECK(nodes_ == (root_ == nullptr ? 0 : check_node(*root_, height)));
    uint64_t elements = 0;
    size_t links = 0;
    const ChainLink* before = nullptr;
    for_each([&](const ChainLink& at) {
        CHECK(at.previous == before);
        CHECK((before == nullptr ? first_ : before->next) == &at);
        elements += at.count;
        ++links;
        before = &at;
    });
    CHECK(before == last_);
    CHECK(before == nullptr || before->next == nullptr);
    CHECK(links == links_);
    CHECK(elements == elements_);
}

}  // namespace millrace::structures
