// SPDX-License-Identifier: BSD-3-Clause
#include "structures/ranked_tree.h"

#include <cmath>
#include <utility>

#include "base/assert.h"
#include "base/memory.h"

namespace millrace::structures {

namespace {

// Moves `count` items of an array, or between two; the ranges may overlap.
template <typename T>
void move_items(T* to, const T* from, uint32_t count) {
    std::memmove(to, from, count * sizeof(T));
}

auto before_place(double score, std::string_view member) {
    return [score, member](double other, const RankedElement& element) {
        if (other != score) return other < score;
        return element.member() < member;
    };
}

}  // namespace

// ---- Cursor ----

RankedElement* RankedTree::Cursor::element() const {
    const Step& place = path_[depth_ - 1];
    return static_cast<const Leaf*>(place.node)->elements[place.at];
}

double RankedTree::Cursor::score() const {
    const Step& place = path_[depth_ - 1];
    return static_cast<const Leaf*>(place.node)->scores[place.at];
}

uint64_t RankedTree::Cursor::rank() const {
    uint64_t rank = path_[depth_ - 1].at;
    for (unsigned level = 0; level + 1 < depth_; ++level) {
        const auto* inner = static_cast<const Inner*>(path_[level].node);
        for (uint32_t i = 0; i < path_[level].at; ++i) rank += inner->counts[i];
    }
    return rank;
}

// From the child that the last step names down to its first or last element.
void RankedTree::Cursor::descend_to_edge(bool last) {
    while (!path_[depth_ - 1].node->is_leaf) {
        const Step& step = path_[depth_ - 1];
        Node* child = static_cast<Inner*>(step.node)->children[step.at];
        path_[depth_++] = {child, last ? child->count - 1 : 0};
    }
}

void RankedTree::Cursor::next() {
    if (++path_[depth_ - 1].at < path_[depth_ - 1].node->count) return;
    while (--depth_ > 0) {
        if (++path_[depth_ - 1].at == path_[depth_ - 1].node->count) continue;
        descend_to_edge(false);
        return;
    }
}

void RankedTree::Cursor::previous() {
    for (;;) {
        if (path_[depth_ - 1].at-- > 0) break;
        if (--depth_ == 0) return;
    }
    descend_to_edge(true);
}

// ---- nodes ----

RankedTree::RankedTree(RankedTree&& other) noexcept
    : root_(std::exchange(other.root_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      leaves_(std::exchange(other.leaves_, 0)),
      inners_(std::exchange(other.inners_, 0)),
      epoch_(other.epoch_),
      leftovers_(std::exchange(other.leftovers_, nullptr)),
      is_version_(other.is_version_) {}

auto RankedTree::make_leaf() -> Leaf* {
    auto* leaf = static_cast<Leaf*>(allocate(sizeof(Leaf)));
    leaf->epoch = epoch_;
    leaf->count = 0;
    leaf->is_leaf = true;
    ++leaves_;
    return leaf;
}

auto RankedTree::make_inner() -> Inner* {
    auto* inner = static_cast<Inner*>(allocate(sizeof(Inner)));
    inner->epoch = epoch_;
    inner->count = 0;
    inner->is_leaf = false;
    ++inners_;
    return inner;
}

void RankedTree::free_node(Node* node) {
    --(node->is_leaf ? leaves_ : inners_);
    const size_t bytes = node->is_leaf ? sizeof(Leaf) : sizeof(Inner);
    if (leftovers_ != nullptr && node->epoch != epoch_) [[unlikely]] {
        leftovers_->add(node, bytes, [](void* left) { deallocate(left); });
        return;
    }
    deallocate(node, bytes);
}

// ---- versions ----

void RankedTree::freeze(Leftovers& leftovers) {
    CHECK(leftovers_ == nullptr);
    leftovers_ = &leftovers;
    ++epoch_;
}

auto RankedTree::own_node(Node* node) -> Node* {
    if (node->epoch == epoch_) return node;
    Node* const copy = node->is_leaf ? static_cast<Node*>(make_leaf()) : make_inner();
    copy->count = node->count;
    move_entries(copy, 0, node, 0, node->count);
    free_node(node);
    return copy;
}

void RankedTree::own_path(Cursor& path) {
    Node** place = &root_;
    for (unsigned level = 0; level < path.depth_; ++level) {
        Step& step = path.path_[level];
        step.node = *place = own_node(step.node);
        if (!step.node->is_leaf) place = &static_cast<Inner*>(step.node)->children[step.at];
    }
}

size_t RankedTree::memory_bytes() const {
    return leaves_ * sizeof(Leaf) + inners_ * sizeof(Inner);
}

void RankedTree::clear() {
    Step path[kDepthMax];
    unsigned depth = 0;
    if (root_ != nullptr) path[depth++] = {root_, 0};
    while (depth > 0) {
        Step& step = path[depth - 1];
        if (step.node->is_leaf || step.at == step.node->count) {
            free_node(step.node);
            --depth;
            continue;
        }
        path[depth++] = {static_cast<Inner*>(step.node)->children[step.at++], 0};
    }
    root_ = nullptr;
    size_ = 0;
}

uint64_t RankedTree::elements_below(const Node* node) {
    if (node->is_leaf) return node->count;
    const auto* inner = static_cast<const Inner*>(node);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < inner->count; ++i) sum += inner->counts[i];
    return sum;
}

void RankedTree::move_leaf(Leaf* to, uint32_t to_at, Leaf* from, uint32_t from_at, uint32_t count) {
    move_items(to->scores + to_at, from->scores + from_at, count);
    move_items(to->elements + to_at, from->elements + from_at, count);
}

void RankedTree::move_inner(Inner* to, uint32_t to_at, Inner* from, uint32_t from_at,
                            uint32_t count) {
    move_items(to->scores + to_at, from->scores + from_at, count);
    move_items(to->least + to_at, from->least + from_at, count);
    move_items(to->counts + to_at, from->counts + from_at, count);
    move_items(to->children + to_at, from->children + from_at, count);
}

void RankedTree::move_entries(Node* to, uint32_t to_at, Node* from, uint32_t from_at,
                              uint32_t count) {
    if (to->is_leaf)
        move_leaf(static_cast<Leaf*>(to), to_at, static_cast<Leaf*>(from), from_at, count);
    else
        move_inner(static_cast<Inner*>(to), to_at, static_cast<Inner*>(from), from_at, count);
}

// What the parent knows of the child at `at`, from the child.
void RankedTree::refresh(Inner* parent, uint32_t at) {
    const Node* child = parent->children[at];
    if (child->is_leaf) {
        parent->scores[at] = static_cast<const Leaf*>(child)->scores[0];
        parent->least[at] = static_cast<const Leaf*>(child)->elements[0];
    } else {
        parent->scores[at] = static_cast<const Inner*>(child)->scores[0];
        parent->least[at] = static_cast<const Inner*>(child)->least[0];
    }
    parent->counts[at] = elements_below(child);
}

// ---- insertion ----

void RankedTree::insert(RankedElement* element) {
    DCHECK(!std::isnan(element->score));
    if (root_ == nullptr) root_ = make_leaf();
    Cursor path;
    descend(path, before_place(element->score, element->member()));
    if (leftovers_ != nullptr) [[unlikely]]
        own_path(path);
    insert_at(path, element);
}

// Puts the element at the place; the new right half if the leaf had to be split, else null.
auto RankedTree::insert_in_leaf(Step step, RankedElement* element, bool at_end) -> Node* {
    auto* leaf = static_cast<Leaf*>(step.node);
    Leaf* right = nullptr;
    uint32_t at = step.at;
    if (leaf->count == kLeafRoom) {
        right = make_leaf();
        const uint32_t keep = at_end ? kLeafRoom : kLeafRoom / 2;
        move_leaf(right, 0, leaf, keep, kLeafRoom - keep);
        right->count = kLeafRoom - keep;
        leaf->count = keep;
        if (at > keep || at_end) {
            at -= keep;
            leaf = right;
        }
    }
    move_leaf(leaf, at + 1, leaf, at, leaf->count - at);
    leaf->scores[at] = element->score;
    leaf->elements[at] = element;
    ++leaf->count;
    return right;
}

// Puts a child behind the one of the step; the new right half if the node had to be split.
auto RankedTree::insert_in_inner(Step step, Node* child, bool at_end) -> Node* {
    auto* inner = static_cast<Inner*>(step.node);
    Inner* right = nullptr;
    uint32_t at = step.at + 1;
    if (inner->count == kInnerRoom) {
        right = make_inner();
        const uint32_t keep = at_end ? kInnerRoom : kInnerRoom / 2;
        move_inner(right, 0, inner, keep, kInnerRoom - keep);
        right->count = kInnerRoom - keep;
        inner->count = keep;
        if (at > keep || at_end) {
            at -= keep;
            inner = right;
        }
    }
    move_inner(inner, at + 1, inner, at, inner->count - at);
    inner->children[at] = child;
    refresh(inner, at);
    ++inner->count;
    return right;
}

void RankedTree::insert_at(Cursor& path, RankedElement* element) {
    ++size_;
    // at_end[level]: all steps down to that level are the last of their nodes.
    bool at_end[kDepthMax];
    bool so_far = true;
    for (unsigned level = 0; level + 1 < path.depth_; ++level) {
        so_far = so_far && path.path_[level].at + 1 == path.path_[level].node->count;
        at_end[level] = so_far;
    }
    const Step& place = path.path_[path.depth_ - 1];
    so_far = so_far && place.at == place.node->count;
    // Only what comes before everything else arrives at the front of a leaf.
    const bool is_first = place.at == 0;

    Node* right = insert_in_leaf(place, element, so_far);
    for (unsigned level = path.depth_ - 1; level-- > 0;) {
        const Step& step = path.path_[level];
        auto* inner = static_cast<Inner*>(step.node);
        if (right != nullptr) {
            refresh(inner, step.at);
            right = insert_in_inner(step, right, at_end[level] && so_far);
            continue;
        }
        ++inner->counts[step.at];
        if (!is_first) continue;
        inner->scores[step.at] = element->score;
        inner->least[step.at] = element;
    }
    if (right == nullptr) return;
    Inner* root = make_inner();
    root->count = 2;
    root->children[0] = root_;
    root->children[1] = right;
    refresh(root, 0);
    refresh(root, 1);
    root_ = root;
}

// ---- erasing ----

RankedElement* RankedTree::erase(double score, std::string_view member) {
    Cursor path = find(score, member);
    return path ? erase_path(path) : nullptr;
}

RankedElement* RankedTree::erase_at(uint64_t rank) {
    Cursor path = at(rank);
    CHECK(path);
    return erase_path(path);
}

RankedElement* RankedTree::erase_path(Cursor& path) {
    if (leftovers_ != nullptr) [[unlikely]]
        own_path(path);
    RankedElement* const element = path.element();
    bool on_last_path[kDepthMax];  // The node of that level is.
    on_last_path[0] = true;
    for (unsigned level = 0; level + 1 < path.depth_; ++level) {
        const Step& step = path.path_[level];
        on_last_path[level + 1] = on_last_path[level] && step.at + 1 == step.node->count;
    }

    const Step& place = path.path_[path.depth_ - 1];
    move_entries(place.node, place.at, place.node, place.at + 1, place.node->count - place.at - 1);
    --place.node->count;
    --size_;

    for (unsigned level = path.depth_ - 1; level-- > 0;) {
        const Step& step = path.path_[level];
        auto* inner = static_cast<Inner*>(step.node);
        Node* child = inner->children[step.at];
        const uint32_t child_min = child->is_leaf ? kLeafMin : kInnerMin;
        if (child->count == 0) {
            free_node(child);
            move_inner(inner, step.at, inner, step.at + 1, inner->count - step.at - 1);
            --inner->count;
        } else if (child->count < child_min && !on_last_path[level + 1]) {
            mend_child(inner, step.at);
        } else {
            refresh(inner, step.at);
        }
    }

    while (root_ != nullptr && root_->count <= 1) {
        if (root_->is_leaf && root_->count == 1) break;
        Node* old = root_;
        root_ = old->is_leaf ? nullptr : static_cast<Inner*>(old)->children[0];
        free_node(old);
    }
    return element;
}

// Joins a child that has become too empty with the one beside it, or evens the two out.
void RankedTree::mend_child(Inner* parent, uint32_t at) {
    const uint32_t left_at = at > 0 ? at - 1 : 0;
    if (leftovers_ != nullptr) [[unlikely]] {
        for (const uint32_t side : {left_at, left_at + 1})
            parent->children[side] = own_node(parent->children[side]);
    }
    Node* left = parent->children[left_at];
    Node* right = parent->children[left_at + 1];
    const uint32_t room = left->is_leaf ? kLeafRoom : kInnerRoom;
    const uint32_t together = left->count + right->count;
    if (together <= room) {
        move_entries(left, left->count, right, 0, right->count);
        left->count = together;
        free_node(right);
        move_inner(parent, left_at + 1, parent, left_at + 2, parent->count - left_at - 2);
        --parent->count;
        refresh(parent, left_at);
        return;
    }
    const uint32_t half = together / 2;
    if (left->count < half) {
        const uint32_t moved = half - left->count;
        move_entries(left, left->count, right, 0, moved);
        move_entries(right, 0, right, moved, right->count - moved);
    } else {
        const uint32_t moved = left->count - half;
        move_entries(right, moved, right, 0, right->count);
        move_entries(right, 0, left, half, moved);
    }
    left->count = half;
    right->count = together - half;
    refresh(parent, left_at);
    refresh(parent, left_at + 1);
}

void RankedTree::rescore(RankedElement* element, double score) {
    DCHECK(!std::isnan(score));
    DCHECK(leftovers_ == nullptr);
    Cursor path = find(element->score, element->member());
    CHECK(path);
    const Step& place = path.path_[path.depth_ - 1];
    auto* leaf = static_cast<Leaf*>(place.node);
    const std::string_view member = element->member();
    // Inside its leaf, where no inner node knows it, an element that keeps its place stays.
    const bool inside = place.at > 0 && place.at + 1 < leaf->count;
    if (inside &&
        ranked_before(leaf->scores[place.at - 1], leaf->elements[place.at - 1]->member(), score,
                      member) &&
        ranked_before(score, member, leaf->scores[place.at + 1],
                      leaf->elements[place.at + 1]->member())) {
        leaf->scores[place.at] = score;
        element->score = score;
        return;
    }
    erase_path(path);
    element->score = score;
    insert(element);
}

// ---- looking ----

auto RankedTree::at(uint64_t rank) const -> Cursor {
    Cursor cursor;
    if (rank >= size_) return cursor;
    Node* node = root_;
    while (!node->is_leaf) {
        const auto* inner = static_cast<const Inner*>(node);
        uint32_t at = 0;
        for (; rank >= inner->counts[at]; ++at) rank -= inner->counts[at];
        cursor.path_[cursor.depth_++] = {node, at};
        node = inner->children[at];
    }
    cursor.path_[cursor.depth_++] = {node, static_cast<uint32_t>(rank)};
    return cursor;
}

auto RankedTree::find(double score, std::string_view member) const -> Cursor {
    Cursor cursor = last_that([score, member](double other, const RankedElement& element) {
        if (other != score) return other < score;
        return element.member() <= member;
    });
    if (!cursor || cursor.score() != score || cursor.element()->member() != member) return Cursor();
    return cursor;
}

uint64_t RankedTree::rank(double score, std::string_view member) const {
    return count_that(before_place(score, member));
}

// ---- invariants ----

void RankedTree::check_node(const Node* node, bool on_last_path) const {
    const uint32_t room = node->is_leaf ? kLeafRoom : kInnerRoom;
    const uint32_t least = node->is_leaf ? kLeafMin : kInnerMin;
    CHECK(node->count >= 1);
    CHECK(node->count <= room);
    if (node == root_) CHECK(node->is_leaf || node->count >= 2);
    if (!on_last_path) CHECK(node->count >= least);
    if (node->is_leaf) {
        const auto* leaf = static_cast<const Leaf*>(node);
        for (uint32_t i = 0; i < leaf->count; ++i) {
            CHECK(!std::isnan(leaf->scores[i]));
            CHECK(leaf->scores[i] == leaf->elements[i]->score);
        }
        return;
    }
    const auto* inner = static_cast<const Inner*>(node);
    for (uint32_t i = 0; i < inner->count; ++i) {
        const Node* child = inner->children[i];
        CHECK(child->is_leaf == inner->children[0]->is_leaf);
        CHECK(inner->counts[i] == elements_below(child));
        CHECK(inner->scores[i] == inner->least[i]->score);
        CHECK(inner->least[i] == (child->is_leaf ? static_cast<const Leaf*>(child)->elements[0]
                                                 : static_cast<const Inner*>(child)->least[0]));
    }
}

void RankedTree::check_invariants() const {
    if (root_ == nullptr) {
        CHECK(size_ == 0);
        CHECK(leaves_ + inners_ == 0);
        return;
    }
    CHECK(elements_below(root_) == size_);
    size_t leaves = 0;
    size_t inners = 0;
    unsigned leaf_depth = 0;
    struct Visit {
        Node* node;
        uint32_t at;
        bool on_last_path;
    };
    Visit path[kDepthMax];
    unsigned depth = 0;
    path[depth++] = {root_, 0, true};
    while (depth > 0) {
        Visit& visit = path[depth - 1];
        if (visit.at == 0) {
            check_node(visit.node, visit.on_last_path);
            ++(visit.node->is_leaf ? leaves : inners);
            if (visit.node->is_leaf && leaf_depth == 0) leaf_depth = depth;
            if (visit.node->is_leaf) CHECK(depth == leaf_depth);
        }
        if (visit.node->is_leaf || visit.at == visit.node->count) {
            --depth;
            continue;
        }
        const uint32_t at = visit.at++;
        path[depth++] = {static_cast<Inner*>(visit.node)->children[at], 0,
                         visit.on_last_path && at + 1 == visit.node->count};
    }
    CHECK(leaves == leaves_);
    CHECK(inners == inners_);

    uint64_t rank = 0;
    const RankedElement* before = nullptr;
    for (Cursor cursor = first(); cursor; cursor.next(), ++rank) {
        const RankedElement* element = cursor.element();
        if (before != nullptr)
            CHECK(
                ranked_before(before->score, before->member(), element->score, element->member()));
        before = element;
    }
    CHECK(rank == size_);
}

}  // namespace millrace::structures
