// SPDX-License-Identifier: BSD-3-Clause
#include "structures/dense_pack.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "base/numbers.h"
#include "structures/listpack_format.h"

namespace millrace::structures {

using namespace listpack_format;

namespace {

constexpr uint8_t kRun = 0xf5;
constexpr size_t kRunBytes = 6;
// What a run has to save to be one; or so many elements that it saves readers a walk.
constexpr size_t kRunGain = 16;
constexpr size_t kLongRun = 32;
// Up to here texts share more than their encoding: readers have room to put them together.
constexpr size_t kJoinedTextMax = 24;
constexpr unsigned kIndexShift = 16;
constexpr uint32_t kOffsetMask = 0xffff;

// Where things are in the header.
constexpr size_t kCutAt = 8;
constexpr size_t kBytesAt = 10;
constexpr size_t kPlainBytesAt = 12;
constexpr size_t kCountAt = 14;

uint32_t short_at(const char* at) {
    return load<uint16_t>(at);
}
void put_short(char* at, size_t value) {
    store(at, static_cast<uint16_t>(value));
}

// Small pieces are copied in one go where as much may be read and written.
constexpr ptrdiff_t kStride = 32;
[[gnu::always_inline]] inline void copy(char* to, const char* from, size_t size, bool has_room) {
    if (has_room && size <= size_t{kStride}) {
        std::memcpy(to, from, kStride);
    } else {
        std::memcpy(to, from, size);
    }
}

// How many bytes from there on are the same, up to 8: all of them.
size_t common_in_word(const char* one, const char* other) {
    const uint64_t difference = load_little_endian<uint64_t>(one) ^
                                load_little_endian<uint64_t>(other);
    return static_cast<size_t>(std::countr_zero(difference)) / 8;
}

// How many of the first `most` bytes are the same.
size_t common(const char* one, const char* other, size_t most) {
    size_t same = 0;
    for (; same + 8 <= most; same += 8) {
        const size_t here = common_in_word(one + same, other + same);
        if (here != 8) return same + here;
    }
    if (most >= 8) {
        // The rest, in a word that overlaps what has been looked at.
        same = most - 8;
        return same + common_in_word(one + same, other + same);
    }
    while (same < most && one[same] == other[same]) ++same;
    return same;
}

// Copies up to kJoinedTextMax bytes.
[[gnu::always_inline]] inline void copy_short(char* to, const char* from, size_t size) {
    if (size >= 16) {
        std::memcpy(to, from, 16);
        std::memcpy(to + size - 16, from + size - 16, 16);
    } else if (size >= 8) {
        std::memcpy(to, from, 8);
        std::memcpy(to + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
        std::memcpy(to, from, 4);
        std::memcpy(to + size - 4, from + size - 4, 4);
    } else {
        for (size_t i = 0; i < size; ++i) to[i] = from[i];
    }
}

// Up to which size a block can be without being rounded up, where that would cost much; `bytes`
// where it would not. The allocator's sizes are quarters of a power of two apart.
size_t unrounded(size_t bytes) {
    if (bytes <= 256) return bytes;
    const size_t step = std::bit_floor(bytes - 1) / 4;
    const size_t over = bytes % step;
    return over == 0 || step - over < bytes / 16 + 32 ? bytes : bytes - over;
}

}  // namespace

// A run, looked at.
struct DensePack::Run {
    uint32_t count;
    uint32_t size;    // Of each element, as it is encoded.
    uint32_t shared;  // How many bytes of that are those at `head`.
    uint32_t tails;   // Where the first tail is.
    const char* head;

    uint32_t width() const { return size - shared; }
    uint32_t end() const { return tails + count * width(); }
    // Texts share their encoding, numbers not always.
    Shape shape() const { return shared == 0 ? Shape{size, 0, false} : shape_of(head); }
};

// ---- making one ----

// Writes the items of a listpack, as if there were no second block.
class DensePack::Writer {
public:
    Writer(const Listpack& pack, size_t items_max)
        : end_(pack.data() + pack.bytes() - 1), items_left_(items_max) {
        draft_.data_ = static_cast<char*>(allocate(kHeaderBytes + pack.bytes() + kStride));
        out_ = draft_.data_ + kHeaderBytes;
        draft_.set_extent(0, 0, nullptr);
        put_short(draft_.data_ + kPlainBytesAt, pack.bytes());
        put_short(draft_.data_ + kCountAt, pack.size());
    }

