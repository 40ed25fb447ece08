// SPDX-License-Identifier: BSD-3-Clause
#include "structures/leftovers.h"

namespace millrace::structures {

struct Leftovers::Page {
    static constexpr size_t kRoom = 255;
    struct Block {
        void* memory;
        Free free;
    };

    Page* before;
    size_t count = 0;
    Block blocks[kRoom];
};

Leftovers::~Leftovers() {
    while (last_ != nullptr) {
        Page* const page = last_;
        for (size_t i = 0; i < page->count; ++i) page->blocks[i].free(page->blocks[i].memory);
        last_ = page->before;
        delete page;
    }
}

void Leftovers::add(void* block, size_t bytes, Free free) {
    if (last_ == nullptr || last_->count == Page::kRoom) last_ = new Page{.before = last_};
    last_->blocks[last_->count++] = {block, free};
    bytes_ += bytes;
    ++count_;
}

}  // namespace millrace::structures
