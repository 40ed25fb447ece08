// SPDX-License-Identifier: BSD-3-Clause
//
// Takes an AOF apart into commands and annotations: the one place that moves forward in its bytes,
// which may be anything. The server and millrace-check-aof read with it.
//
// Owner:   whoever reads. Words are views into the bytes.
// Threads: any, one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace millrace::persistence::aof {

class CommandReader {
public:
    enum class Outcome : uint8_t {
        Command,     // words()
        Annotation,  // text(), from '#' on, without the line end.
        End,         // Nothing is left.
        CutOff,      // The bytes end in the middle of something.
        Bad,         // These are no commands.
    };

    explicit CommandReader(std::string_view bytes) : bytes_(bytes) {}

    // Goes on from `offset`; what stands before is something else.
    void skip(size_t offset) { at_ = offset < bytes_.size() ? offset : bytes_.size(); }

    Outcome next();
    std::span<const std::string_view> words() const { return words_; }
    std::string_view text() const { return text_; }
    // Behind what next() gave last; where it began. After CutOff and Bad both are where it began.
    size_t offset() const { return at_; }
    size_t began() const { return began_; }
    // Lines of the format up to offset(), counted as tools do.
    uint64_t lines() const { return lines_; }
    // What was wrong, after Bad and CutOff, and where.
    std::string_view what() const { return what_; }
    size_t where() const { return where_; }
    // Whether there are nothing but zeros from there on: after a power cut, a file may be longer
    // than what of it was written.
    bool ends_in_zeros() const;

private:
    enum class Step : uint8_t { Taken, CutOff, Bad };
    Outcome fail(Step step, std::string_view what, size_t where);
    Step take_number(size_t& at, char kind, int64_t highest, int64_t& number) const;
    Outcome take_annotation();
    Outcome take_command();

    std::string_view bytes_;
    size_t at_ = 0;
    size_t began_ = 0;
    uint64_t lines_ = 0;
    std::vector<std::string_view> words_;
    std::string_view text_;
    std::string_view what_;
    size_t where_ = 0;
};

// The number behind `name` in an annotation such as "#TS:1628217470"; -1 if it is another one.
int64_t timestamp_of(std::string_view annotation);

}  // namespace millrace::persistence::aof
