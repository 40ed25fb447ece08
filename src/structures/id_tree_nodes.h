// SPDX-License-Identifier: BSD-3-Clause
//
// The part of id_tree.h that handles nodes and looks. Included by it.
//
// Threads: the tree's owner.
#pragma once

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/memory.h"
#include "structures/id_tree.h"

namespace millrace::structures {

// ---- nodes ----

template <typename Item>
auto IdTree<Item>::make_node(bool is_leaf, size_t room) -> Node* {
    const size_t bytes = is_leaf ? sizeof(Node) + room * sizeof(Item) : sizeof(Inner);
    auto* node = static_cast<Node*>(allocate(bytes));
    node->epoch = epoch_;
    node->parent = nullptr;
    node->count = 0;
    node->room = static_cast<uint16_t>(room);
    node->is_leaf = is_leaf;
    ++nodes_;
    bytes_ += bytes;
    return node;
}

template <typename Item>
void IdTree<Item>::drop(Node* node) {
    --nodes_;
    const size_t bytes = bytes_of(*node);
    bytes_ -= bytes;
    if (leftovers_ != nullptr && node->epoch != epoch_) {
        leftovers_->add(node, bytes, [](void* left) { deallocate(left); });
    } else {
        deallocate(node, bytes);
    }
}

template <typename Item>
IdTree<Item>::~IdTree() {
    if (is_version_) return;
    // A version may still read the nodes, so nothing is marked in them.
    struct Step {
        Node* node;
        uint32_t at;
    };
    Step path[16];
    unsigned depth = 0;
    if (root_ != nullptr) path[depth++] = {root_, 0};
    while (depth > 0) {
        Step& step = path[depth - 1];
        if (step.node->is_leaf || step.at == step.node->count) {
            drop(step.node);
            --depth;
        } else {
            path[depth++] = {static_cast<Inner*>(step.node)->children[step.at++], 0};
        }
    }
}

template <typename Item>
auto IdTree<Item>::edge_leaf(Node* node, bool last) -> Leaf* {
    while (node != nullptr && !node->is_leaf)
        node = static_cast<Inner*>(node)->children[last ? node->count - 1 : 0];
    return static_cast<Leaf*>(node);
}

template <typename Item>
auto IdTree<Item>::neighbour(Node* node, bool after) -> Leaf* {
    for (; node->parent != nullptr; node = node->parent) {
        const uint32_t at = place_in_parent(*node);
        if (after && at + 1 < node->parent->count)
            return edge_leaf(node->parent->children[at + 1], false);
        if (!after && at > 0) return edge_leaf(node->parent->children[at - 1], true);
    }
    return nullptr;
}

template <typename Item>
uint32_t IdTree<Item>::place_in_parent(const Node& node) {
    uint32_t at = 0;
    while (node.parent->children[at] != &node) ++at;
    return at;
}

template <typename Item>
uint32_t IdTree<Item>::child_for(const Inner& inner, const Id& id) {
    const Id* const first = inner.least + 1;
    const Id* const end = inner.least + inner.count;
    return static_cast<uint32_t>(std::upper_bound(first, end, id) - first);
}

// The ranges may overlap.
template <typename Item>
void IdTree<Item>::move_slots(Node* to, uint32_t to_at, Node* from, uint32_t from_at,
                              uint32_t count) {
    const auto move = [=](auto* to_slots, auto* from_slots) {
        std::memmove(static_cast<void*>(to_slots + to_at), from_slots + from_at,
                     count * sizeof *to_slots);
    };
    if (to->is_leaf) {
        move(static_cast<Leaf*>(to)->items, static_cast<Leaf*>(from)->items);
    } else {
        move(static_cast<Inner*>(to)->least, static_cast<Inner*>(from)->least);
        move(static_cast<Inner*>(to)->children, static_cast<Inner*>(from)->children);
    }
}

template <typename Item>
void IdTree<Item>::adopt(Node* node, uint32_t from, uint32_t to) {
    if (node->is_leaf) return;
    for (uint32_t i = from; i < to; ++i)
        static_cast<Inner*>(node)->children[i]->parent = static_cast<Inner*>(node);
}

// Puts a copy with another room in the place of a node whose parent is the tree's own.
template <typename Item>
auto IdTree<Item>::replace(Node* node, size_t room) -> Node* {
    Node* const copy = make_node(node->is_leaf, room);
    copy->count = node->count;
    copy->parent = node->parent;
    move_slots(copy, 0, node, 0, node->count);
    adopt(copy, 0, copy->count);
    (node->parent == nullptr ? root_ : node->parent->children[place_in_parent(*node)]) = copy;
    drop(node);
    return copy;
}

// Copies the node, and those above, if a version has them too; the copy, or the node.
template <typename Item>
auto IdTree<Item>::own(Node* node) -> Node* {
    if (leftovers_ == nullptr || node->epoch == epoch_) [[likely]]
        return node;
    if (node->parent != nullptr) (void)own(node->parent);
    return replace(node, node->room);
}

// ---- looking ----

template <typename Item>
auto IdTree<Item>::lower_bound(const Id& id) const -> const_iterator {
    if (root_ == nullptr) return end();
    Node* node = root_;
    while (!node->is_leaf) {
        auto* const inner = static_cast<Inner*>(node);
        node = inner->children[child_for(*inner, id)];
    }
    auto* const leaf = static_cast<Leaf*>(node);
    const Item* const found =
        std::lower_bound(leaf->items, leaf->items + leaf->count, id,
                         [](const Item& item, const Id& key) { return id_of(item) < key; });
    const auto at = static_cast<uint32_t>(found - leaf->items);
    if (at < leaf->count) return {this, leaf, at};
    return {this, neighbour(leaf, true), 0};
}

template <typename Item>
auto IdTree<Item>::upper_bound(const Id& id) const -> const_iterator {
    const_iterator at = lower_bound(id);
    if (at != end() && id_of(*at) == id) ++at;
    return at;
}

template <typename Item>
auto IdTree<Item>::find(const Id& id) const -> const_iterator {
    const const_iterator at = lower_bound(id);
    return at != end() && id_of(*at) == id ? at : end();
}

template <typename Item>
template <typename Visitor>
void IdTree<Item>::for_each(Visitor&& visitor) const {
    struct Step {
        const Node* node;
        uint32_t at;
    };
    Step path[16];
    unsigned depth = 0;
    if (root_ != nullptr) path[depth++] = {root_, 0};
    while (depth > 0) {
        Step& step = path[depth - 1];
        if (step.node->is_leaf) {
            const auto* const leaf = static_cast<const Leaf*>(step.node);
            for (uint32_t i = 0; i < leaf->count; ++i) visitor(leaf->items[i]);
            --depth;
        } else if (step.at == step.node->count) {
            --depth;
        } else {
            path[depth++] = {static_cast<const Inner*>(step.node)->children[step.at++], 0};
        }
    }
}

// ---- invariants ----

// Checks the node and what is below; how many items that is.
template <typename Item>
size_t IdTree<Item>::check_node(const Node& node, const Id* least) const {
    CHECK(node.count >= 1);
    CHECK(node.count <= node.room);
    if (node.is_leaf) {
        const auto& leaf = static_cast<const Leaf&>(node);
        if (least != nullptr) CHECK(*least <= id_of(leaf.items[0]));
        return leaf.count;
    }
    const auto& inner = static_cast<const Inner&>(node);
    size_t items = 0;
    for (uint32_t i = 0; i < inner.count; ++i) {
        CHECK(inner.children[i]->parent == &inner);
        CHECK(inner.children[i]->is_leaf == inner.children[0]->is_leaf);
        items += check_node(*inner.children[i], i == 0 ? least : &inner.least[i]);
    }
    return items;
}

template <typename Item>
void IdTree<Item>::check_invariants() const {
    CHECK(size_ == (root_ == nullptr ? 0 : check_node(*root_, nullptr)));
    const Item* before = nullptr;
    size_t count = 0;
    for_each([&](const Item& item) {
        if (before != nullptr) CHECK(id_of(*before) < id_of(item));
        before = &item;
        ++count;
    });
    CHECK(count == size_);
    for (const_iterator at = begin(); at != end(); ++at) {
        CHECK(find(id_of(*at)) == at);
        --count;
    }
    CHECK(count == 0);
}

}  // namespace millrace::structures
