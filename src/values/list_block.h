// SPDX-License-Identifier: BSD-3-Clause
//
// One block of a large list: a pack of elements, or one element that is too large for a pack.
//
// Either may be squeezed by LZF, for `list-compress-depth`. What is squeezed cannot be read in
// place: whoever reads expands it into a ListRoom of his own, so that reading changes nothing that
// another thread may see. Positions are those of the listpack, before, while and after it is
// squeezed.
//
// Owner:   PackedList; the room: whoever reads.
// Threads: any, one at a time; reading changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "structures/counted_chain.h"
#include "structures/listpack.h"
#include "structures/sealable_pack.h"
#include "structures/squeezable_text.h"

namespace millrace::values {

struct ListBlock : structures::ChainLink {
    using Position = structures::Listpack::Position;
    using Text = structures::SqueezableText;

    structures::SealablePack pack;
    // Instead of the pack: an element as it is, or either squeezed. Its mark tells which.
    Text::Owner text;

    bool is_single() const { return text != nullptr && text->mark() == kElement; }
    bool is_squeezed() const { return text != nullptr && text->is_squeezed(); }
    // Of the listpack or of the element.
    size_t bytes() const { return text != nullptr ? text->bytes() : pack.bytes(); }
    size_t memory_bytes() const;

    // Cursors in it; that of a block which is one element says nothing.
    Position first() const {
        if (text == nullptr) return pack.first();
        return is_single() ? kSinglePosition : structures::Listpack::kFirst;
    }
    // Of one that is not squeezed, as whatever looks at elements.
    Position last() const { return text == nullptr ? pack.last() : kSinglePosition; }
    Position after(Position at) const { return text == nullptr ? pack.next(at) : kNone; }
    Position before(Position at) const { return text == nullptr ? pack.previous(at) : kNone; }
    Position at(uint64_t index) const {
        return text == nullptr ? pack.at(static_cast<int64_t>(index)) : kSinglePosition;
    }
    std::string_view view(Position at, char (&digits)[24]) const {
        return text == nullptr ? pack.view(at, digits) : text->stored();
    }
    bool equals(Position at, std::string_view other) const {
        return text == nullptr ? pack.equals(at, other) : text->stored() == other;
    }

    // Squeezed; null if it is already or if that does not save enough.
    Text::Owner squeezed() const;
    // Holds this and nothing else.
    void hold(Text::Owner other);
    void hold_element(std::string_view element) { hold(Text::plain(element, kElement)); }
    // Is neither sealed nor squeezed from here on.
    void open() {
        if (is_squeezed()) [[unlikely]]
            expand(*Text::Owner(std::move(text)));
        pack.open();
    }
    // Holds what `other` holds: as it is there, or open.
    void copy(const ListBlock& other);
    void copy_open(const ListBlock& other);

private:
    static constexpr Position kNone = structures::Listpack::kNone;
    static constexpr Position kSinglePosition = 1;
    static constexpr bool kElement = true;

    void expand(const Text& squeezed);
};

// Where elements are made readable that are kept in another way: the digits of a number, and what
// the last squeezed block that was looked at holds. Good until the next change of the list.
struct ListRoom {
    char digits[24];

    // The block itself, or what it is when it is not squeezed.
    const ListBlock& open(const ListBlock& block) {
        return block.is_squeezed() ? expanded(block) : block;
    }

private:
    const ListBlock& expanded(const ListBlock& block);

    std::unique_ptr<ListBlock> expanded_;
    const ListBlock* expanded_of_ = nullptr;
};

}  // namespace millrace::values