    // False: these are too many items.
    bool run(const char* at) {
        while (at != end_) {
            at = look(at);
            if (!write()) return false;
        }
        draft_.set_extent(size(), size(), nullptr);
        return true;
    }
    const DensePack& draft() const { return draft_; }
    size_t size() const { return static_cast<size_t>(out_ - draft_.data_); }

private:
    // Finds out how far the elements from `at` on are of one shape, and what they share.
    const char* look(const char* at) {
        first_ = at;
        shape_ = shape_of(at);
        stride_ = shape_.size() + back_length_bytes(shape_.size());
        const size_t shared_min = shape_.is_text ? shape_.head : 0;
        shared_ = shape_.text > kJoinedTextMax ? shape_.head : shape_.size();
        for (at += stride_; has_shape(at); at += stride_) {
            if (shared_ > shared_min) shared_ = common(first_, at, shared_);
        }
        count_ = static_cast<size_t>(at - first_) / stride_;
        return at;
    }

    // Whether there is another element, of the same shape.
    bool has_shape(const char* at) const {
        if (shape_.is_text && shape_.head == 1) return *at == *first_;
        return at != end_ && shape_of(at) == shape_;
    }

    // As a run, or one by one.
    bool write() {
        const bool is_run =
            count_ >= kLongRun || (count_ - 1) * shared_ >= kRunBytes + kRunGain;
        const size_t added = is_run ? 1 : count_;
        if (added > items_left_) return false;
        items_left_ -= added;
        if (is_run) write_run_head();
        const size_t skipped = is_run ? shared_ : 0;
        const size_t size = shape_.size() - skipped;
        const char* from = first_ + skipped;
        for (size_t i = 0; i < count_; ++i, from += stride_, out_ += size)
            copy(out_, from, size, end_ - from >= kStride);
        return true;
    }

    void write_run_head() {
        *out_ = static_cast<char>(kRun);
        put_short(out_ + 1, count_);
        put_short(out_ + 3, shape_.size());
        out_[5] = static_cast<char>(shared_);
        std::memcpy(out_ + kRunBytes, first_, shared_);
        out_ += kRunBytes + shared_;
    }

