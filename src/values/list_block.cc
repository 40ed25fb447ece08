// SPDX-License-Identifier: BSD-3-Clause
#include "values/list_block.h"

#include <span>

namespace millrace::values {

using structures::Listpack;
using structures::SealablePack;

// --- block ---

size_t ListBlock::memory_bytes() const {
    return usable_bytes(this) + (text != nullptr ? text->memory_bytes() : pack.memory_bytes());
}

ListBlock::Text::Owner ListBlock::squeezed() const {
    if (is_squeezed()) return nullptr;
    if (text != nullptr) return Text::squeezed(text->stored(), kElement);
    Listpack opened;
    const std::span<const char> blob = pack.blob(opened);
    return Text::squeezed({blob.data(), blob.size()}, !kElement);
}

void ListBlock::hold(Text::Owner other) {
    text = std::move(other);
    const SealablePack gone = std::move(pack);
}

void ListBlock::expand(const Text& squeezed) {
    if (squeezed.mark() == kElement) {
        text = squeezed.expanded();
        return;
    }
    pack = SealablePack(
        Listpack::restored(squeezed.bytes(), [&](std::span<char> out) { squeezed.expand(out); }));
}

void ListBlock::copy(const ListBlock& other) {
    if (other.text != nullptr) return hold(other.text->clone());
    pack = other.pack.clone();
}

void ListBlock::copy_open(const ListBlock& other) {
    if (other.is_squeezed()) return expand(*other.text);
    if (other.text != nullptr) return hold(other.text->clone());
    pack = other.pack.open_copy();
}

// --- room ---

const ListBlock& ListRoom::expanded(const ListBlock& block) {
    if (expanded_ == nullptr || expanded_of_ != &block) {
        expanded_ = std::make_unique<ListBlock>();
        expanded_->copy_open(block);
        expanded_of_ = &block;
    }
    return *expanded_;
}

}  // namespace millrace::values
