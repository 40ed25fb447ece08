// SPDX-License-Identifier: BSD-3-Clause
//
// A B+ tree of elements in order of (score, member) that knows every element's rank: the order of a
// large sorted set.
//
// **Shape.** Elements stand in *leaves*, about a kilobyte each; *inner nodes* lead there:
//
//     inner   | least score | least element | elements below | child |   up to 31 of them
//     leaf    | score | element |                                        up to 63 of them
//
// Scores stand in the nodes, so a search reads an element only where scores are equal. A rank is
// the sum of what stands to the left of the path, a look-up by rank the same sum on the way down.
// Nodes know neither parents nor neighbours: whoever walks keeps the path (Cursor), and a node is
// reachable from one place only, so that it can be shared and copied on write.
//
// **Versions.** freeze() makes a version of the tree that stays as it is and takes a moment: it has
// the same root. From then on the tree copies a node, and those above it, before it first changes
// it; the nodes that it leaves so go to the version's Leftovers. A node is the tree's own if it is
// of the tree's epoch, which freeze() ends. What a change copies is a path and the neighbour of a
// node that gets too empty, a kilobyte each, whatever the size of the tree.
//
// **Filling.** Nodes split in halves and are mended when less than a third full. Those on the way
// to the last element are exempt: they are filled to the brim before a new one is begun, because
// scores that are times always arrive at the end, and they may hold as little as one.
//
// Costs, see ranked_tree_bench.cc: with a million elements 16.5 bytes for each in order of arrival,
// about 23 in random order; a descent reads four nodes.
//
// Owner:   a sorted set, which also owns the elements. A version's elements keep their scores.
// Threads: that of the owner; may be freed on any thread. Reading changes nothing. A version is
// read on any thread.
// Limits:  the depth stays below kDepthMax for any number of elements that fits in memory.
// Invariants: check_invariants().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "structures/leftovers.h"
#include "structures/ranked_element.h"

namespace millrace::structures {

class RankedTree {
    struct Node;
    struct Leaf;
    struct Inner;
    // Where a path goes on: the child of an inner node, the place in a leaf.
    struct Step {
        Node* node;
        uint32_t at;
    };

public:
    static constexpr unsigned kDepthMax = 16;

    // Walks the elements in both directions; good until the next change of the tree.
    class Cursor {
    public:
        Cursor() = default;
        explicit operator bool() const { return depth_ != 0; }
        RankedElement* element() const;
        double score() const;
        uint64_t rank() const;
        // Beyond either end there is no element: the cursor becomes false.
        void next();
        void previous();

    private:
        friend class RankedTree;
        void descend_to_edge(bool last);
        Step path_[kDepthMax];
        unsigned depth_ = 0;
    };

    RankedTree() = default;
    // A version of a tree that froze it; it may be read until it goes, and the nodes are not its
    // own.
    RankedTree(AsVersion, const RankedTree& original)
        : root_(original.root_), size_(original.size_), is_version_(true) {}
    ~RankedTree() {
        if (!is_version_) clear();
    }
    RankedTree(RankedTree&& other) noexcept;
    RankedTree& operator=(RankedTree&&) = delete;

    uint64_t size() const { return size_; }
    // Of the nodes.
    size_t memory_bytes() const;
    // Nodes: what the destructor frees.
    size_t blocks() const { return leaves_ + inners_; }

    // No element in the tree has this score and member.
    void insert(RankedElement* element);
    // Takes the element with this score and member out; null if there is none.
    RankedElement* erase(double score, std::string_view member);
    // Gives an element of the tree another score, and with it its place; not while there is a
    // version.
    void rescore(RankedElement* element, double score);
    // Takes out the element of this rank, which exists.
    RankedElement* erase_at(uint64_t rank);
    // Frees the nodes; elements stay with their owner.
    void clear();

    // From here on nothing changes that a version can see which is made now. What it alone still
    // needs goes to `leftovers`, until thaw().
    void freeze(Leftovers& leftovers);
    void thaw() { leftovers_ = nullptr; }

    Cursor first() const { return at(0); }
    Cursor last() const { return size_ == 0 ? Cursor() : at(size_ - 1); }
    Cursor at(uint64_t rank) const;
    Cursor find(double score, std::string_view member) const;
    // Whether it is this very element that stands at its place.
    bool contains(const RankedElement& element) const {
        const Cursor cursor = find(element.score, element.member());
        return cursor && cursor.element() == &element;
    }
    // How many elements come before this place, whether or not one is there.
    uint64_t rank(double score, std::string_view member) const;

