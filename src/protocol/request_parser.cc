// SPDX-License-Identifier: BSD-3-Clause
//
// A request that lies whole in the input takes one pass in parse() and take_whole_arguments(),
// which know only the plain case. Whatever they do not understand goes to the steps, which are
// exact and can stop anywhere.
#include "protocol/request_parser.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/numbers.h"
#include "base/quote.h"
#include "protocol/wire_size.h"

namespace millrace::protocol {
namespace {

constexpr size_t kRoomFirst = 8;
constexpr size_t kRoomNext = 64;
constexpr size_t kRoomKept = 1024;  // Arguments; more are freed with the request.
constexpr size_t kSavedKept = 4096;
constexpr size_t kNeverEnds = kInlineBytesMax + 1;
constexpr std::string_view kNoLineEnd = "invalid CRLF in request";
constexpr std::string_view kTooBigInline = "too big inline request";

bool is_line_end(const char* bytes) {
    return load_little_endian<uint16_t>(bytes) == 0x0a0d;
}

constexpr ptrdiff_t kShortLineBytes = 5;  // Three digits and the line end.

// Reads a plain number and its line end, and gives what is behind them, or null for all that needs
// a second look.
inline const char* read_plain_length(const char* next, const char* end, uint64_t& length) {
    const char* const first = next;
    const auto digit_at = [first](int at) {
        return static_cast<unsigned char>(first[at]) - unsigned{'0'};
    };
    if (end - first >= kShortLineBytes) [[likely]] {
        const unsigned digit = digit_at(0);
        if (first[1] == '\r') {
            length = digit;
            return digit <= 9 && first[2] == '\n' ? first + 3 : nullptr;
        }
        const unsigned second = digit_at(1);
        if (digit - 1 > 8 || second > 9) return nullptr;
        if (first[2] == '\r') {
            length = digit * 10 + second;
            return first[3] == '\n' ? first + 4 : nullptr;
        }
        const unsigned third = digit_at(2);
        if (third <= 9 && is_line_end(first + 3)) {
            length = (digit * 10 + second) * 10 + third;
            return first + 5;
        }
    }
    uint64_t value = 0;
    unsigned digit = 0;
    while (next < end && (digit = static_cast<unsigned char>(*next) - unsigned{'0'}) <= 9) {
        value = value * 10 + digit;
        ++next;
    }
    if (static_cast<size_t>(next - first) - 1 >= 9) return nullptr;
    if (*first == '0' && next - first > 1) return nullptr;
    if (end - next < 2 || !is_line_end(next)) return nullptr;
    length = value;
    return next + kLineEndBytes;
}

// Takes up to `room` plain arguments that lie whole before `end`; stops before the first other one.
inline size_t take_whole_arguments(const char*& next, const char* end, std::string_view* out,
                                   size_t room, uint64_t length_max) {
    const char* at = next;
    size_t count = 0;
    while (count < room) {
        if (at == end || *at != '$') break;
        uint64_t length = 0;
        const char* const bytes = read_plain_length(at + 1, end, length);
        if (bytes == nullptr || length > length_max) break;
        if (static_cast<uint64_t>(end - bytes) < length + kLineEndBytes) break;
        if (!is_line_end(bytes + length)) break;
        out[count++] = {bytes, length};
        at = bytes + length + kLineEndBytes;
    }
    next = at;
    return count;
}

uint64_t argument_count_max(const RequestLimits& limits) {
    return limits.authenticated ? kArgumentCountMax : kUnauthenticatedArgumentCountMax;
}

uint64_t bulk_bytes_max(const RequestLimits& limits) {
    const int64_t bytes_max = limits.bulk_bytes_max;
    if (limits.authenticated) return static_cast<uint64_t>(bytes_max);
    return static_cast<uint64_t>(std::min(bytes_max, kUnauthenticatedBulkBytesMax));
}

bool is_separator(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

bool is_blank(char byte) {
    return is_separator(byte) || byte == '\v' || byte == '\f';
}

bool needs_splitter(std::string_view line) {
    return line.find_first_of("\"'") != std::string_view::npos;
}

}  // namespace

RequestParser::Outcome RequestParser::parse(std::string_view input, const RequestLimits& limits,
                                            BigArgumentSink& sink) {
    const Source source{input, limits, sink};
    consumed_ = 0;
    if (step_ != Step::Start) return advance(source);
    if (input.empty()) return Outcome::Incomplete;
    start_request();
    if (input[0] != '*') {
        step_ = Step::Inline;
        return parse_inline(source);
    }

    const char* const end = input.data() + input.size();
    uint64_t count = 0;
    const char* next = read_plain_length(input.data() + 1, end, count);
    if (next == nullptr || count - 1 >= argument_count_max(limits)) {
        step_ = Step::Count;
        return advance(source);
    }
    expected_ = count;
    if (arguments_.size() < count) make_room();
    argument_count_ =
        take_whole_arguments(next, end, arguments_.data(),
                             std::min<size_t>(count, arguments_.size()), bulk_bytes_max(limits));
    if (argument_count_ == count) [[likely]] {
        consumed_ = static_cast<size_t>(next - input.data());
        return Outcome::Request;
    }
    position_ = static_cast<size_t>(next - input.data());
    step_ = Step::Length;
    return advance(source);
}

void RequestParser::big_received(size_t bytes) {
    CHECK(bytes <= big_bytes_left_);
    big_next_ += bytes;
    big_bytes_left_ -= bytes;
    taken_over_bytes_ += bytes;
}

size_t RequestParser::memory_bytes() const {
    return arguments_.capacity() * sizeof arguments_[0] + parked_.capacity() * sizeof parked_[0] +
           saved_.capacity() + error_.capacity();
}

RequestParser::Outcome RequestParser::advance(const Source& source) {
    for (;;) {
        Outcome outcome = Outcome::Request;
        switch (step_) {
            case Step::Start:
            case Step::Inline:
                return parse_inline(source);
            case Step::Count:
                outcome = parse_count(source);
                break;
            case Step::Length:
                if (parked_.size() + argument_count_ == expected_)
                    return finish(source.input, position_);
                outcome = parse_lengths(source);
                break;
            case Step::Bytes:
                outcome = parse_bytes(source);
                break;
            case Step::BigBytes:
                outcome = parse_big_bytes(source);
                break;
            case Step::BigEnd:
                outcome = parse_big_end(source);
                break;
        }
        if (outcome == Outcome::Incomplete) return incomplete(source);
        if (outcome != Outcome::Request) return outcome;
    }
}

// Finds the CR that ends the line at position_. The whole line is there when a byte follows it.
RequestParser::Outcome RequestParser::find_line(std::string_view input, std::string_view too_long) {
    const std::string_view line = input.substr(position_, kInlineBytesMax + 1);
    const size_t at = line.find('\r', searched_);
    if (at == std::string_view::npos) {
        if (line.size() > kInlineBytesMax) return fail(too_long, too_long);
        searched_ = line.size();
        return Outcome::Incomplete;
    }
    searched_ = at;
    return position_ + at + 1 < input.size() ? Outcome::Request : Outcome::Incomplete;
}

RequestParser::Outcome RequestParser::parse_count(const Source& source) {
    const Outcome found = find_line(source.input, "too big mbulk count string");
    if (found != Outcome::Request) return found;
    const char* const line_end = source.input.data() + searched_;
    if (!is_line_end(line_end)) return fail(kNoLineEnd, kNoLineEnd);

    const auto count = parse_integer(source.input.substr(1, searched_ - 1));
    if (!count || *count > kArgumentCountMax)
        return fail("invalid multibulk length", "invalid mbulk count");
    if (*count > kUnauthenticatedArgumentCountMax && !source.limits.authenticated) {
        return fail("unauthenticated multibulk length", "unauth mbulk count");
    }
    position_ = searched_ + kLineEndBytes;
    searched_ = 0;
    if (*count <= 0) return empty(position_);
    expected_ = static_cast<size_t>(*count);
    step_ = Step::Length;
    return Outcome::Request;
}

RequestParser::Outcome RequestParser::parse_lengths(const Source& source) {
    const std::string_view input = source.input;
    if (argument_count_ == arguments_.size()) make_room();
    const char* next = input.data() + position_;
    const size_t room =
        std::min(arguments_.size() - argument_count_, expected_ - parked_.size() - argument_count_);
    const size_t taken =
        take_whole_arguments(next, input.data() + input.size(), arguments_.data() + argument_count_,
                             room, bulk_bytes_max(source.limits));
    if (taken > 0) {
        argument_count_ += taken;
        position_ = static_cast<size_t>(next - input.data());
        searched_ = 0;
        return Outcome::Request;
    }

    const Outcome found = find_line(input, "too big bulk count string");
    if (found != Outcome::Request) return found;
    const std::string_view line = input.substr(position_, searched_);
    if (!line.starts_with('$')) {
        // Compat: a line end in an error is shown as a space.
        const char got = line.empty() || line[0] == '\n' ? ' ' : line[0];
        return fail(std::string("expected '$', got '") + got + "'",
                    "expected $ but got something else");
    }
    if (!is_line_end(line.data() + line.size())) return fail(kNoLineEnd, kNoLineEnd);
    const auto length = parse_integer(line.substr(1));
    if (!length || *length < 0 || *length > source.limits.bulk_bytes_max) {
        return fail("invalid bulk length", "invalid bulk length");
    }
    if (*length > kUnauthenticatedBulkBytesMax && !source.limits.authenticated) {
        return fail("unauthenticated bulk length", "unauth bulk length");
    }
    length_ = static_cast<size_t>(*length);
    position_ += searched_ + kLineEndBytes;
    searched_ = 0;
    big_refused_ = false;
    step_ = Step::Bytes;
    return Outcome::Request;
}

RequestParser::Outcome RequestParser::parse_bytes(const Source& source) {
    const size_t there = source.input.size() - position_;
    if (there < length_ && length_ >= source.limits.big_argument_bytes && !big_refused_) {
        return begin_big(source);
    }
    if (there < kLineEndBytes || there - kLineEndBytes < length_) return Outcome::Incomplete;
    const std::string_view argument = source.input.substr(position_, length_);
    if (!is_line_end(argument.data() + length_)) return fail(kNoLineEnd, kNoLineEnd);
    if (argument_count_ == arguments_.size()) make_room();
    arguments_[argument_count_++] = argument;
    position_ += length_ + kLineEndBytes;
    step_ = Step::Length;
    return Outcome::Request;
}

RequestParser::Outcome RequestParser::begin_big(const Source& source) {
    park_views(source.input);
    unpark(source.input);
    const std::span<const std::string_view> before(arguments_.data(), parked_.size());
    char* const memory = source.sink.begin(before, expected_, length_);
    if (memory == nullptr) {
        big_refused_ = true;
        return Outcome::Request;
    }
    save_input_arguments(source.input);
    parked_.push_back({reinterpret_cast<uintptr_t>(memory), length_, Parked::kBig});
    untidy_ = true;
    big_next_ = memory;
    big_bytes_left_ = length_;
    step_ = Step::BigBytes;
    return Outcome::Request;
}

RequestParser::Outcome RequestParser::parse_big_bytes(const Source& source) {
    const size_t size = std::min(source.input.size() - position_, big_bytes_left_);
    if (size > 0) std::memcpy(big_next_, source.input.data() + position_, size);
    big_next_ += size;
    big_bytes_left_ -= size;
    position_ += size;
    if (big_bytes_left_ > 0) {
        consumed_ = position_;
        taken_over_bytes_ += position_;
        position_ = 0;
        return Outcome::Incomplete;
    }
    step_ = Step::BigEnd;
    return Outcome::Request;
}

RequestParser::Outcome RequestParser::parse_big_end(const Source& source) {
    if (source.input.size() - position_ < kLineEndBytes) return Outcome::Incomplete;
    if (!is_line_end(source.input.data() + position_)) return fail(kNoLineEnd, kNoLineEnd);
    position_ += kLineEndBytes;
    step_ = Step::Length;
    return Outcome::Request;
}

// Compat: the line ends with LF, or CR and LF; but a zero byte hides the end, so that such a line
// grows until it is too long.
RequestParser::Outcome RequestParser::parse_inline(const Source& source) {
    const std::string_view window = source.input.substr(0, kInlineBytesMax + 1);
    const std::string_view unseen = window.substr(std::min(searched_, window.size()));
    const size_t end = std::min(unseen.find('\n'), unseen.size());
    const bool hidden = searched_ == kNeverEnds || unseen.substr(0, end).find('\0') != unseen.npos;
    if (hidden || end == unseen.size()) {
        if (window.size() > kInlineBytesMax) return fail(kTooBigInline, kTooBigInline);
        searched_ = hidden ? kNeverEnds : window.size();
        return Outcome::Incomplete;
    }
    const size_t used = searched_ + end + 1;
    std::string_view line = window.substr(0, used - 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const Outcome outcome = split_inline(line);
    if (outcome == Outcome::Request) return finish(source.input, used);
    return outcome == Outcome::Empty ? empty(used) : outcome;
}

RequestParser::Outcome RequestParser::split_inline(std::string_view line) {
    if (needs_splitter(line)) {
        auto words = split_arguments(line);
        if (!words.ok())
            return fail("unbalanced quotes in request", "unbalanced quotes in inline request");
        for (const std::string& word : *words) {
            parked_.push_back({saved_.size(), word.size(), Parked::kSaved});
            saved_ += word;
        }
        untidy_ = true;
        return parked_.empty() ? Outcome::Empty : Outcome::Request;
    }
    for (size_t at = 0;;) {
        while (at < line.size() && is_blank(line[at])) ++at;
        if (at == line.size()) return argument_count_ == 0 ? Outcome::Empty : Outcome::Request;
        const size_t first = at;
        while (at < line.size() && !is_separator(line[at])) ++at;
        if (argument_count_ == arguments_.size()) {
            expected_ = argument_count_ + line.size() - first;  // At least one byte each.
            make_room();
        }
        arguments_[argument_count_++] = line.substr(first, at - first);
    }
}

RequestParser::Outcome RequestParser::incomplete(const Source& source) {
    if (argument_count_ > 0) park_views(source.input);
    return Outcome::Incomplete;
}

RequestParser::Outcome RequestParser::finish(std::string_view input, size_t used) {
    if (!parked_.empty()) {
        park_views(input);
        unpark(input);
        argument_count_ = parked_.size();
        untidy_ = true;
    }
    consumed_ = used;
    step_ = Step::Start;
    return Outcome::Request;
}

RequestParser::Outcome RequestParser::empty(size_t used) {
    consumed_ = used;
    step_ = Step::Start;
    return Outcome::Empty;
}

void RequestParser::start_request() {
    argument_count_ = 0;
    position_ = 0;
    searched_ = 0;
    taken_over_bytes_ = 0;
    if (!untidy_) return;

    untidy_ = false;
    parked_.clear();
    saved_.clear();
    if (parked_.capacity() > kRoomKept) parked_.shrink_to_fit();
    if (saved_.capacity() > kSavedKept) saved_.shrink_to_fit();
    if (arguments_.size() > kRoomKept) arguments_ = std::vector<std::string_view>();
}

// The room follows what has arrived, not what the client announced.
void RequestParser::make_room() {
    const size_t room = std::min(expected_, std::max(kRoomNext, arguments_.size() * 2));
    arguments_.resize(std::max(kRoomFirst, room));
    if (arguments_.size() > kRoomKept) untidy_ = true;
}

// Turns the views that were read from `input` into offsets, as it may move.
void RequestParser::park_views(std::string_view input) {
    for (const std::string_view view : std::span(arguments_).first(argument_count_)) {
        const auto offset = static_cast<size_t>(view.data() - input.data());
        parked_.push_back({offset, view.size(), Parked::kInput});
    }
    argument_count_ = 0;
}

// Makes arguments_ show all parked arguments.
void RequestParser::unpark(std::string_view input) {
    if (arguments_.size() < parked_.size()) arguments_.resize(parked_.size());
    for (size_t i = 0; i < parked_.size(); ++i) {
        const Parked& parked = parked_[i];
        const char* bytes = reinterpret_cast<const char*>(parked.at);
        if (parked.place == Parked::kInput) bytes = input.data() + parked.at;
        if (parked.place == Parked::kSaved) bytes = saved_.data() + parked.at;
        arguments_[i] = {bytes, parked.length};
    }
}

// Copies the arguments that lie in the input, so that it can be dropped.
void RequestParser::save_input_arguments(std::string_view input) {
    size_t bytes = saved_.size();
    for (const Parked& parked : parked_)
        bytes += parked.place == Parked::kInput ? parked.length : 0;
    saved_.reserve(bytes);
    for (Parked& parked : parked_) {
        if (parked.place != Parked::kInput) continue;
        const std::string_view argument = input.substr(parked.at, parked.length);
        parked.at = saved_.size();
        parked.place = Parked::kSaved;
        saved_ += argument;
    }
}

RequestParser::Outcome RequestParser::fail(std::string_view text, std::string_view reason) {
    error_reason_ = reason;
    error_ = "ERR Protocol error: ";
    error_ += text;
    return Outcome::Error;
}

}  // namespace millrace::protocol
