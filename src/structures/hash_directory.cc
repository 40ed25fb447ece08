// SPDX-License-Identifier: BSD-3-Clause
#include "structures/hash_directory.h"

#include <algorithm>

#include "base/assert.h"
#include "base/memory.h"

namespace millrace::structures {
namespace {

// Joined pages leave room to grow twice before they would split again.
constexpr unsigned kJoinedBitsMax = HashDirectory::kPageBitsMax - 2;

// The first hash with the same `bits` first bits.
uint64_t prefix_of(uint64_t hash, unsigned bits) {
    return bits == 0 ? 0 : hash & ~uint64_t{0} << (64 - bits);
}

// The bit number `bits` of a hash, counted from 1 at the top.
uint64_t prefix_bit(unsigned bits) {
    return uint64_t{1} << (64 - bits);
}

}  // namespace

HashDirectory::HashDirectory(SegmentWord only)
    : top_(&only_page_), only_page_(&only_entry_, 0, 0), only_entry_(only) {
    DCHECK(only.depth() == 0);
}

HashDirectory::HashDirectory(AsVersion, const HashDirectory& original)
    : top_(&only_page_),
      top_shift_(original.top_shift_),
      is_version_(true),
      only_page_(original.only_page_),
      only_entry_(original.only_entry_) {
    if (original.top_ != &original.only_page_) {
        const size_t size = size_t{1} << top_bits();
        top_ = static_cast<PageWord*>(allocate(size * sizeof(PageWord)));
        std::copy_n(original.top_, size, top_);
    } else if (only_page_.entries() == &original.only_entry_) {
        only_page_ = PageWord(&only_entry_, 0, 0);
    }
}

HashDirectory::HashDirectory(AsCopy, const HashDirectory& original)
    : HashDirectory(AsVersion{}, original) {
    is_version_ = false;
    deep_pages_ = original.deep_pages_;
    const size_t size = size_t{1} << top_bits();
    if (top_ != &only_page_) memory_bytes_ += size * sizeof(PageWord);
    for (size_t i = 0; i < size;) {
        const PageWord page = top_[i];
        const size_t words = size_t{1} << (top_bits() - page.prefix_bits());
        if (page.entries() != &only_entry_) {
            SegmentWord* const entries = make_entries(page.bits());
            std::copy_n(page.entries(), size_t{1} << page.bits(), entries);
            std::fill_n(top_ + i, words, PageWord(entries, page.prefix_bits(), page.bits()));
        }
        i += words;
    }
}

HashDirectory::HashDirectory(HashDirectory&& other) noexcept
    : top_(other.top_),
      memory_bytes_(other.memory_bytes_),
      top_shift_(other.top_shift_),
      deep_pages_(other.deep_pages_),
      only_page_(other.only_page_),
      only_entry_(other.only_entry_) {
    if (top_ == &other.only_page_) top_ = &only_page_;
    if (only_page_.entries() == &other.only_entry_) only_page_ = PageWord(&only_entry_, 0, 0);
    other.top_ = &other.only_page_;
    other.memory_bytes_ = 0;
    other.top_shift_ = 63;
    other.deep_pages_ = 0;
    other.only_page_ = PageWord(&other.only_entry_, 0, 0);
    other.only_entry_ = SegmentWord();
}

HashDirectory::~HashDirectory() {
    const size_t size = size_t{1} << top_bits();
    for (size_t i = is_version_ ? size : 0; i < size;) {
        const PageWord page = top_[i];
        free_entries(page);
        i += size_t{1} << (top_bits() - page.prefix_bits());
    }
    if (top_ != &only_page_) deallocate(top_, size * sizeof(PageWord));
}

// ---- Words of segments ----

void HashDirectory::fill(SegmentWord segment, uint64_t hash) {
    const PageWord page = page_of(hash);
    DCHECK(segment.depth() >= page.prefix_bits());
    const unsigned spare = page.prefix_bits() + page.bits() - segment.depth();
    SegmentWord* first = page.entries() + page.index(prefix_of(hash, segment.depth()));
    std::fill_n(first, size_t{1} << spare, segment);
}

void HashDirectory::set(uint64_t hash, SegmentWord segment) {
    DCHECK(find(hash).depth() == segment.depth());
    fill(segment, hash);
}

void HashDirectory::split(uint64_t hash, SegmentWord lower, SegmentWord upper) {
    const unsigned depth = lower.depth();
    DCHECK(upper.depth() == depth);
    DCHECK(find(hash).depth() + 1 == depth);
    CHECK(depth <= kDepthMax);
    for (PageWord page = page_of(hash); page.prefix_bits() + page.bits() < depth;
         page = page_of(hash)) {
        if (page.bits() < kPageBitsMax)
            double_page(hash);
        else
            split_page(hash);
    }
    fill(lower, hash & ~prefix_bit(depth));
    fill(upper, hash | prefix_bit(depth));
}

bool HashDirectory::can_merge(uint64_t hash) const {
    return find(hash).depth() > page_of(hash).prefix_bits();
}

void HashDirectory::merge(uint64_t hash, SegmentWord joined) {
    DCHECK(can_merge(hash));
    DCHECK(find(hash).depth() == joined.depth() + 1);
    fill(joined, hash);
}

// ---- Pages ----

SegmentWord* HashDirectory::make_entries(unsigned bits) {
    const size_t bytes = sizeof(SegmentWord) << bits;
    memory_bytes_ += bytes;
    return static_cast<SegmentWord*>(allocate(bytes));
}

void HashDirectory::free_entries(PageWord page) {
    if (page.entries() == &only_entry_) return;
    const size_t bytes = sizeof(SegmentWord) << page.bits();
    memory_bytes_ -= bytes;
    deallocate(page.entries(), bytes);
}

void HashDirectory::set_page(uint64_t hash, PageWord page) {
    PageWord* first = top_ + (prefix_of(hash, page.prefix_bits()) >> 1 >> top_shift_);
    std::fill_n(first, size_t{1} << (top_bits() - page.prefix_bits()), page);
}

void HashDirectory::own_page(uint64_t hash, const HashDirectory& version, Leftovers& leftovers) {
    const PageWord page = page_of(hash);
    if (page.entries() != version.page_of(hash).entries()) return;
    const size_t bytes = sizeof(SegmentWord) << page.bits();
    SegmentWord* const entries = make_entries(page.bits());
    std::copy_n(page.entries(), size_t{1} << page.bits(), entries);
    set_page(hash, PageWord(entries, page.prefix_bits(), page.bits()));
    memory_bytes_ -= bytes;
    leftovers.add(page.entries(), bytes, [](void* left) { deallocate(left); });
}

void HashDirectory::double_page(uint64_t hash) {
    const PageWord page = page_of(hash);
    const size_t size = size_t{1} << page.bits();
    SegmentWord* entries = make_entries(page.bits() + 1);
    for (size_t i = 0; i < size; ++i) entries[2 * i] = entries[2 * i + 1] = page.entries()[i];
    set_page(hash, PageWord(entries, page.prefix_bits(), page.bits() + 1));
    free_entries(page);
}

void HashDirectory::split_page(uint64_t hash) {
    const PageWord page = page_of(hash);
    const unsigned prefix_bits = page.prefix_bits() + 1;
    const unsigned bits = page.bits() - 1;
    const size_t half = size_t{1} << bits;
    if (prefix_bits > top_bits()) double_top();
    if (prefix_bits == top_bits()) deep_pages_ += 2;
    SegmentWord* lower = make_entries(bits);
    SegmentWord* upper = make_entries(bits);
    std::copy_n(page.entries(), half, lower);
    std::copy_n(page.entries() + half, half, upper);
    set_page(hash & ~prefix_bit(prefix_bits), PageWord(lower, prefix_bits, bits));
    set_page(hash | prefix_bit(prefix_bits), PageWord(upper, prefix_bits, bits));
    free_entries(page);
}

void HashDirectory::double_top() {
    const size_t size = size_t{1} << top_bits();
    auto* top = static_cast<PageWord*>(allocate(2 * size * sizeof(PageWord)));
    for (size_t i = 0; i < size; ++i) top[2 * i] = top[2 * i + 1] = top_[i];
    replace_top(top, top_bits() + 1);
    deep_pages_ = 0;
}

void HashDirectory::replace_top(PageWord* top, unsigned bits) {
    if (top_ != &only_page_) {
        const size_t bytes = sizeof(PageWord) << top_bits();
        memory_bytes_ -= bytes;
        deallocate(top_, bytes);
    }
    top_ = top;
    top_shift_ = 63 - bits;
    if (top_ != &only_page_) memory_bytes_ += sizeof(PageWord) << bits;
}

// ---- Shrinking ----

void HashDirectory::shrink(uint64_t hash) {
    if (halve_page(hash)) return;
    if (join_pages(hash)) return;
    if (top_bits() > 0 && deep_pages_ == 0) halve_top();
}

// A page whose words come in equal pairs needs half of them.
bool HashDirectory::halve_page(uint64_t hash) {
    const PageWord page = page_of(hash);
    if (page.bits() == 0) return false;
    if (page.bits() == 1 && top_bits() > 0)
        return false;  // The entry in the object is for a single page.
    const size_t half = size_t{1} << (page.bits() - 1);
    const SegmentWord* old = page.entries();
    for (size_t i = 0; i < half; ++i) {
        if (old[2 * i] != old[2 * i + 1]) return false;
    }
    SegmentWord* entries = half == 1 ? &only_entry_ : make_entries(page.bits() - 1);
    for (size_t i = 0; i < half; ++i) entries[i] = old[2 * i];
    set_page(hash, PageWord(entries, page.prefix_bits(), page.bits() - 1));
    free_entries(page);
    return true;
}

bool HashDirectory::join_pages(uint64_t hash) {
    const unsigned prefix_bits = page_of(hash).prefix_bits();
    if (prefix_bits == 0) return false;
    const PageWord lower = page_of(hash & ~prefix_bit(prefix_bits));
    const PageWord upper = page_of(hash | prefix_bit(prefix_bits));
    if (lower.prefix_bits() != upper.prefix_bits()) return false;
    const unsigned half_bits = std::max(lower.bits(), upper.bits());
    if (half_bits + 1 > kJoinedBitsMax) return false;

    const size_t half = size_t{1} << half_bits;
    SegmentWord* entries = make_entries(half_bits + 1);
    for (size_t i = 0; i < half; ++i) {
        entries[i] = lower.entries()[i >> (half_bits - lower.bits())];
        entries[half + i] = upper.entries()[i >> (half_bits - upper.bits())];
    }
    if (prefix_bits == top_bits()) deep_pages_ -= 2;
    set_page(hash, PageWord(entries, prefix_bits - 1, half_bits + 1));
    free_entries(lower);
    free_entries(upper);
    return true;
}

void HashDirectory::halve_top() {
    const unsigned bits = top_bits() - 1;
    const size_t size = size_t{1} << bits;
    auto* top = bits == 0 ? &only_page_ : static_cast<PageWord*>(allocate(size * sizeof(PageWord)));
    unsigned deep = 0;
    for (size_t i = 0; i < size; ++i) {
        top[i] = top_[2 * i];
        if (top[i].prefix_bits() == bits) ++deep;
    }
    replace_top(top, bits);
    deep_pages_ = bits == 0 ? 0 : deep;
}

// ---- Inspection ----

size_t HashDirectory::page_count() const {
    size_t count = 0;
    for_each_page([&](size_t, PageWord) { ++count; });
    return count;
}

size_t HashDirectory::entry_count() const {
    size_t count = 0;
    for_each_page([&](size_t, PageWord page) { count += size_t{1} << page.bits(); });
    return count;
}

template <typename Visitor>
void HashDirectory::for_each_page(Visitor&& visitor) const {
    const size_t size = size_t{1} << top_bits();
    for (size_t i = 0; i < size;) {
        visitor(i, top_[i]);
        i += size_t{1} << (top_bits() - top_[i].prefix_bits());
    }
}

void HashDirectory::check_invariants() const {
    unsigned deep = 0;
    size_t bytes = top_ == &only_page_ ? 0 : sizeof(PageWord) << top_bits();
    CHECK((top_ == &only_page_) == (top_bits() == 0));
    for_each_page([&](size_t at, PageWord page) {
        CHECK(page.prefix_bits() <= top_bits());
        CHECK(page.bits() <= kPageBitsMax);
        const size_t copies = size_t{1} << (top_bits() - page.prefix_bits());
        CHECK(at % copies == 0);
        for (size_t i = 0; i < copies; ++i) CHECK(top_[at + i] == page);
        if (copies == 1 && top_bits() > 0) ++deep;
        CHECK((page.entries() == &only_entry_) == (top_bits() == 0 && page.bits() == 0));
        if (page.entries() != &only_entry_) bytes += sizeof(SegmentWord) << page.bits();

        const size_t size = size_t{1} << page.bits();
        for (size_t i = 0; i < size;) {
            const SegmentWord segment = page.entries()[i];
            CHECK(segment.depth() >= page.prefix_bits());
            CHECK(segment.depth() <= page.prefix_bits() + page.bits());
            const size_t words = size_t{1} << (page.prefix_bits() + page.bits() - segment.depth());
            CHECK(i % words == 0);
            for (size_t j = 0; j < words; ++j) CHECK(page.entries()[i + j] == segment);
            i += words;
        }
    });
    CHECK(deep == deep_pages_);
    CHECK(bytes == memory_bytes_);
}

}  // namespace millrace::structures
