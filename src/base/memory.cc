// SPDX-License-Identifier: BSD-3-Clause
#include "base/memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#include "base/allocator_controls.h"
#include "base/assert.h"

#ifndef MILLRACE_SANITIZED
#include <jemalloc/jemalloc.h>
#endif

#ifndef MILLRACE_SANITIZED
// Read by jemalloc when it starts. By default it unmaps a block of 8 MiB or more as soon as that is
// freed, which takes whoever frees it a millisecond, and the next one thousands of page faults.
// Other free pages it keeps for ten seconds; a fraction of one is enough for them to be wanted
// again, and a collection that has just grown leaves many.
extern "C" const char* malloc_conf;
const char* malloc_conf = "oversize_threshold:0,dirty_decay_ms:300";
#endif

namespace millrace {
namespace {

// Counters are never freed: a thread that ends passes them on to the next one.
struct CounterNode {
    alignas(64) MemoryCounters counters;
    CounterNode* next = nullptr;  // Of all nodes; constant once published.
    std::atomic<bool> taken{true};
};

std::atomic<CounterNode*> all_counters{nullptr};
CounterNode shared_counters;  // Of threads that are ending: written by read-modify-write.
std::atomic<int64_t> slab_mapped{0};

// Of used_bytes(), while other threads are busy.
constexpr uint64_t kReadErrorMax = uint64_t{64} << 10;
constexpr int kReadTries = 4;

enum class ThreadState : uint8_t { New, Counting, Ending };
constinit thread_local ThreadState thread_state = ThreadState::New;

CounterNode* take_node() {
    for (CounterNode* node = all_counters.load(std::memory_order_acquire); node;
         node = node->next) {
        bool taken = node->taken.load(std::memory_order_relaxed);
        if (!taken && node->taken.compare_exchange_strong(taken, true, std::memory_order_acquire))
            return node;
    }
    void* memory = std::aligned_alloc(alignof(CounterNode), sizeof(CounterNode));
    CHECK(memory != nullptr);
    auto* node = new (memory) CounterNode;
    node->next = all_counters.load(std::memory_order_relaxed);
    while (!all_counters.compare_exchange_weak(node->next, node, std::memory_order_release,
                                               std::memory_order_relaxed)) {
    }
    return node;
}

// Releases the thread's counters when it ends; what it frees after that is counted in the shared
// ones.
struct CounterLease {
    CounterNode* node = nullptr;
    ~CounterLease() {
        thread_memory_counters = nullptr;
        thread_state = ThreadState::Ending;
        if (node) node->taken.store(false, std::memory_order_release);
    }
};
thread_local CounterLease lease;

// The calling thread's counters, which it gets now if it is not ending; null if it is.
MemoryCounters* own_counters() {
    if (thread_memory_counters) return thread_memory_counters;
    if (thread_state != ThreadState::New) return nullptr;
    thread_state = ThreadState::Counting;
    lease.node = take_node();
    thread_memory_counters = &lease.node->counters;
    return thread_memory_counters;
}

[[gnu::noinline, gnu::cold]] void count_slowly(std::atomic<uint64_t> MemoryCounters::*counter,
                                               uint64_t bytes) {
    if (MemoryCounters* own = own_counters())
        count_by_owner(own->*counter, bytes);
    else
        (shared_counters.counters.*counter).fetch_add(bytes, std::memory_order_release);
}

template <std::atomic<uint64_t> MemoryCounters::*kCounter>
[[gnu::always_inline]] inline void count(uint64_t bytes) {
    if (MemoryCounters* own = thread_memory_counters; __builtin_expect(own != nullptr, 1))
        count_by_owner(own->*kCounter, bytes);
    else
        count_slowly(kCounter, bytes);
}

uint64_t sum(std::atomic<uint64_t> MemoryCounters::*counter) {
    uint64_t total = (shared_counters.counters.*counter).load(std::memory_order_acquire);
    for (CounterNode* node = all_counters.load(std::memory_order_acquire); node; node = node->next)
        total += (node->counters.*counter).load(std::memory_order_acquire);
    return total;
}

size_t block_bytes(const void* memory) {
    return malloc_usable_size(const_cast<void*>(memory));
}

#ifdef MILLRACE_SANITIZED

size_t block_bytes(const void* memory, size_t) {
    return block_bytes(memory);
}

#else

// What a block that was asked for with so many bytes takes: the size class of jemalloc, which
// documents them: four to each doubling, none finer than 16 bytes but the first. Asking it would
// cost a call.
size_t block_bytes(const void*, size_t bytes) {
    if (bytes <= 8) return 8;
    if (bytes <= 128) return (bytes + 15) & ~size_t{15};
    const size_t step = std::bit_floor(bytes - 1) / 4;
    return (bytes + step - 1) & ~(step - 1);
}

uint64_t read_statistic(const char* name) {
    size_t value = 0;
    size_t bytes = sizeof(value);
    return mallctl(name, &value, &bytes, nullptr, 0) == 0 ? value : 0;
}

bool exists(const std::string& name) {
    std::array<size_t, 8> mib;
    size_t length = mib.size();
    return mallctlnametomib(name.c_str(), mib.data(), &length) == 0;
}

bool may_be_set(std::string_view name) {
    return name == "epoch" || name == "background_thread" || name == "max_background_threads" ||
           name.ends_with(".dirty_decay_ms") || name.ends_with(".muzzy_decay_ms");
}

bool is_text(std::string_view name) {
    constexpr std::string_view kTexts[] = {"version",          "config.malloc_conf",
                                           "opt.dss",          "opt.junk",
                                           "opt.metadata_thp", "opt.percpu_arena",
                                           "opt.thp",          "opt.zero_realloc"};
    if (std::find(std::begin(kTexts), std::end(kTexts), name) != std::end(kTexts)) return true;
    return name.starts_with("arena.") && name.ends_with(".dss");
}

#endif

Error refusal(int code) {
    return Error(std::string("ERR ") + std::strerror(code), code);
}

[[maybe_unused]] void* allocate_aligned(size_t bytes, size_t alignment) {
    void* memory = nullptr;
    const int failed =
        posix_memalign(&memory, alignment < sizeof(void*) ? sizeof(void*) : alignment, bytes);
    CHECK(failed == 0);
    count<&MemoryCounters::allocated>(block_bytes(memory));
    return memory;
}

}  // namespace

void* allocate(size_t bytes) {
    void* memory = std::malloc(bytes);
    CHECK(memory != nullptr || bytes == 0);
    count<&MemoryCounters::allocated>(block_bytes(memory, bytes));
    return memory;
}

void deallocate(void* memory) {
    if (memory == nullptr) return;
    count<&MemoryCounters::freed>(block_bytes(memory));
    std::free(memory);
}

void deallocate(void* memory, size_t bytes) {
    if (memory == nullptr) return;
    count<&MemoryCounters::freed>(block_bytes(memory, bytes));
    std::free(memory);
}

size_t usable_bytes(const void* memory) {
    return block_bytes(memory);
}

uint64_t used_bytes() {
    // What was freed comes first: whoever sees that also sees the allocation before it, so nothing
    // is negative. What other threads allocate and free again in between would be too much; if it
    // is (we may have lost the processor), another look is more exact.
    uint64_t used = 0;
    for (int tries = 0; tries < kReadTries; ++tries) {
        const uint64_t freed = sum(&MemoryCounters::freed) + sum(&MemoryCounters::slab_freed);
        used = sum(&MemoryCounters::allocated) + sum(&MemoryCounters::slab_allocated) - freed;
        const uint64_t freed_since =
            sum(&MemoryCounters::freed) + sum(&MemoryCounters::slab_freed) - freed;
        if (freed_since < kReadErrorMax) break;
    }
    return used;
}

void count_slab_slowly(uint64_t allocated, uint64_t freed) {
    if (allocated > 0) count_slowly(&MemoryCounters::slab_allocated, allocated);
    if (freed > 0) count_slowly(&MemoryCounters::slab_freed, freed);
}

void count_slab_mapped(int64_t bytes) {
    slab_mapped.fetch_add(bytes, std::memory_order_relaxed);
}

AllocatorStatistics allocator_statistics() {
    AllocatorStatistics statistics;
    const uint64_t slab_freed = sum(&MemoryCounters::slab_freed);
    const uint64_t slab_live = sum(&MemoryCounters::slab_allocated) - slab_freed;
    const auto mapped = static_cast<uint64_t>(slab_mapped.load(std::memory_order_relaxed));
#ifdef MILLRACE_SANITIZED
    const uint64_t freed = sum(&MemoryCounters::freed);
    statistics.allocated = sum(&MemoryCounters::allocated) - freed + slab_live;
    statistics.active = statistics.allocated - slab_live + mapped;
    statistics.resident = statistics.active;
#else
    uint64_t epoch = 1;  // Writing it refreshes what the others read.
    size_t bytes = sizeof(epoch);
    mallctl("epoch", &epoch, &bytes, &epoch, bytes);
    statistics.allocated = read_statistic("stats.allocated") + slab_live;
    statistics.active = read_statistic("stats.active") + mapped;
    statistics.resident = read_statistic("stats.resident") + mapped;
    // 4096 is MALLCTL_ARENAS_ALL, which the name needs as text.
    const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    statistics.muzzy = read_statistic("stats.arenas.4096.pmuzzy") * page;
#endif
    return statistics;
}

std::string_view allocator_name() {
#ifdef MILLRACE_SANITIZED
    return "libc";
#else
#define MILLRACE_TEXT_OF(x) #x
#define MILLRACE_TEXT(x) MILLRACE_TEXT_OF(x)
    return "jemalloc-" MILLRACE_TEXT(JEMALLOC_VERSION_MAJOR) "." MILLRACE_TEXT(
        JEMALLOC_VERSION_MINOR) "." MILLRACE_TEXT(JEMALLOC_VERSION_BUGFIX);
#undef MILLRACE_TEXT
#undef MILLRACE_TEXT_OF
#endif
}

void release_free_memory() {
#ifdef MILLRACE_SANITIZED
    malloc_trim(0);
#else
    mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
#endif
}

void drop_thread_cache() {
#ifndef MILLRACE_SANITIZED
    mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
#endif
}

NoThreadCache::NoThreadCache() {
#ifdef MILLRACE_SANITIZED
    (void)before_;  // Their allocators have no such cache.
#else
    size_t size = sizeof(before_);
    bool now = false;
    mallctl("thread.tcache.enabled", &before_, &size, &now, sizeof(now));
#endif
}

NoThreadCache::~NoThreadCache() {
#ifndef MILLRACE_SANITIZED
    mallctl("thread.tcache.enabled", nullptr, nullptr, &before_, sizeof(before_));
#endif
}

bool set_allocator_background_threads(bool enabled) {
#ifdef MILLRACE_SANITIZED
    (void)enabled;  // Their allocators have no threads to start or to stop.
    return true;
#else
    // Arena 0 is older than what `malloc_conf` says, so it has to be told as well.
    size_t large = SIZE_MAX / 4;
    return mallctl("background_thread", nullptr, nullptr, &enabled, sizeof(enabled)) == 0 &&
           mallctl("arena.0.oversize_threshold", nullptr, nullptr, &large, sizeof(large)) == 0;
#endif
}

bool allocator_has_controls() {
#ifdef MILLRACE_SANITIZED
    return false;
#else
    return true;
#endif
}

Result<int64_t> allocator_number([[maybe_unused]] const std::string& name,
                                 [[maybe_unused]] std::optional<int64_t> fresh) {
    int failed = ENOENT;
#ifndef MILLRACE_SANITIZED
    if (fresh && exists(name) && !may_be_set(name)) return refusal(EPERM);
    // A name does not say how wide its value is; another width is refused.
    for (const size_t width : {8, 4, 1}) {
        int64_t number = 0;
        size_t bytes = width;
        failed = mallctl(name.c_str(), &number, &bytes, fresh ? &*fresh : nullptr,
                         fresh ? width : 0);
        if (failed == 0) return number;
        if (failed != EINVAL) break;
    }
#endif
    return refusal(failed);
}

Result<std::string> allocator_text([[maybe_unused]] const std::string& name) {
    int failed = ENOENT;
#ifndef MILLRACE_SANITIZED
    if (exists(name) && !is_text(name)) return refusal(EINVAL);
    const char* text = nullptr;
    size_t bytes = sizeof(text);
    failed = mallctl(name.c_str(), &text, &bytes, nullptr, 0);
    if (failed == 0) return std::string(text == nullptr ? "" : text);
#endif
    return refusal(failed);
}

uint64_t resident_set_bytes() {
    const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    char text[128];
    const ssize_t length = read(file, text, sizeof(text) - 1);
    close(file);
    if (length <= 0) return 0;
    text[length] = '\0';
    unsigned long long total = 0;
    unsigned long long resident = 0;
    if (std::sscanf(text, "%llu %llu", &total, &resident) != 2) return 0;
    return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace millrace

// ---- The operators, so that everything C++ allocates is counted. The sanitizers have their own.
// ----

#ifndef MILLRACE_SANITIZED

void* operator new(size_t bytes) {
    return millrace::allocate(bytes);
}
void* operator new[](size_t bytes) {
    return millrace::allocate(bytes);
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
    return millrace::allocate(bytes);
}
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept {
    return millrace::allocate(bytes);
}
void* operator new(size_t bytes, std::align_val_t alignment) {
    return millrace::allocate_aligned(bytes, static_cast<size_t>(alignment));
}
void* operator new[](size_t bytes, std::align_val_t alignment) {
    return millrace::allocate_aligned(bytes, static_cast<size_t>(alignment));
}

void operator delete(void* memory) noexcept {
    millrace::deallocate(memory);
}
void operator delete[](void* memory) noexcept {
    millrace::deallocate(memory);
}
void operator delete(void* memory, size_t bytes) noexcept {
    millrace::deallocate(memory, bytes);
}
void operator delete[](void* memory, size_t bytes) noexcept {
    millrace::deallocate(memory, bytes);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    millrace::deallocate(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
    millrace::deallocate(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
    millrace::deallocate(memory);
}
void operator delete[](void* memory, size_t, std::align_val_t) noexcept {
    millrace::deallocate(memory);
}

#endif
