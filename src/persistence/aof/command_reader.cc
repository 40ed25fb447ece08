// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/aof/command_reader.h"

#include <algorithm>
#include <limits>

#include "base/numbers.h"

namespace millrace::persistence::aof {
namespace {

// Compat: an annotation is never longer.
constexpr size_t kAnnotationBytesMax = 1024;
constexpr size_t kNumberDigitsMax = 20;
constexpr size_t kLineBytesMax = 64;  // That the server writes.
constexpr int64_t kWordsMax = std::numeric_limits<int32_t>::max();
constexpr int64_t kWordBytesMax = int64_t{1} << 40;

}  // namespace

CommandReader::Outcome CommandReader::fail(Step step, std::string_view what, size_t where) {
    what_ = what;
    where_ = where;
    return step == Step::CutOff ? Outcome::CutOff : Outcome::Bad;
}

// "*3\r\n" at `at`, which moves behind it.
CommandReader::Step CommandReader::take_number(size_t& at, char kind, int64_t highest,
                                               int64_t& number) const {
    if (at >= bytes_.size()) return Step::CutOff;
    if (bytes_[at] != kind) return Step::Bad;
    const std::string_view rest = bytes_.substr(at + 1, kNumberDigitsMax + 2);
    const size_t end = rest.find('\r');
    if (end == std::string_view::npos) {
        const bool digits = std::all_of(rest.begin(), rest.end(),
                                        [](char each) { return each >= '0' && each <= '9'; });
        return rest.size() < kNumberDigitsMax + 2 && digits ? Step::CutOff : Step::Bad;
    }
    const auto parsed = parse_integer(rest.substr(0, end));
    if (!parsed || *parsed < 0 || *parsed > highest) return Step::Bad;
    if (end + 1 >= rest.size()) return Step::CutOff;
    if (rest[end + 1] != '\n') return Step::Bad;
    number = *parsed;
    at += 1 + end + 2;
    return Step::Taken;
}

CommandReader::Outcome CommandReader::take_annotation() {
    const std::string_view rest = bytes_.substr(at_, kAnnotationBytesMax);
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) {
        const bool cut_off = rest.size() < kAnnotationBytesMax;
        return fail(cut_off ? Step::CutOff : Step::Bad, "an annotation has no end", at_);
    }
    text_ = rest.substr(0, end);
    if (text_.ends_with('\r')) text_.remove_suffix(1);
    at_ += end + 1;
    ++lines_;
    return Outcome::Annotation;
}

CommandReader::Outcome CommandReader::take_command() {
    size_t at = at_;
    uint64_t lines = lines_;
    int64_t count = 0;
    Step step = take_number(at, '*', kWordsMax, count);
    if (step == Step::Taken && count == 0) step = Step::Bad;
    if (step != Step::Taken) return fail(step, "expected a number of arguments", at);
    ++lines;
    words_.clear();
    for (; count > 0; --count) {
        int64_t length = 0;
        step = take_number(at, '$', kWordBytesMax, length);
        if (step != Step::Taken) return fail(step, "expected the length of an argument", at);
        const std::string_view rest = bytes_.substr(at);
        const auto size = static_cast<size_t>(length);
        if (rest.size() < size + 2) {
            return fail(Step::CutOff, "an argument is cut off", bytes_.size());
        }
        if (rest.substr(size, 2) != "\r\n") {
            return fail(Step::Bad, "an argument does not end where it should", at + size);
        }
        words_.push_back(rest.substr(0, size));
        at += size + 2;
        lines += 2;
    }
    at_ = at;
    lines_ = lines;
    return Outcome::Command;
}

CommandReader::Outcome CommandReader::next() {
    began_ = at_;
    if (at_ >= bytes_.size()) return Outcome::End;
    return bytes_[at_] == '#' ? take_annotation() : take_command();
}

bool CommandReader::ends_in_zeros() const {
    const size_t begin = bytes_.find_first_of('\0', where_);
    // A number or an annotation may be cut off in the middle.
    if (begin == std::string_view::npos || begin - where_ > kLineBytesMax) return false;
    return bytes_.find_first_not_of('\0', begin) == std::string_view::npos;
}

int64_t timestamp_of(std::string_view annotation) {
    constexpr std::string_view kName = "#TS:";
    if (!annotation.starts_with(kName)) return -1;
    return parse_integer(annotation.substr(kName.size())).value_or(-1);
}

}  // namespace millrace::persistence::aof
