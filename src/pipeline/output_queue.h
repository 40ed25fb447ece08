// SPDX-License-Identifier: BSD-3-Clause
//
// What waits to be written to one client: encoded bytes and, between them, large values that are
// sent straight out of their entries.
//
// A large value is pinned: the main thread counted it when it made the reply, and learns through
// `unpinned` that the bytes are out, so that it may free the entry if it was replaced meanwhile.
//
// Owner:   pipeline::Connection.
// Threads: the I/O side of the connection.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "base/byte_buffer.h"
#include "keyspace/entry.h"

namespace millrace::pipeline {

class OutputQueue {
public:
    // Encoded bytes go to the end of this buffer.
    ByteBuffer& tail() { return tail_; }
    void add_pinned(const keyspace::Entry& entry);

    bool empty() const { return parts_.empty() && tail_begin_ == tail_.size(); }
    size_t bytes() const { return queued_bytes_ + tail_.size() - tail_begin_; }
    size_t capacity() const { return tail_.capacity(); }
    // Memory of its own; values in their entries are not.
    size_t memory_bytes() const { return tail_.capacity() + parts_bytes_; }

    // The first pieces to write, at most `pieces.size()` and about `bytes_max`.
    std::span<const iovec> gather(std::span<iovec> pieces, size_t bytes_max) const;
    // Forgets `bytes` from the front; entries that are done are appended to `unpinned`.
    void consume(size_t bytes, std::vector<const keyspace::Entry*>& unpinned);
    // Forgets everything.
    void drop(std::vector<const keyspace::Entry*>& unpinned);
    // Gives the memory of a large buffer back while it is empty.
    void shrink();

private:
    struct Part {
        ByteBuffer bytes;  // Or, if `entry` is set, its value.
        const keyspace::Entry* entry = nullptr;
        size_t sent = 0;
        std::string_view view() const {
            const std::string_view all =
                entry != nullptr ? entry->string() : std::string_view(bytes.data(), bytes.size());
            return all.substr(sent);
        }
    };

    std::deque<Part> parts_;
    size_t queued_bytes_ = 0;  // In parts_.
    size_t parts_bytes_ = 0;   // Memory of their buffers.
    ByteBuffer tail_;
    size_t tail_begin_ = 0;
};

}  // namespace millrace::pipeline
