// SPDX-License-Identifier: BSD-3-Clause
//
// The part of id_tree.h that inserts and erases. Included by it.
//
// Threads: the tree's owner.
#pragma once

#include <algorithm>

#include "structures/id_tree.h"

namespace millrace::structures {

// ---- insertion ----

// Makes room for something at `at` in an owned node; the node to take it, and its place there.
// `at_end`: it will be the last of all.
template <typename Item>
auto IdTree<Item>::make_room(Node* node, uint32_t& at, bool at_end) -> Node* {
    if (node->count < node->room) return node;
    if (node->is_leaf && node->room < kLeafRoom)
        return replace(node, std::min<size_t>(node->room * 3u, kLeafRoom));
    Node* const fresh = make_node(node->is_leaf, node->room);
    const uint32_t kept = at_end ? node->count : node->count / 2u;
    move_slots(fresh, 0, node, kept, node->count - kept);
    fresh->count = static_cast<uint16_t>(node->count - kept);
    node->count = static_cast<uint16_t>(kept);
    adopt(fresh, 0, fresh->count);
    insert_node(*node, fresh, at_end);
    if (!at_end && at <= kept) return node;
    at -= kept;
    return fresh;
}

// Links a node behind another. One that is empty as yet gets its least id from insert().
template <typename Item>
void IdTree<Item>::insert_node(Node& before, Node* fresh, bool at_end) {
    if (before.parent == nullptr) {
        auto* const root = static_cast<Inner*>(make_node(false, kInnerRoom));
        root->count = 1;
        root->children[0] = &before;
        root->least[0] = Id{};
        before.parent = root;
        root_ = root;
    }
    uint32_t at = place_in_parent(before) + 1;
    auto* const parent = static_cast<Inner*>(make_room(before.parent, at, at_end));
    move_slots(parent, at + 1, parent, at, parent->count - at);
    parent->children[at] = fresh;
    parent->least[at] = fresh->count > 0 ? least_of(*fresh) : Id{};
    ++parent->count;
    fresh->parent = parent;
}

template <typename Item>
Item& IdTree<Item>::insert(const Item& item) {
    const Id& id = id_of(item);
    if (root_ == nullptr) root_ = make_node(true, kLeafRoomMin);
    Node* node = root_;
    bool at_end = true;
    while (!node->is_leaf) {
        auto* const inner = static_cast<Inner*>(node);
        const uint32_t child = child_for(*inner, id);
        at_end = at_end && child + 1u == inner->count;
        node = inner->children[child];
    }
    node = own(node);
    auto* leaf = static_cast<Leaf*>(node);
    const auto is_before = [](const Item& each, const Id& key) { return id_of(each) < key; };
    auto at = static_cast<uint32_t>(
        std::lower_bound(leaf->items, leaf->items + leaf->count, id, is_before) - leaf->items);
    leaf = static_cast<Leaf*>(make_room(leaf, at, at_end && at == leaf->count));
    const bool is_fresh = leaf->count == 0;
    move_slots(leaf, at + 1, leaf, at, leaf->count - at);
    leaf->items[at] = item;
    ++leaf->count;
    ++size_;
    // What was begun at the end is led to by this id.
    for (node = leaf; is_fresh && node->parent != nullptr; node = node->parent) {
        const uint32_t place = place_in_parent(*node);
        node->parent->least[place] = id;
        if (place > 0) break;
    }
    return leaf->items[at];
}

// ---- erasing ----

template <typename Item>
void IdTree<Item>::erase(const_iterator at) {
    --size_;
    erase_slot(own(at.leaf_), at.at_);
}

template <typename Item>
void IdTree<Item>::erase_slot(Node* node, uint32_t at) {
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
template <typename Item>
void IdTree<Item>::mend(Node* node) {
    if (node->parent == nullptr) {
        if (node->is_leaf || node->count > 1) return;
        root_ = static_cast<Inner*>(node)->children[0];
        root_->parent = nullptr;
        return drop(node);
    }
    Inner* const parent = node->parent;
    const size_t room = node->is_leaf ? kLeafRoom : kInnerRoom;
    if (node->count >= room / 3 || parent->count < 2) return;
    const uint32_t place = place_in_parent(*node);
    const uint32_t left_at = place > 0 ? place - 1 : 0;
    Node* const right = parent->children[left_at + 1];
    Node* left = parent->children[left_at];
    const uint32_t together = uint32_t{left->count} + right->count;
    if (together > room * 3 / 4) return;
    left = own(left);
    if (left->room < together) left = replace(left, room);
    move_slots(left, left->count, right, 0, right->count);
    // Where an inner node begins nobody looks at its first id, so it may be too low.
    if (!left->is_leaf) static_cast<Inner*>(left)->least[left->count] = parent->least[left_at + 1];
    const uint32_t before = left->count;
    left->count = static_cast<uint16_t>(together);
    adopt(left, before, together);
    drop(right);
    erase_slot(parent, left_at + 1);
}

}  // namespace millrace::structures