    const char* end_;
    size_t items_left_;
    DensePack draft_;
    char* out_;
    // The stretch at hand.
    const char* first_ = nullptr;
    Shape shape_{};
    size_t stride_ = 0;  // In the listpack.
    size_t count_ = 0;
    size_t shared_ = 0;
};

DensePack DensePack::of(const Listpack& pack, size_t items_max) {
    // A count that says "at least" would not come back.
    if (pack.empty() || pack.bytes() > kPlainBytesMax || !pack.knows_size()) return {};
    Writer writer(pack, items_max);
    if (!writer.run(pack.data() + pack.first())) return {};
    if (writer.size() + pack.bytes() / 16 > pack.bytes()) return {};
    return writer.draft().copy_cut_at(writer.draft().good_cut());
}

DensePack::~DensePack() {
    if (data_ == nullptr) return;
    deallocate(rest());
    deallocate(data_);
}

void DensePack::set_extent(size_t bytes, size_t cut, char* rest) {
    std::memcpy(data_, &rest, sizeof rest);
    put_short(data_ + kCutAt, cut);
    put_short(data_ + kBytesAt, bytes);
}

// A copy of one that is cut there already, or nowhere.
DensePack DensePack::copy_cut_at(size_t cut) const {
    DensePack copy;
    copy.data_ = static_cast<char*>(allocate(cut));
    std::memcpy(copy.data_, data_, cut);
    char* rest = nullptr;
    if (const size_t left = bytes() - cut; left != 0) {
        rest = static_cast<char*>(allocate(left));
        std::memcpy(rest, address(static_cast<uint32_t>(cut)), left);
    }
    copy.set_extent(bytes(), cut, rest);
    return copy;
}

DensePack DensePack::clone() const {
    return copy_cut_at(cut());
}

// Where to cut it, if it is to be cut; else its end.
size_t DensePack::good_cut() const {
    const auto wanted = static_cast<uint32_t>(unrounded(bytes()));
    if (wanted == bytes()) return wanted;
    uint32_t offset = kHeaderBytes;
    Item item = item_at(offset);
    for (; item.end <= wanted; item = item_at(offset)) offset = item.end;
    if (byte_at(address(offset)) == kRun) {
        const Run run = run_at(offset);
        if (run.tails <= wanted) offset = wanted - (wanted - run.tails) % run.width();
    }
    // What comes before a large element may be little.
    return wanted - offset <= wanted / 16 ? offset : bytes();
}

// ---- the listpack again ----

Listpack DensePack::expand() const {
    Listpack pack(plain_bytes());
    pack.set_bytes(plain_bytes());
    store_little_endian(pack.data_ + 4, static_cast<uint16_t>(size()));
    char* out = pack.data_ + Listpack::kHeaderBytes;
    char* const out_end = pack.data_ + plain_bytes() - 1;
    for (uint32_t offset = kHeaderBytes; offset != bytes();) {
        const char* const at = address(offset);
        if (byte_at(at) == kRun) {
            const Run run = run_at(offset);
            out = expand_run(run, out, out_end);
            offset = run.end();
            continue;
        }
        const auto size = static_cast<uint32_t>(shape_of(at).size());
        copy(out, at, size, block_end(offset) - offset >= kStride && out_end - out >= kStride);
        const size_t back = back_length_bytes(size);
        write_back_length(out + size, size, back);
        out += size + back;
        offset += size;
    }
    DCHECK(out == out_end);
    *out_end = static_cast<char>(kEnd);
    return pack;
}

char* DensePack::expand_run(const Run& run, char* out, const char* out_end) const {
    // The head with room behind it, and the back length.
    char head[kStride];
    char back[5];
    std::memcpy(head, run.head, run.shared);
    const size_t back_bytes = back_length_bytes(run.size);
    write_back_length(back, run.size, back_bytes);
    const ptrdiff_t stride = run.size + back_bytes;
    const uint32_t width = run.width();
    uint32_t offset = run.tails;
    for (uint32_t left = run.count; left > 0;) {
        const char* tail = width == 0 ? head : address(offset);
        // As many as leave room for whole strides, in both places.
        ptrdiff_t quick = 0;
        const ptrdiff_t out_room = out_end - out - 2 * kStride;
        if (out_room >= 0 && width <= kStride && back_bytes == 1)
            quick = std::min({ptrdiff_t{left}, out_room / stride, quick_tails(offset, width)});
        for (ptrdiff_t i = 0; i < quick; ++i, tail += width, out += stride) {
            std::memcpy(out, head, kStride);
            std::memcpy(out + run.shared, tail, kStride);
            out[run.size] = back[0];
        }
        left -= static_cast<uint32_t>(quick);
        offset += static_cast<uint32_t>(quick) * width;
        if (quick != 0) continue;
        std::memcpy(out, head, run.shared);
        if (width != 0) std::memcpy(out + run.shared, tail, width);
        std::memcpy(out + run.size, back, back_bytes);
        out += stride;
        offset += width;
        --left;
    }
    return out;
}

// How many tails from there on can be read a stride each.
ptrdiff_t DensePack::quick_tails(uint32_t offset, uint32_t width) const {
    if (width == 0) return static_cast<ptrdiff_t>(size());
    const ptrdiff_t room = ptrdiff_t{block_end(offset)} - offset - kStride;
    return room < 0 ? 0 : room / width;
}

// ---- reading ----

size_t DensePack::size() const {
    return short_at(data_ + kCountAt);
}
size_t DensePack::plain_bytes() const {
    return short_at(data_ + kPlainBytesAt);
}
uint32_t DensePack::bytes() const {
    return short_at(data_ + kBytesAt);
}
uint32_t DensePack::cut() const {
    return short_at(data_ + kCutAt);
}
char* DensePack::rest() const {
    char* rest;
    std::memcpy(&rest, data_, sizeof rest);
    return rest;
}

[[gnu::always_inline]] inline const char* DensePack::address(uint32_t offset) const {
    const uint32_t here = cut();
    return offset < here ? data_ + offset : rest() + (offset - here);
}

// The end of the block that has it.
uint32_t DensePack::block_end(uint32_t offset) const {
    return offset < cut() ? cut() : bytes();
}

size_t DensePack::memory_bytes() const {
    return usable_bytes(data_) + (rest() == nullptr ? 0 : usable_bytes(rest()));
}

[[gnu::always_inline]] inline DensePack::Run DensePack::run_at(uint32_t offset) const {
    const char* const at = address(offset);
    const uint32_t shared = byte_at(at + 5);
    const auto tails = static_cast<uint32_t>(offset + kRunBytes + shared);
    return {short_at(at + 1), short_at(at + 3), shared, tails, at + kRunBytes};
}

DensePack::Item DensePack::item_at(uint32_t offset) const {
    const char* const at = address(offset);
    if (byte_at(at) != kRun) return {1, offset + static_cast<uint32_t>(shape_of(at).size())};
    const Run run = run_at(offset);
    return {run.count, run.end()};
}

DensePack::Position DensePack::next(Position at) const {
    const uint32_t offset = at & kOffsetMask;
    const char* const item = address(offset);
    uint32_t end;
    if (byte_at(item) != kRun) [[likely]] {
        end = offset + static_cast<uint32_t>(shape_of(item).size());
    } else {
        const Position following = at + (1u << kIndexShift);
        if (following >> kIndexShift < short_at(item + 1)) return following;
        end = run_at(offset).end();
    }
    return end == bytes() ? kNone : end;
}

// The last element of the item that ends there.
DensePack::Position DensePack::last_before(uint32_t end) const {
    uint32_t offset = kHeaderBytes;
    Item item = item_at(offset);
    for (; item.end != end; item = item_at(offset)) offset = item.end;
    return (item.count - 1) << kIndexShift | offset;
}

DensePack::Position DensePack::last() const {
    return last_before(bytes());
}

DensePack::Position DensePack::previous(Position at) const {
    if (at >> kIndexShift != 0) return at - (1u << kIndexShift);
    return at == kHeaderBytes ? kNone : last_before(at);
}

DensePack::Position DensePack::at(int64_t index) const {
    const auto count = static_cast<int64_t>(size());
    if (index < 0) index += count;
    if (index < 0 || index >= count) return kNone;
    uint32_t offset = kHeaderBytes;
    Item item = item_at(offset);
    for (; index >= item.count; item = item_at(offset)) {
        index -= item.count;
        offset = item.end;
    }
    return static_cast<uint32_t>(index) << kIndexShift | offset;
}

size_t DensePack::index_of(Position at) const {
    size_t index = at >> kIndexShift;
    for (uint32_t offset = kHeaderBytes; offset != (at & kOffsetMask);) {
        const Item item = item_at(offset);
        index += item.count;
        offset = item.end;
    }
    return index;
}

size_t DensePack::items() const {
    size_t items = 0;
    for (uint32_t offset = kHeaderBytes; offset != bytes(); ++items) offset = item_at(offset).end;
    return items;
}

std::string_view DensePack::view(Position at, char (&digits)[24]) const {
    const uint32_t offset = at & kOffsetMask;
    const char* const bytes = address(offset);
    if (byte_at(bytes) != kRun) {
        const Shape shape = shape_of(bytes);
        if (shape.is_text) return {bytes + shape.head, shape.text};
        return {digits, format_integer(digits, number_at(bytes))};
    }
    const Run run = run_at(offset);
    const Shape shape = run.shape();
    if (!shape.is_text) return {digits, format_integer(digits, number_in(run, at))};
    const char* const tail = tail_of(run, at);
    if (run.shared == shape.head) return {shape.text == 0 ? run.head : tail, shape.text};
    const size_t joined = run.shared - shape.head;
    copy_short(digits, run.head + shape.head, joined);
    copy_short(digits + joined, tail, run.width());
    return {digits, shape.text};
}

// Of a text in a run the tail is looked at first: heads are the same in all of them.
bool DensePack::equals(Position at, std::string_view text) const {
    const uint32_t offset = at & kOffsetMask;
    if (byte_at(address(offset)) == kRun) {
        const Run run = run_at(offset);
        const Shape shape = run.shape();
        if (shape.is_text) {
            if (shape.text != text.size()) return false;
            const size_t joined = run.shared - shape.head;
            // Where all is shared there are no tails, and perhaps no address of them.
            return std::string_view(tail_of(run, at), run.width()) == text.substr(joined) &&
                   std::string_view(run.head + shape.head, joined) == text.substr(0, joined);
        }
    }
    char digits[24];
    return view(at, digits) == text;
}

int64_t DensePack::number(Position at) const {
    const uint32_t offset = at & kOffsetMask;
    const char* const bytes = address(offset);
    if (byte_at(bytes) != kRun) return shape_of(bytes).is_text ? 0 : number_at(bytes);
    const Run run = run_at(offset);
    return run.shape().is_text ? 0 : number_in(run, at);
}

int64_t DensePack::number_in(const Run& run, Position at) const {
    char bytes[kJoinedTextMax];
    copy_short(bytes, run.head, run.shared);
    copy_short(bytes + run.shared, tail_of(run, at), run.width());
    return number_at(bytes);
}

const char* DensePack::tail_of(const Run& run, Position at) const {
    return address(run.tails + (at >> kIndexShift) * run.width());
}

void DensePack::check_invariants() const {
    CHECK(cut() <= bytes());
    CHECK((cut() == bytes()) == (rest() == nullptr));
    CHECK(usable_bytes(data_) >= cut());
    size_t elements = 0;
    size_t plain = Listpack::kBytesMin;
    for (uint32_t offset = kHeaderBytes; offset != bytes();) {
        const Item item = item_at(offset);
        CHECK(item.end <= bytes());
        elements += item.count;
        const bool is_run = byte_at(address(offset)) == kRun;
        const size_t each = is_run ? run_at(offset).size : item.end - offset;
        plain += item.count * (each + back_length_bytes(each));
        offset = item.end;
    }
    CHECK(elements == size());
    CHECK(plain == plain_bytes());
    expand().check_invariants();
}

}  // namespace millrace::structures
