// SPDX-License-Identifier: BSD-3-Clause
//
// Random allocating and freeing, by the owner and by others, against a list of what is live.
#include <cstring>
#include <vector>

#include "structures/slab_pool.h"

using namespace millrace;
using namespace millrace::structures;

namespace {

struct Object {
    unsigned char* memory;
    size_t bytes;
    unsigned char pattern;
};

struct Model {
    SlabHeapPool pool{SlabOptions{.separate_objects = false, .region_bytes = size_t{1} << 28}};
    SlabHeap* heaps[2] = {&pool.take(), &pool.take()};
    RemoteFrees remote{pool};
    std::vector<Object> objects[2];
    uint64_t live[2] = {0, 0};  // As the heap should see it after collecting.

    void allocate(unsigned which, size_t bytes, unsigned count) {
        for (unsigned i = 0; i < count; ++i) {
            const auto pattern = static_cast<unsigned char>(bytes * 7 + objects[which].size());
            auto* memory = static_cast<unsigned char*>(heaps[which]->allocate(bytes));
            std::memset(memory, pattern, bytes);
            objects[which].push_back({memory, bytes, pattern});
            live[which] += slab_class_bytes(bytes);
        }
    }
    void free(unsigned which, size_t at, unsigned count, SlabHeap* mine) {
        for (unsigned i = 0; i < count && !objects[which].empty(); ++i) {
            std::swap(objects[which][at % objects[which].size()], objects[which].back());
            const Object object = objects[which].back();
            objects[which].pop_back();
            for (size_t byte = 0; byte < object.bytes; ++byte)
                CHECK(object.memory[byte] == object.pattern);
            live[which] -= slab_class_bytes(object.bytes);
            SlabHeap::free_anywhere(object.memory, mine, remote);
        }
    }
    void check() {
        remote.flush();
        for (unsigned which : {0u, 1u}) {
            heaps[which]->collect();
            heaps[which]->check_invariants();
            CHECK(heaps[which]->statistics().live_bytes == live[which]);
        }
    }
    ~Model() {
        for (unsigned which : {0u, 1u}) free(which, 0, ~0u, heaps[which]);
        check();
        for (SlabHeap* heap : heaps) {
            heap->trim();
            CHECK(heap->statistics().chunk_bytes == 0);
            pool.give_back(*heap);
        }
        CHECK(pool.mapped_bytes() == 0);
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    Model model;
    for (size_t i = 0; i + 4 <= size; i += 4) {
        const unsigned which = data[i] & 1;
        const unsigned count = 1 + (data[i + 1] & 0x80 ? data[i + 1] & 0x7f : 0);
        const size_t argument = data[i + 2] | size_t{data[i + 3]} << 8;
        switch (data[i] >> 1 & 7) {
            case 0:
            case 1:
            case 2:
                model.allocate(which, argument % (kSlabBytesMax + 1), count);
                break;
            case 3:
            case 4:
                model.free(which, argument, count, model.heaps[which]);
                break;
            case 5:
                model.free(which, argument, count, model.heaps[which ^ 1]);
                break;
            case 6:
                model.check();
                break;
            case 7:
                model.heaps[which]->trim();
                break;
        }
        model.heaps[which]->check_invariants();
    }
    return 0;
}
