// SPDX-License-Identifier: BSD-3-Clause
//
// What a structure gave up while another thread reads a frozen version of it: nodes that it
// replaced, elements that were erased. The version owns them and frees them when it goes.
//
// Owner:   the frozen version; the structure that it was made of adds.
// Threads: added to on the main thread, while the reader looks elsewhere in the version; destroyed
// on any, after the reader has gone.
// Limits:  adding never copies what is there, so it takes the same time however much that is.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace::structures {

// In place of copying: the object made is a frozen version of the other.
struct AsVersion {};
// The object made is a copy, said aloud since it takes time.
struct AsCopy {};

class Leftovers {
public:
    using Free = void (*)(void* block);

    Leftovers() = default;
    ~Leftovers();
    Leftovers(const Leftovers&) = delete;
    Leftovers& operator=(const Leftovers&) = delete;

    void add(void* block, size_t bytes, Free free);

    size_t bytes() const { return bytes_; }
    size_t count() const { return count_; }

private:
    struct Page;

    Page* last_ = nullptr;
    size_t bytes_ = 0;
    size_t count_ = 0;
};

}  // namespace millrace::structures