    // `before(score, element)` holds for some first elements and for none after them. The first
    // element for which it does not hold, the last one for which it does, and how many there are
    // for which it does.
    template <typename Before>
    Cursor first_not(Before&& before) const;
    template <typename Before>
    Cursor last_that(Before&& before) const;
    template <typename Before>
    uint64_t count_that(Before&& before) const;

    void check_invariants() const;

private:
    static constexpr uint32_t kLeafRoom = 63;
    static constexpr uint32_t kInnerRoom = 31;
    static constexpr uint32_t kLeafMin = kLeafRoom / 3;
    static constexpr uint32_t kInnerMin = kInnerRoom / 3;

    struct Node {
        uint64_t epoch;
        uint32_t count;
        bool is_leaf;
    };
    struct Leaf : Node {
        double scores[kLeafRoom];
        RankedElement* elements[kLeafRoom];
    };
    struct Inner : Node {
        double scores[kInnerRoom];  // Of the least element below each child.
        RankedElement* least[kInnerRoom];
        uint64_t counts[kInnerRoom];  // Elements below each child.
        Node* children[kInnerRoom];
    };

    template <typename Before>
    static uint32_t count_before(const double* scores, RankedElement* const* elements,
                                 uint32_t count, Before&& before);
    // The path to the first place for which `before` does not hold; the place may be behind the
    // last one of its leaf. The tree is not empty.
    template <typename Before>
    void descend(Cursor& path, Before&& before) const;

    Leaf* make_leaf();
    Inner* make_inner();
    void free_node(Node* node);
    // Copies the node if a version has it too; the copy, or the node.
    Node* own_node(Node* node);
    void own_path(Cursor& path);
    void insert_at(Cursor& path, RankedElement* element);
    Node* insert_in_leaf(Step step, RankedElement* element, bool at_end);
    Node* insert_in_inner(Step step, Node* child, bool at_end);
    RankedElement* erase_path(Cursor& path);
    void mend_child(Inner* parent, uint32_t at);
    static void refresh(Inner* parent, uint32_t at);
    static void move_leaf(Leaf* to, uint32_t to_at, Leaf* from, uint32_t from_at, uint32_t count);
    static void move_inner(Inner* to, uint32_t to_at, Inner* from, uint32_t from_at,
                           uint32_t count);
    static void move_entries(Node* to, uint32_t to_at, Node* from, uint32_t from_at,
                             uint32_t count);
    static uint64_t elements_below(const Node* node);
    void check_node(const Node* node, bool on_last_path) const;

    Node* root_ = nullptr;
    uint64_t size_ = 0;
    size_t leaves_ = 0;
    size_t inners_ = 0;
    uint64_t epoch_ = 0;
    Leftovers* leftovers_ = nullptr;  // While there is a version.
    bool is_version_ = false;
};

template <typename Before>
uint32_t RankedTree::count_before(const double* scores, RankedElement* const* elements,
                                  uint32_t count, Before&& before) {
    uint32_t low = 0;
    while (count > 0) {
        const uint32_t half = count / 2;
        if (before(scores[low + half], *elements[low + half])) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low;
}

template <typename Before>
void RankedTree::descend(Cursor& path, Before&& before) const {
    Node* node = root_;
    path.depth_ = 0;
    while (!node->is_leaf) {
        auto* inner = static_cast<Inner*>(node);
        const uint32_t passed = count_before(inner->scores, inner->least, inner->count, before);
        const uint32_t at = passed == 0 ? 0 : passed - 1;
        path.path_[path.depth_++] = {node, at};
        node = inner->children[at];
    }
    auto* leaf = static_cast<Leaf*>(node);
    path.path_[path.depth_++] = {node,
                                 count_before(leaf->scores, leaf->elements, leaf->count, before)};
}

template <typename Before>
auto RankedTree::first_not(Before&& before) const -> Cursor {
    Cursor cursor;
    if (size_ == 0) return cursor;
    descend(cursor, before);
    const Step& place = cursor.path_[cursor.depth_ - 1];
    if (place.at == place.node->count) {
        --cursor.path_[cursor.depth_ - 1].at;
        cursor.next();
    }
    return cursor;
}

template <typename Before>
auto RankedTree::last_that(Before&& before) const -> Cursor {
    Cursor cursor;
    if (size_ == 0) return cursor;
    descend(cursor, before);
    // The way down leads into the last leaf whose first element is before, if any is.
    Step& place = cursor.path_[cursor.depth_ - 1];
    if (place.at == 0) return Cursor();
    --place.at;
    return cursor;
}

template <typename Before>
uint64_t RankedTree::count_that(Before&& before) const {
    if (size_ == 0) return 0;
    Cursor cursor;
    descend(cursor, before);
    return cursor.rank();
}

}  // namespace millrace::structures
