// SPDX-License-Identifier: BSD-3-Clause
//
// A B+ tree of items in the order of their ids: the blocks of a stream, and what its groups and
// consumers have pending. It is used as std::map and std::set are, but items move when the tree
// changes.
//
//     inner   | least id | child |       up to 41 of them; the first id is not looked at
//     leaf    | item |                   as many as fit into a kibibyte; a small tree has less room
//
// Nodes at the end are filled to the brim before a new one is begun, because ids grow.
//
// **Versions.** freeze() makes a version that stays as it is, in a moment: it has the same root.
// From then on the tree copies a node, and those above it, before it first changes it. A version is
// walked from its root, by for_each(); parents, which iterators use, are the tree's alone.
//
// Item: trivially copyable; id_of(item) is its id, which is trivially copyable and ordered. All are
// different.
//
// Owner:   whoever embeds it; what items point to is not the tree's.
// Threads: that of the owner; may be freed on any thread. A version is read on any.
// Invariants: check_invariants(). Iterators and items end with the next change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <type_traits>
#include <utility>

#include "structures/leftovers.h"

namespace millrace::structures {

template <typename Item>
class IdTree {
    static_assert(std::is_trivially_copyable_v<Item>);
    static_assert(std::is_trivially_destructible_v<Item>);

    using Id = std::remove_cvref_t<decltype(id_of(std::declval<const Item&>()))>;

    struct Inner;
    struct Node {
        uint64_t epoch;
        Inner* parent;
        uint16_t count;
        uint16_t room;
        bool is_leaf;
    };
    static constexpr size_t kNodeBytes = 1024;
    static constexpr size_t kLeafRoom = (kNodeBytes - sizeof(Node)) / sizeof(Item);
    static constexpr size_t kLeafRoomMin = 2;
    static constexpr size_t kInnerRoom = (kNodeBytes - sizeof(Node)) / (sizeof(Id) + sizeof(Node*));
    struct Leaf : Node {
        Item items[kLeafRoom];  // Or `room`.
    };
    struct Inner : Node {
        Id least[kInnerRoom];
        Node* children[kInnerRoom];
    };
    static_assert(sizeof(Leaf) <= kNodeBytes && sizeof(Inner) <= kNodeBytes);

public:
    class const_iterator {
    public:
        using iterator_category = std::bidirectional_iterator_tag;
        using value_type = Item;
        using difference_type = std::ptrdiff_t;
        using pointer = const Item*;
        using reference = const Item&;

        const_iterator() = default;
        const Item& operator*() const { return leaf_->items[at_]; }
        const Item* operator->() const { return &leaf_->items[at_]; }
        const_iterator& operator++() {
            if (++at_ == leaf_->count) *this = {tree_, neighbour(leaf_, true), 0};
            return *this;
        }
        const_iterator& operator--() {
            if (leaf_ != nullptr && at_ > 0) {
                --at_;
                return *this;
            }
            leaf_ =
                leaf_ == nullptr ? tree_->edge_leaf(tree_->root_, true) : neighbour(leaf_, false);
            at_ = leaf_->count - 1u;
            return *this;
        }
        bool operator==(const const_iterator& other) const {
            return leaf_ == other.leaf_ && at_ == other.at_;
        }

    private:
        friend class IdTree;
        const_iterator(const IdTree* tree, Leaf* leaf, uint32_t at)
            : tree_(tree), leaf_(leaf), at_(at) {}
        const IdTree* tree_ = nullptr;
        Leaf* leaf_ = nullptr;  // Null at the end.
        uint32_t at_ = 0;
    };

    IdTree() = default;
    // A version of a tree that froze it.
    IdTree(AsVersion, const IdTree& original)
        : root_(original.root_), size_(original.size_), is_version_(true) {}
    ~IdTree();
    IdTree(const IdTree&) = delete;
    IdTree& operator=(const IdTree&) = delete;

    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    const_iterator begin() const {
        Leaf* const leaf = edge_leaf(root_, false);
        return {this, leaf, 0};
    }
    const_iterator end() const { return {this, nullptr, 0}; }
    const_iterator last() const { return --end(); }  // Of a tree that is not empty.
    const_iterator lower_bound(const Id& id) const;
    const_iterator upper_bound(const Id& id) const;
    const_iterator find(const Id& id) const;
    // Visits all items in order; all that can be done with a version.
    template <typename Visitor>
    void for_each(Visitor&& visitor) const;

    // Its id is not there. The place that the item has got.
    Item& insert(const Item& item);
    void erase(const_iterator at);
    // The same item, to be changed, but for its id.
    Item& edit(const_iterator at) {
        Leaf* const leaf = static_cast<Leaf*>(own(at.leaf_));
        return leaf->items[at.at_];
    }

    // What versions alone still need goes to `leftovers`, until thaw().
    void freeze(Leftovers& leftovers) {
        leftovers_ = &leftovers;
        ++epoch_;
    }
    void thaw() { leftovers_ = nullptr; }
    // Changes whenever a version is made.
    uint64_t epoch() const { return epoch_; }

    size_t memory_bytes() const { return bytes_; }
    size_t nodes() const { return nodes_; }
    void check_invariants() const;

private:
    static Leaf* edge_leaf(Node* node, bool last);
    static Leaf* neighbour(Node* node, bool after);
    static uint32_t place_in_parent(const Node& node);
    static uint32_t child_for(const Inner& inner, const Id& id);
    static const Id& least_of(const Node& node) {
        return node.is_leaf ? id_of(static_cast<const Leaf&>(node).items[0])
                            : static_cast<const Inner&>(node).least[0];
    }
    static size_t bytes_of(const Node& node) {
        return node.is_leaf ? sizeof(Node) + node.room * sizeof(Item) : sizeof(Inner);
    }
    static void move_slots(Node* to, uint32_t to_at, Node* from, uint32_t from_at, uint32_t count);
    static void adopt(Node* node, uint32_t from, uint32_t to);

    Node* make_node(bool is_leaf, size_t room);
    void drop(Node* node);
    Node* replace(Node* node, size_t room);
    Node* own(Node* node);
    Node* make_room(Node* node, uint32_t& at, bool at_end);
    void insert_node(Node& before, Node* fresh, bool at_end);
    void erase_slot(Node* node, uint32_t at);
    void mend(Node* node);
    size_t check_node(const Node& node, const Id* least) const;

    Node* root_ = nullptr;
    size_t size_ = 0;
    size_t bytes_ = 0;  // Of the nodes.
    uint32_t nodes_ = 0;
    bool is_version_ = false;
    uint64_t epoch_ = 0;
    Leftovers* leftovers_ = nullptr;  // While there is a version.
};

}  // namespace millrace::structures

#include "structures/id_tree_changes.h"
#include "structures/id_tree_nodes.h"
