// SPDX-License-Identifier: BSD-3-Clause
#include "structures/intset.h"

#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/memory.h"

namespace millrace::structures {

namespace {

size_t width_of(int64_t value) {
    if (value >= INT16_MIN && value <= INT16_MAX) return 2;
    return value >= INT32_MIN && value <= INT32_MAX ? 4 : 8;
}

int64_t load_element(const char* at, size_t width) {
    if (width == 2) return load_little_endian<int16_t>(at);
    if (width == 4) return load_little_endian<int32_t>(at);
    return load_little_endian<int64_t>(at);
}

}  // namespace

Intset::Intset(size_t capacity) : data_(static_cast<char*>(allocate(capacity))) {}

Intset::Intset() : Intset(kHeaderBytes) {
    set_header(2, 0);
}

Intset::~Intset() {
    deallocate(data_);
}

Intset::Intset(Intset&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}

Intset& Intset::operator=(Intset&& other) noexcept {
    std::swap(data_, other.data_);
    return *this;
}

Result<Intset> Intset::from_blob(std::span<const char> blob) {
    (void)TRY(check(blob));
    Intset copy(blob.size());
    std::memcpy(copy.data_, blob.data(), blob.size());
    return copy;
}

Intset Intset::clone() const {
    Intset copy(bytes());
    std::memcpy(copy.data_, data_, bytes());
    return copy;
}

size_t Intset::width() const {
    return load_little_endian<uint32_t>(data_);
}

size_t Intset::size() const {
    return load_little_endian<uint32_t>(data_ + 4);
}

size_t Intset::memory_bytes() const {
    return usable_bytes(data_);
}

void Intset::set_header(size_t width, size_t size) {
    store_little_endian(data_, static_cast<uint32_t>(width));
    store_little_endian(data_ + 4, static_cast<uint32_t>(size));
}

int64_t Intset::at(size_t index) const {
    DCHECK(index < size());
    return load_element(data_ + kHeaderBytes + index * width(), width());
}

void Intset::put(size_t index, int64_t value) {
    char* const at = element(index);
    if (width() == 2) return store_little_endian(at, static_cast<int16_t>(value));
    if (width() == 4) return store_little_endian(at, static_cast<int32_t>(value));
    store_little_endian(at, value);
}

// How many elements are below `value`.
size_t Intset::lower_bound(int64_t value) const {
    size_t low = 0;
    size_t high = size();
    // Numbers often come in ascending order.
    if (high > 0 && at(high - 1) < value) return high;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (at(middle) < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool Intset::contains(int64_t value) const {
    if (width_of(value) > width()) return false;
    const size_t index = lower_bound(value);
    return index < size() && at(index) == value;
}

// A block is left as it is while it is not twice as large as it should be.
void Intset::reserve(size_t bytes) {
    const size_t capacity = usable_bytes(data_);
    if (bytes <= capacity && (bytes >= capacity / 2 || capacity <= 64)) return;
    char* const fresh = static_cast<char*>(allocate(bytes));
    std::memcpy(fresh, data_, std::min(bytes, this->bytes()));
    deallocate(data_);
    data_ = fresh;
}

void Intset::widen(size_t width) {
    const size_t count = size();
    const size_t old_width = this->width();
    reserve(kHeaderBytes + count * width);
    set_header(width, count);
    for (size_t i = count; i-- > 0;) {
        put(i, load_element(data_ + kHeaderBytes + i * old_width, old_width));
    }
}

bool Intset::insert(int64_t value) {
    if (width_of(value) > width()) {
        widen(width_of(value));
    } else if (contains(value)) {
        return false;
    }
    const size_t index = lower_bound(value);
    const size_t count = size();
    CHECK(count < kSizeMax);
    reserve(bytes() + width());
    char* const at = element(index);
    std::memmove(at + width(), at, (count - index) * width());
    set_header(width(), count + 1);
    put(index, value);
    return true;
}

bool Intset::erase(int64_t value) {
    if (!contains(value)) return false;
    const size_t index = lower_bound(value);
    const size_t count = size();
    char* const at = element(index);
    std::memmove(at, at + width(), (count - index - 1) * width());
    set_header(width(), count - 1);
    reserve(bytes());
    return true;
}

Status Intset::check(std::span<const char> blob) {
    constexpr ErrorText kBad{"bad intset"};
    if (blob.size() < kHeaderBytes) return kBad;
    const size_t width = load_little_endian<uint32_t>(blob.data());
    const size_t count = load_little_endian<uint32_t>(blob.data() + 4);
    if (width != 2 && width != 4 && width != 8) return kBad;
    if (count > kSizeMax || blob.size() - kHeaderBytes != count * width) return kBad;
    for (size_t i = 1; i < count; ++i) {
        const char* const at = blob.data() + kHeaderBytes + i * width;
        if (load_element(at - width, width) >= load_element(at, width)) return kBad;
    }
    return done();
}

void Intset::check_invariants() const {
    CHECK(check(blob()).ok());
    CHECK(usable_bytes(data_) >= bytes());
}

}  // namespace millrace::structures
