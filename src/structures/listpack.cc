// SPDX-License-Identifier: BSD-3-Clause
#include "structures/listpack.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/numbers.h"
#include "structures/listpack_format.h"

namespace millrace::structures {

using namespace listpack_format;

namespace {

// How far encoding and back length exceed the text at most.
constexpr size_t kOverheadMax = 10;

}  // namespace

// An element taken to pieces, ready to be written.
struct Listpack::Encoded {
    char head[9];
    size_t head_bytes = 0;
    std::string_view text;
    bool is_text = false;

    static Encoded of_number(int64_t number) {
        Encoded encoded;
        encoded.set_number(number);
        return encoded;
    }
    static Encoded of(std::string_view text) {
        Encoded encoded;
        if (const auto number = parse_integer(text)) {
            encoded.set_number(*number);
        } else {
            encoded.set_text(text);
        }
        return encoded;
    }

    size_t size() const { return head_bytes + text.size(); }
    size_t total() const { return size() + back_length_bytes(size()); }
    void write(char* at) const {
        std::memcpy(at, head, head_bytes);
        text.copy(at + head_bytes, text.size());
        write_back_length(at + size(), size(), back_length_bytes(size()));
    }

private:
    void put(uint8_t byte) { head[head_bytes++] = static_cast<char>(byte); }
    void set_number(int64_t number) {
        const auto bits = static_cast<uint64_t>(number);
        if (number >= 0 && number <= 127) return put(static_cast<uint8_t>(number));
        if (number >= -4096 && number <= 4095) {
            put(static_cast<uint8_t>(0xc0 | (bits >> 8 & 0x1f)));
            return put(static_cast<uint8_t>(bits & 0xff));
        }
        size_t bytes = 8;
        if (number >= INT16_MIN && number <= INT16_MAX) {
            bytes = 2;
        } else if (number >= -8388608 && number <= 8388607) {
            bytes = 3;
        } else if (number >= INT32_MIN && number <= INT32_MAX) {
            bytes = 4;
        }
        put(bytes == 8 ? kInt64 : static_cast<uint8_t>(kInt16 + bytes - 2));
        for (size_t i = 0; i < bytes; ++i) put(static_cast<uint8_t>(bits >> (8 * i) & 0xff));
    }
    void set_text(std::string_view value) {
        is_text = true;
        text = value;
        const size_t size = value.size();
        if (size < 64) return put(static_cast<uint8_t>(0x80 | size));
        if (size < 4096) {
            put(static_cast<uint8_t>(0xe0 | size >> 8));
            return put(static_cast<uint8_t>(size & 0xff));
        }
        put(kText32);
        store_little_endian(head + 1, static_cast<uint32_t>(size));
        head_bytes = 5;
    }
};

Listpack::Listpack(size_t capacity) : data_(static_cast<char*>(allocate(capacity))) {}

Listpack::Listpack() : Listpack(kBytesMin) {
    set_bytes(kBytesMin);
    store_little_endian<uint16_t>(data_ + 4, 0);
    data_[kHeaderBytes] = static_cast<char>(kEnd);
}

Listpack::~Listpack() {
    deallocate(data_);
}

Listpack::Listpack(Listpack&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}

Listpack& Listpack::operator=(Listpack&& other) noexcept {
    std::swap(data_, other.data_);
    return *this;
}

Result<Listpack> Listpack::from_blob(std::span<const char> blob) {
    (void)TRY(check({blob.data(), blob.size()}));
    Listpack copy(blob.size());
    std::memcpy(copy.data_, blob.data(), blob.size());
    return copy;
}

Listpack Listpack::clone() const {
    Listpack copy(bytes());
    std::memcpy(copy.data_, data_, bytes());
    return copy;
}

size_t Listpack::bytes() const {
    return load_little_endian<uint32_t>(data_);
}

size_t Listpack::memory_bytes() const {
    return usable_bytes(data_);
}

void Listpack::set_bytes(size_t bytes) {
    store_little_endian(data_, static_cast<uint32_t>(bytes));
}

bool Listpack::fits(size_t added, size_t count) const {
    size_t total = 0;
    if (__builtin_mul_overflow(count, kOverheadMax, &total)) return false;
    if (__builtin_add_overflow(total, added, &total)) return false;
    return !__builtin_add_overflow(total, bytes(), &total) && total <= kBytesMax;
}

size_t Listpack::size() const {
    const size_t count = load_little_endian<uint16_t>(data_ + 4);
    if (count != kCountUnknown) return count;
    size_t walked = 0;
    for (Position at = first(); at != kNone; at = next(at)) ++walked;
    return walked;
}

bool Listpack::knows_size() const {
    return load_little_endian<uint16_t>(data_ + 4) != kCountUnknown;
}

void Listpack::add_to_count(int64_t difference) {
    const int64_t count = load_little_endian<uint16_t>(data_ + 4);
    if (count == static_cast<int64_t>(kCountUnknown)) return;
    const auto after = std::min(static_cast<size_t>(count + difference), kCountUnknown);
    store_little_endian(data_ + 4, static_cast<uint16_t>(after));
}

Listpack::Position Listpack::at_offset(Position offset) const {
    return byte_at(data_ + offset) == kEnd ? kNone : offset;
}

Listpack::Position Listpack::after(Position at) const {
    const size_t size = shape_of(data_ + at).size();
    return static_cast<Position>(at + size + back_length_bytes(size));
}

Listpack::Position Listpack::next(Position at) const {
    const size_t size = shape_of(data_ + at).size();
    const size_t following = at + size + back_length_bytes(size);
    return byte_at(data_ + following) == kEnd ? kNone : static_cast<Position>(following);
}

Listpack::Position Listpack::before(Position at) const {
    if (at == kHeaderBytes) return kNone;
    const uint64_t size = read_back_length(data_ + at);
    return static_cast<Position>(at - size - back_length_bytes(size));
}

Listpack::Position Listpack::at(int64_t index) const {
    // From the nearer end, if the count is known.
    const auto count = static_cast<int64_t>(load_little_endian<uint16_t>(data_ + 4));
    if (count != static_cast<int64_t>(kCountUnknown)) {
        if (index >= count || index < -count) return kNone;
        if (index > count / 2) index -= count;
        if (index < -count / 2) index += count;
    }
    if (index >= 0) {
        Position at = first();
        while (at != kNone && index-- > 0) at = next(at);
        return at;
    }
    Position at = last();
    while (at != kNone && ++index < 0) at = previous(at);
    return at;
}

Listpack::Element Listpack::get(Position at) const {
    const Shape shape = shape_of(data_ + at);
    if (shape.is_text) return {{data_ + at + shape.head, shape.text}, 0, false};
    return {{}, number_at(data_ + at), true};
}

int64_t Listpack::number(Position at) const {
    return shape_of(data_ + at).is_text ? 0 : number_at(data_ + at);
}

std::string_view Listpack::view(Position at, char (&digits)[24]) const {
    const Shape shape = shape_of(data_ + at);
    if (shape.is_text) return {data_ + at + shape.head, shape.text};
    return {digits, format_integer(digits, number_at(data_ + at))};
}

bool Listpack::equals(Position at, std::string_view text) const {
    const Element element = get(at);
    if (!element.is_number) return element.text == text;
    return parse_integer(text) == std::optional<int64_t>(element.number);
}

// A block is left as it is while it is not twice as large as it should be. What shrinks by a little
// is not looked at each time.
bool Listpack::wants_new_block(size_t old_bytes, size_t new_bytes) const {
    if (new_bytes <= old_bytes && new_bytes / 64 == old_bytes / 64) return false;
    const size_t capacity = usable_bytes(data_);
    return new_bytes > capacity || (new_bytes < capacity / 2 && capacity > 64);
}

void Listpack::move_tail(Position at, size_t removed, size_t added) {
    const size_t old_bytes = bytes();
    const size_t new_bytes = old_bytes - removed + added;
    CHECK(new_bytes <= kBytesMax);
    const size_t tail = old_bytes - at - removed;
    if (!wants_new_block(old_bytes, new_bytes)) {
        std::memmove(data_ + at + added, data_ + at + removed, tail);
    } else {
        char* const fresh = static_cast<char*>(allocate(new_bytes));
        std::memcpy(fresh, data_, at);
        std::memcpy(fresh + at + added, data_ + at + removed, tail);
        deallocate(data_);
        data_ = fresh;
    }
    set_bytes(new_bytes);
}

Listpack::Position Listpack::splice(Position at, size_t removed, const Encoded& encoded) {
    const size_t added = encoded.total();
    if (added != removed) move_tail(at, removed, added);
    encoded.write(data_ + at);
    return at;
}

Listpack::Position Listpack::insert(Position before, std::string_view text) {
    const Position at = before == kNone ? static_cast<Position>(bytes() - 1) : before;
    splice(at, 0, Encoded::of(text));
    add_to_count(1);
    return at;
}

Listpack::Position Listpack::insert_number(Position before, int64_t number) {
    const Position at = before == kNone ? static_cast<Position>(bytes() - 1) : before;
    splice(at, 0, Encoded::of_number(number));
    add_to_count(1);
    return at;
}

void Listpack::Appender::text(std::string_view text) {
    add(Encoded::of(text));
}

void Listpack::Appender::number(int64_t number) {
    add(Encoded::of_number(number));
}

void Listpack::Appender::add(const Encoded& encoded) {
    const size_t size = encoded.total();
    if (size > sizeof bytes_ - used_) flush();
    if (size > sizeof bytes_) {
        pack_.splice(static_cast<Position>(pack_.bytes() - 1), 0, encoded);
        pack_.add_to_count(1);
        return;
    }
    encoded.write(bytes_ + used_);
    used_ += size;
    ++count_;
}

void Listpack::Appender::flush() {
    if (used_ == 0) return;
    const auto at = static_cast<Position>(pack_.bytes() - 1);
    pack_.move_tail(at, 0, used_);
    std::memcpy(pack_.data_ + at, bytes_, used_);
    pack_.add_to_count(static_cast<int64_t>(count_));
    used_ = count_ = 0;
}

Listpack::Position Listpack::replace(Position at, std::string_view text) {
    return splice(at, after(at) - at, Encoded::of(text));
}

Listpack::Position Listpack::replace_number(Position at, int64_t number) {
    return splice(at, after(at) - at, Encoded::of_number(number));
}

Listpack::Position Listpack::erase(Position at, size_t count) {
    Position end = at;
    int64_t erased = 0;
    for (; count > 0 && byte_at(data_ + end) != kEnd; --count, ++erased) end = after(end);
    move_tail(at, end - at, 0);
    add_to_count(-erased);
    return at_offset(at);
}

void Listpack::clear() {
    *this = Listpack();
}

Listpack::Position Listpack::find(std::string_view text, Position from, size_t skip) const {
    if (from == kNone) return kNone;
    const std::optional<int64_t> number = parse_integer(text);
    const char* at = data_ + from;
    while (byte_at(at) != kEnd) {
        const Shape shape = shape_of(at);
        if (shape.is_text) {
            const bool same =
                shape.text == text.size() &&
                (text.empty() || std::memcmp(at + shape.head, text.data(), text.size()) == 0);
            if (same) return static_cast<Position>(at - data_);
        } else if (number && number_at(at) == *number) {
            return static_cast<Position>(at - data_);
        }
        at += shape.size() + back_length_bytes(shape.size());
        for (size_t i = 0; i < skip && byte_at(at) != kEnd; ++i) {
            const size_t size = shape_of(at).size();
            at += size + back_length_bytes(size);
        }
    }
    return kNone;
}

size_t Listpack::encoded_bytes(std::string_view text) {
    return Encoded::of(text).total();
}

Status Listpack::check(std::string_view blob) {
    constexpr ErrorText kBad{"bad listpack"};
    if (blob.size() < kBytesMin || blob.size() > kBytesMax) return kBad;
    if (load_little_endian<uint32_t>(blob.data()) != blob.size()) return kBad;
    const size_t end = blob.size() - 1;
    size_t count = 0;
    size_t at = kHeaderBytes;
    while (at < end) {
        const uint8_t first = byte_at(blob.data() + at);
        if (first > kInt64 || head_bytes(first) > end - at) return kBad;
        const size_t size = shape_of(blob.data() + at).size();
        const size_t back = back_length_bytes(size);
        if (size > end - at || back > end - at - size) return kBad;
        char expected[5];
        write_back_length(expected, size, back);
        if (std::memcmp(expected, blob.data() + at + size, back) != 0) return kBad;
        at += size + back;
        ++count;
    }
    if (at != end || byte_at(blob.data() + end) != kEnd) return kBad;
    const size_t stated = load_little_endian<uint16_t>(blob.data() + 4);
    if (stated != kCountUnknown && stated != count) return kBad;
    return done();
}

void Listpack::check_invariants() const {
    CHECK(check({data_, bytes()}).ok());
    CHECK(usable_bytes(data_) >= bytes());
}

}  // namespace millrace::structures
