// SPDX-License-Identifier: BSD-3-Clause
#include "engine/owned_request.h"

#include <cstring>
#include <new>
#include <utility>

#include "keyspace/keyspace.h"

namespace millrace::engine {
namespace {

// The words that are the key and the value of a prebuilt entry.
struct EntryWords {
    const char* key = nullptr;
    const char* value = nullptr;

    explicit EntryWords(const keyspace::Entry* entry) {
        if (entry == nullptr) return;
        key = entry->key().data();
        if (!entry->is_integer()) value = entry->string().data();
    }
    bool contain(std::string_view word) const {
        return word.data() != nullptr && (word.data() == key || word.data() == value);
    }
};

}  // namespace

OwnedRequest::OwnedRequest(Request& from, keyspace::Keyspace& keyspace)
    : request(from), keyspace_(&keyspace) {
    from.prebuilt = nullptr;
    const EntryWords entry(request.entry());
    size_t copied = 0;
    for (std::string_view word : request.arguments())
        if (!entry.contain(word)) copied += word.size();

    const size_t words_bytes = request.word_count * sizeof(std::string_view);
    block_ = std::make_unique_for_overwrite<std::byte[]>(words_bytes + copied);
    auto* words = reinterpret_cast<std::string_view*>(block_.get());
    auto* bytes = reinterpret_cast<char*>(block_.get() + words_bytes);
    for (uint32_t i = 0; i < request.word_count; ++i) {
        std::string_view word = request.words[i];
        if (!entry.contain(word)) {
            std::memcpy(bytes, word.data(), word.size());
            word = {std::exchange(bytes, bytes + word.size()), word.size()};
        }
        new (words + i) std::string_view(word);
    }
    request.words = words;
}

OwnedRequest::OwnedRequest(OwnedRequest&& other) noexcept
    : request(other.request), keyspace_(other.keyspace_), block_(std::move(other.block_)) {
    other.request.prebuilt = nullptr;
}

OwnedRequest& OwnedRequest::operator=(OwnedRequest&& other) noexcept {
    std::swap(request, other.request);
    std::swap(keyspace_, other.keyspace_);
    std::swap(block_, other.block_);
    return *this;
}

OwnedRequest::~OwnedRequest() {
    if (request.kind == RequestKind::Command && request.prebuilt != nullptr)
        keyspace_->retire(request.entry());
}

}  // namespace millrace::engine
