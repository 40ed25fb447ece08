// SPDX-License-Identifier: BSD-3-Clause
#include "structures/slab_heap.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

#include "structures/slab_pool.h"

namespace millrace::structures {
namespace {

// An empty magazine takes this many objects at a time.
constexpr uint32_t kRefillCount = 8;

// A page makes objects as they are needed, so that memory is touched late and a page for a few
// objects costs little: at first so many, then as many as there are, up to so many bytes at a time.
constexpr size_t kCarveCount = 8;
constexpr size_t kCarveBytes = 4096;

constexpr uint32_t kAllPages = ~uint32_t{0};
static_assert(kSlabChunkPages == 32);

// Never equal to the live count that deallocate() has just lowered.
constexpr uint16_t kNeverWake = UINT16_MAX;

// A page with this many objects or fewer is sparse: better filled last.
uint16_t sparse_below(const SlabPage* page) {
    return static_cast<uint16_t>(page->capacity * 3 / 4);
}

// Stands before an object with a malloc of its own.
struct alignas(64) SeparateHeader {
    SlabHeap* owner;
    std::atomic<uint64_t>* live;
    size_t class_bytes;  // What is counted.
    size_t asked_bytes;  // What there is.
};

SeparateHeader* separate_header(const void* object) {
    return static_cast<SeparateHeader*>(const_cast<void*>(object)) - 1;
}

}  // namespace

SlabHeap::SlabHeap(SlabRegion& region, uint16_t index, bool separate)
    : region_(region), index_(index), separate_(separate) {
    no_page_.wake_at = kNeverWake;
    std::fill(std::begin(first_), std::end(first_), &no_page_);
    std::fill(std::begin(last_), std::end(last_), &no_page_);
    for (size_t i = 0; i < kSlabClasses; ++i) {
        const size_t fitting = Magazine::kBytesMax / slab_detail::kClassBytes[i];
        magazines_[i].room = static_cast<uint32_t>(std::min<size_t>(fitting, Magazine::kRoomMax));
    }
}

SlabHeap::~SlabHeap() = default;  // The region takes all chunks with it.

void SlabHeap::count_live(int64_t objects, size_t object_bytes) {
    const uint64_t change = static_cast<uint64_t>(objects) * object_bytes;
    live_bytes_.store(live_bytes_.load(std::memory_order_relaxed) + change,
                      std::memory_order_relaxed);
}

void SlabHeap::count_discarded(int64_t pages) {
    discarded_.store(discarded_.load(std::memory_order_relaxed) + static_cast<uint64_t>(pages),
                     std::memory_order_relaxed);
}

void SlabHeap::mark_sparse(const SlabPage* page, bool sparse) {
    SlabChunk* chunk = region_.chunk_of(region_.memory_of(page));
    const uint32_t bit = uint32_t{1} << (page - region_.first_page(chunk));
    const uint32_t before = chunk->sparse_pages.load(std::memory_order_relaxed);
    chunk->sparse_pages.store(sparse ? before | bit : before & ~bit, std::memory_order_relaxed);
}

// ---- Allocation ----

// An object for the caller, and some for the magazine.
void* SlabHeap::refill(size_t size_class) {
    Magazine& magazine = magazines_[size_class];
    SlabPage* page = page_with_room(size_class);
    if (page == nullptr) return magazine.objects[--magazine.count];
    const uint32_t before = magazine.count;
    while (magazine.count < kRefillCount && page->free != nullptr) {
        magazine.objects[magazine.count++] = page->free;
        page->free = page->free->next;
        ++page->live;
    }
    count_live(magazine.count - before, page->object_bytes);
    // In the order of their addresses, which is kind to the prefetcher of the processor.
    std::reverse(magazine.objects, magazine.objects + magazine.count);
    return magazine.objects[--magazine.count];
}

// A page of the class with a free object, first in its list; null when taking in what others freed
// has filled the magazine instead.
SlabPage* SlabHeap::page_with_room(size_t size_class) {
    for (;;) {
        SlabPage* page = first_[size_class];
        if (page->free != nullptr || carve(page)) return page;
        if (page == &no_page_) {
            if (!collect_some()) return fresh_page(size_class);
            if (magazines_[size_class].count > 0) return nullptr;
            continue;
        }
        // Full: out of the list until an object of it is freed.
        unlink(page);
        page->wake_at = static_cast<uint16_t>(page->capacity - 1);
        mark_sparse(page, false);
    }
}

// Makes the next objects of a page; false when it has made all.
bool SlabHeap::carve(SlabPage* page) {
    if (page->carved == page->capacity) return false;
    const size_t bytes = page->object_bytes;
    const size_t count_max = std::min(kCarveBytes / bytes, size_t{page->capacity} - page->carved);
    const size_t count = std::min(std::max<size_t>(kCarveCount, page->carved), count_max);
    char* at = region_.memory_of(page) + page->carved * bytes;
    FreeObject* first = reinterpret_cast<FreeObject*>(at);
    FreeObject* last = first;
    for (size_t i = 1; i < count; ++i) {
        at += bytes;
        last->next = reinterpret_cast<FreeObject*>(at);
        last = last->next;
    }
    last->next = page->free;
    page->free = first;
    page->carved = static_cast<uint16_t>(page->carved + count);
    return true;
}

SlabPage* SlabHeap::fresh_page(size_t size_class) {
    if (chunks_first_ == nullptr) {
        SlabChunk* fresh = region_.map_chunk(this, index_);
        fresh->free_pages = kAllPages;
        link_chunk(fresh, false);
        ++chunks_;
        ++chunks_free_;
    }
    SlabChunk* chunk = chunks_first_;
    if (chunk->free_pages == kAllPages) --chunks_free_;
    const auto index = static_cast<unsigned>(__builtin_ctz(chunk->free_pages));
    chunk->free_pages &= chunk->free_pages - 1;
    if ((chunk->discarded_pages & ~chunk->free_pages) != 0) {
        count_discarded(-1);
        chunk->discarded_pages &= chunk->free_pages;
        if (chunk->discarded_pages == 0) region_.allow_huge_page(chunk, true);
    }
    if (chunk->free_pages == 0) unlink_chunk(chunk);

    const uint16_t bytes = slab_detail::kClassBytes[size_class];
    chunk->class_of_page[index] = static_cast<uint8_t>(size_class);
    SlabPage* page = region_.first_page(chunk) + index;
    page->object_bytes = bytes;
    page->size_class = static_cast<uint16_t>(size_class);
    page->capacity = static_cast<uint16_t>(kSlabPageBytes / bytes);
    page->carved = 0;
    page->free = nullptr;
    page->wake_at = 0;
    pages_.store(pages_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    carve(page);
    link(page, true);
    return page;
}

// ---- Freeing by the owner ----

// Gives the `count` longest in the magazine to their pages.
void SlabHeap::flush(Magazine& magazine, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) prefetch_to_write(region_.page_of(magazine.objects[i]));
    for (uint32_t i = 0; i < count; ++i) put_back(magazine.objects[i]);
    magazine.count -= count;
    std::memmove(magazine.objects, magazine.objects + count, magazine.count * sizeof(void*));
}

void SlabHeap::put_back(void* object) {
    SlabPage* page = region_.page_of(object);
    auto* free = static_cast<FreeObject*>(object);
    free->next = page->free;
    page->free = free;
    count_live(-1, page->object_bytes);
    if (--page->live == page->wake_at) page_changed(page);
}

// The page was full, or has become sparse, or empty.
void SlabHeap::page_changed(SlabPage* page) {
    if (page->live == 0) {
        release_page(page);
    } else if (page->wake_at == page->capacity - 1) {
        page->wake_at = sparse_below(page);
        link(page, true);
    } else {
        unlink(page);
        link(page, false);
        page->wake_at = 0;
        mark_sparse(page, true);
    }
}

void* SlabHeap::move_if_sparse(void* object) {
    if (kAddressSanitizer && separate_) return nullptr;
    const SlabPage* page = region_.page_of(object);
    if (page->live > sparse_below(page) || page == first_[page->size_class]) return nullptr;
    // Past the magazine, which would hand out what has just been left.
    SlabPage* fuller = page_with_room(page->size_class);
    if (fuller == nullptr || fuller == page) return nullptr;
    FreeObject* copy = fuller->free;
    fuller->free = copy->next;
    ++fuller->live;
    count_live(1, fuller->object_bytes);
    std::memcpy(copy, object, page->object_bytes);
    put_back(object);
    return copy;
}

void SlabHeap::release_page(SlabPage* page) {
    unlink(page);
    mark_sparse(page, false);
    pages_.store(pages_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    page->object_bytes = 0;
    page->capacity = 0;
    page->carved = 0;
    page->free = nullptr;

    char* memory = region_.memory_of(page);
    SlabChunk* chunk = region_.chunk_of(memory);
    const auto index = static_cast<unsigned>(page - region_.first_page(chunk));
    if (chunk->free_pages == 0) link_chunk(chunk, true);
    chunk->free_pages |= uint32_t{1} << index;
    if (chunk->free_pages != kAllPages) return;
    unlink_chunk(chunk);
    link_chunk(chunk, false);
    ++chunks_free_;
    release_free_chunks(kReserveChunks);
}

void SlabHeap::release_free_chunks(size_t keep) {
    while (chunks_free_ > keep) {
        SlabChunk* chunk = chunks_last_;
        DCHECK(chunk->free_pages == kAllPages);
        unlink_chunk(chunk);
        --chunks_;
        --chunks_free_;
        count_discarded(-std::popcount(chunk->discarded_pages));
        region_.unmap_chunk(chunk);
    }
}

void SlabHeap::empty_magazines() {
    for (Magazine& magazine : magazines_) flush(magazine, magazine.count);
}

size_t SlabHeap::trim() {
    collect();
    empty_magazines();
    const uint64_t chunks_before = chunks_;
    release_free_chunks(0);
    region_.drop_reserve();
    size_t released = (chunks_before - chunks_) * kSlabChunkBytes;
    for (SlabChunk* chunk = chunks_first_; chunk != nullptr; chunk = chunk->next)
        released += discard_pages(chunk, kSlabChunkPages);
    return released;
}

size_t SlabHeap::discard_pages(SlabChunk* chunk, size_t pages_max) {
    SlabPage* pages = region_.first_page(chunk);
    size_t count = 0;
    uint32_t left = chunk->free_pages & ~chunk->discarded_pages;
    if (left != 0 && chunk->discarded_pages == 0) region_.allow_huge_page(chunk, false);
    for (; left != 0 && count < pages_max; left &= left - 1) {
        const auto index = static_cast<unsigned>(__builtin_ctz(left));
        region_.discard_page(pages + index);
        chunk->discarded_pages |= uint32_t{1} << index;
        ++count;
    }
    count_discarded(static_cast<int64_t>(count));
    return count * kSlabPageBytes;
}

size_t SlabHeap::trim_some(size_t bytes_max) {
    collect();
    empty_magazines();
    size_t released = 0;
    while (released < bytes_max && chunks_free_ > 0) {
        release_free_chunks(chunks_free_ - 1);
        released += kSlabChunkBytes;
    }
    for (SlabChunk* chunk = chunks_first_; chunk != nullptr && released < bytes_max;
         chunk = chunk->next) {
        released += discard_pages(chunk, (bytes_max - released) / kSlabPageBytes + 1);
    }
    return released;
}

// ---- Freeing by others ----

void SlabHeap::collect() {
    check_owner();
    while (collect_some()) {
    }
}

// Puts back what one note lists; false when there is none.
bool SlabHeap::collect_some() {
    if (collected_ == nullptr) {
        if (freed_elsewhere_.load(std::memory_order_relaxed) == nullptr) return false;
        collected_ = freed_elsewhere_.exchange(nullptr, std::memory_order_acquire);
    }
    Note* note = collected_;
    collected_ = note->next;
    if (collected_ != nullptr) prefetch(collected_);
    collect_note(note);
    return true;
}

void SlabHeap::collect_note(Note* note) {
    const size_t bytes = slab_detail::kClassBytes[region_.class_of(note)];
    const uint64_t count = bytes < kNoteBytesMin ? 0 : note->count;
    DCHECK(count <= note_capacity(bytes));
    for (uint64_t i = 0; i < count; ++i) {
        prefetch_to_write(note->objects()[i]);
        prefetch_to_write(region_.page_of(note->objects()[i]));
    }
    for (uint64_t i = 0; i < count; ++i) collect_object(note->objects()[i]);
    collect_object(note);  // Last: it is the list.
}

void SlabHeap::collect_object(void* object) {
    Magazine& magazine = magazines_[region_.class_of(object)];
    if (magazine.count < magazine.room / 2)
        magazine.objects[magazine.count++] = object;
    else
        put_back(object);
}

void SlabHeap::push_freed(Note* newest, Note* oldest) {
    oldest->next = freed_elsewhere_.load(std::memory_order_relaxed);
    while (!freed_elsewhere_.compare_exchange_weak(oldest->next, newest, std::memory_order_release,
                                                   std::memory_order_relaxed)) {
    }
}

RemoteFrees::RemoteFrees(SlabHeapPool& pool) : region_(pool.region_), separate_(pool.separate_) {}

void RemoteFrees::add(void* object) {
    if (kAddressSanitizer && separate_) return SlabHeap::deallocate_separate(object);
    const SlabChunk* chunk = region_.chunk_of(object);
    const size_t bytes = slab_detail::kClassBytes[region_.class_of(object)];
    count_slab_freed(bytes);

    if (chunk->owner_index >= chains_.size()) chains_.resize(size_t{chunk->owner_index} + 1);
    Chain& chain = chains_[chunk->owner_index];
    if (chain.room > 0) {
        chain.newest->objects()[chain.newest->count++] = object;
        --chain.room;
        return;
    }
    auto* note = static_cast<SlabHeap::Note*>(object);
    note->next = chain.newest;
    chain.room = SlabHeap::note_capacity(bytes);
    if (chain.room > 0) note->count = 0;
    if (chain.newest == nullptr) {
        chain.oldest = note;
        touched_.push_back(chunk->owner);
    }
    chain.newest = note;
}

void RemoteFrees::flush() {
    for (SlabHeap* heap : touched_) {
        Chain& chain = chains_[heap->index_];
        heap->push_freed(chain.newest, chain.oldest);
        chain = Chain();
    }
    touched_.clear();
}

// ---- Lists ----

void SlabHeap::link(SlabPage* page, bool front) {
    SlabPage*& first = first_[page->size_class];
    SlabPage*& last = last_[page->size_class];
    page->previous = front ? &no_page_ : last;
    page->next = front ? first : &no_page_;
    (page->previous != &no_page_ ? page->previous->next : first) = page;
    (page->next != &no_page_ ? page->next->previous : last) = page;
}

void SlabHeap::unlink(SlabPage* page) {
    const auto size_class = page->size_class;
    (page->previous != &no_page_ ? page->previous->next : first_[size_class]) = page->next;
    (page->next != &no_page_ ? page->next->previous : last_[size_class]) = page->previous;
    page->previous = nullptr;
    page->next = nullptr;
}

void SlabHeap::link_chunk(SlabChunk* chunk, bool front) {
    chunk->previous = front ? nullptr : chunks_last_;
    chunk->next = front ? chunks_first_ : nullptr;
    (chunk->previous ? chunk->previous->next : chunks_first_) = chunk;
    (chunk->next ? chunk->next->previous : chunks_last_) = chunk;
}

void SlabHeap::unlink_chunk(SlabChunk* chunk) {
    (chunk->previous ? chunk->previous->next : chunks_first_) = chunk->next;
    (chunk->next ? chunk->next->previous : chunks_last_) = chunk->previous;
    chunk->previous = nullptr;
    chunk->next = nullptr;
}

// ---- Objects of their own ----

void* SlabHeap::allocate_separate(size_t size_class, size_t bytes) {
    const size_t class_bytes = slab_detail::kClassBytes[size_class];
    // Only what was asked for, so that the sanitizer sees what is written beyond.
    void* memory = nullptr;
    const int failed =
        posix_memalign(&memory, alignof(SeparateHeader), sizeof(SeparateHeader) + bytes);
    CHECK(failed == 0);
    auto* header = new (memory) SeparateHeader{this, &separate_live_, class_bytes, bytes};
    separate_live_.fetch_add(class_bytes, std::memory_order_relaxed);
    count_slab_allocated(class_bytes);
    return header + 1;
}

void SlabHeap::deallocate_separate(void* object) {
    SeparateHeader* header = separate_header(object);
    count_slab_freed(header->class_bytes);
    header->live->fetch_sub(header->class_bytes, std::memory_order_relaxed);
    std::free(header);
}

size_t SlabHeap::separate_bytes(const void* object) {
    return separate_header(object)->asked_bytes;
}

bool SlabHeap::owns_separate(const void* object) const {
    return separate_header(object)->owner == this;
}

// ---- Inspection ----

SlabStatistics SlabHeap::statistics() const {
    SlabStatistics statistics;
    statistics.chunk_bytes = chunks_ * kSlabChunkBytes;
    uint64_t at_hand = 0;
    for (size_t i = 0; i < kSlabClasses; ++i)
        at_hand += uint64_t{magazines_[i].count} * slab_detail::kClassBytes[i];
    region_.for_each_chunk([&](const SlabChunk* chunk) {
        if (chunk->owner != this) return;
        const SlabPage* pages = region_.first_page(chunk);
        for (size_t i = 0; i < kSlabChunkPages; ++i) {
            if (pages[i].object_bytes == 0) continue;
            statistics.page_bytes += kSlabPageBytes;
            statistics.live_bytes += uint64_t{pages[i].live} * pages[i].object_bytes;
        }
    });
    statistics.live_bytes -= at_hand;
    statistics.live_bytes += separate_live_.load(std::memory_order_relaxed);
    return statistics;
}

void SlabHeap::check_page(const SlabPage* page, bool listed) const {
    const SlabChunk* chunk = region_.chunk_of(region_.memory_of(page));
    const auto index = static_cast<size_t>(page - region_.first_page(chunk));
    CHECK(chunk->class_of_page[index] == page->size_class);
    CHECK(page->object_bytes == slab_detail::kClassBytes[page->size_class]);
    CHECK(page->capacity == kSlabPageBytes / page->object_bytes);
    CHECK(page->carved <= page->capacity);
    std::vector<bool> is_free(page->capacity);
    size_t free = 0;
    for (const FreeObject* object = page->free; object != nullptr; object = object->next) {
        const auto offset =
            static_cast<size_t>(reinterpret_cast<const char*>(object) - region_.memory_of(page));
        CHECK(offset % page->object_bytes == 0);
        CHECK(offset / page->object_bytes < page->carved);
        CHECK(!is_free[offset / page->object_bytes]);
        is_free[offset / page->object_bytes] = true;
        ++free;
    }
    CHECK(free + page->live == page->carved);
    if (listed)
        CHECK(page->wake_at == 0 ||
              (page->wake_at == sparse_below(page) && page->live > page->wake_at));
    else
        CHECK(page->wake_at == page->capacity - 1);
    CHECK(listed || page->live == page->capacity);
}

void SlabHeap::check_magazines() const {
    for (size_t size_class = 0; size_class < kSlabClasses; ++size_class) {
        const Magazine& magazine = magazines_[size_class];
        CHECK(magazine.count <= magazine.room);
        std::vector<void*> objects(magazine.objects, magazine.objects + magazine.count);
        std::sort(objects.begin(), objects.end());
        CHECK(std::adjacent_find(objects.begin(), objects.end()) == objects.end());
        for (void* object : objects) {
            CHECK(owns(object));
            CHECK(region_.class_of(object) == size_class);
            const SlabPage* page = region_.page_of(object);
            for (const FreeObject* free = page->free; free != nullptr; free = free->next)
                CHECK(free != object);
        }
    }
}

void SlabHeap::check_invariants() const {
    check_magazines();
    std::vector<const SlabPage*> listed;
    for (size_t size_class = 0; size_class < kSlabClasses; ++size_class) {
        const SlabPage* previous = &no_page_;
        for (SlabPage* page = first_[size_class]; page != &no_page_; page = page->next) {
            CHECK(page->size_class == size_class);
            CHECK(page->previous == previous);
            CHECK(page->live > 0);
            check_page(page, true);
            listed.push_back(page);
            previous = page;
        }
        CHECK(last_[size_class] == previous);
    }
    std::sort(listed.begin(), listed.end());
    size_t chunks = 0;
    size_t chunks_free = 0;
    region_.for_each_chunk([&](const SlabChunk* chunk) {
        if (chunk->owner != this) return;
        ++chunks;
        if (chunk->free_pages == kAllPages) ++chunks_free;
        CHECK(chunk->owner_index == index_);
        const SlabPage* pages = region_.first_page(chunk);
        for (size_t i = 0; i < kSlabChunkPages; ++i) {
            const bool free = (chunk->free_pages >> i & 1) != 0;
            CHECK(free == (pages[i].object_bytes == 0));
            CHECK(free || (chunk->discarded_pages >> i & 1) == 0);
            if (!free && !std::binary_search(listed.begin(), listed.end(), &pages[i]))
                check_page(&pages[i], false);
        }
    });
    CHECK(chunks == chunks_);
    CHECK(chunks_free == chunks_free_);
}

// ---- The pool ----

SlabHeapPool::SlabHeapPool(SlabOptions options)
    : region_(options.region_bytes, options.huge_pages), separate_(options.separate_objects) {}

SlabHeapPool::~SlabHeapPool() {
    CHECK(idle_.size() == heaps_.size());
    uint64_t live = 0;
    for (SlabHeap* heap : idle_) {
        heap->collect();
        live += heap->statistics().live_bytes;
    }
    // What was not freed one by one goes with the region, so it leaves the count here.
    if (!separate_) count_slab_freed(live);
}

SlabHeap& SlabHeapPool::take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) {
        CHECK(heaps_.size() < kHeapsMax);
        const auto index = static_cast<uint16_t>(heaps_.size());
        heaps_.emplace_back(new SlabHeap(region_, index, separate_),
                            [](SlabHeap* heap) { delete heap; });
        return *heaps_.back();
    }
    SlabHeap* heap = idle_.back();
    idle_.pop_back();
    heap->owner_thread_ = std::thread::id();
    return *heap;
}

void SlabHeapPool::give_back(SlabHeap& heap) {
    const std::lock_guard lock(mutex_);
    heap.owner_thread_ = std::thread::id();
    idle_.push_back(&heap);
}

SlabHeapPool::Filling SlabHeapPool::filling() const {
    const std::lock_guard lock(mutex_);
    Filling filling;
    for (const auto& heap : heaps_) {
        filling.page_bytes += heap->pages_.load(std::memory_order_relaxed) * kSlabPageBytes;
        filling.live_bytes += heap->live_bytes_.load(std::memory_order_relaxed);
        filling.discarded_bytes +=
            heap->discarded_.load(std::memory_order_relaxed) * kSlabPageBytes;
    }
    filling.resident_bytes = mapped_bytes() - filling.discarded_bytes;
    return filling;
}

void SlabHeapPool::trim_idle() {
    const std::lock_guard lock(mutex_);
    for (SlabHeap* heap : idle_) {
        heap->trim();
        heap->owner_thread_ = std::thread::id();
    }
}

}  // namespace millrace::structures
