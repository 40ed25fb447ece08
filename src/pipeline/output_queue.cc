// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/output_queue.h"

#include <algorithm>
#include <utility>

namespace millrace::pipeline {

void OutputQueue::add_pinned(const keyspace::Entry& entry) {
    if (tail_.size() > tail_begin_) {
        queued_bytes_ += tail_.size() - tail_begin_;
        parts_bytes_ += tail_.capacity();
        parts_.push_back({.bytes = std::move(tail_), .entry = nullptr, .sent = tail_begin_});
    }
    tail_ = ByteBuffer();
    tail_begin_ = 0;
    queued_bytes_ += entry.string_bytes();
    parts_.push_back({.bytes = {}, .entry = &entry, .sent = 0});
}

std::span<const iovec> OutputQueue::gather(std::span<iovec> pieces, size_t bytes_max) const {
    size_t count = 0;
    size_t total = 0;
    const auto add = [&](std::string_view view) {
        const size_t bytes = std::min(view.size(), bytes_max - total);
        pieces[count++] = {const_cast<char*>(view.data()), bytes};
        total += bytes;
        return count < pieces.size() && total < bytes_max;
    };
    for (const Part& part : parts_) {
        if (!add(part.view())) return pieces.first(count);
    }
    if (tail_begin_ < tail_.size()) add({tail_.data() + tail_begin_, tail_.size() - tail_begin_});
    return pieces.first(count);
}

void OutputQueue::consume(size_t bytes, std::vector<const keyspace::Entry*>& unpinned) {
    while (!parts_.empty()) {
        Part& part = parts_.front();
        const size_t left = part.view().size();
        const size_t taken = std::min(left, bytes);
        part.sent += taken;
        bytes -= taken;
        queued_bytes_ -= taken;
        if (taken < left) return;
        if (part.entry != nullptr) unpinned.push_back(part.entry);
        parts_bytes_ -= part.bytes.capacity();
        parts_.pop_front();
    }
    tail_begin_ += bytes;
    DCHECK(tail_begin_ <= tail_.size());
    if (tail_begin_ == tail_.size()) {
        tail_.clear();
        tail_begin_ = 0;
    }
}

void OutputQueue::drop(std::vector<const keyspace::Entry*>& unpinned) {
    consume(bytes(), unpinned);
    shrink();
}

void OutputQueue::shrink() {
    constexpr size_t kKeptBytes = 1024;
    if (empty() && tail_.capacity() > kKeptBytes) tail_ = ByteBuffer();
}

}  // namespace millrace::pipeline
