// SPDX-License-Identifier: BSD-3-Clause
//
// Random steps on a sketch, sparse and dense, against an array of registers; the sketch to begin
// with is an empty one, or bytes of any kind.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/bytes.h"
#include "structures/hyperloglog.h"

using namespace millrace;
using namespace millrace::structures;
using namespace millrace::structures::hyperloglog;

namespace {

Histogram histogram_of(const Registers& registers) {
    Histogram histogram{};
    count_registers(histogram, registers);
    return histogram;
}

// False: corrupt.
bool read(std::string_view sketch, Registers& registers) {
    registers.fill(0);
    const bool sound = merge_into(registers, sketch);
    Histogram histogram{};
    CHECK(count_registers(histogram, sketch) == sound);
    if (sound) {
        const Histogram expected = histogram_of(registers);
        CHECK(histogram == expected);
        CHECK(estimate(histogram) == estimate(expected));
    }
    return sound;
}

class Model {
public:
    explicit Model(std::string sketch) : sketch_(std::move(sketch)) {}

    // Whether the sketch is sound, so that there is a model of it.
    bool begin() {
        (void)cached_count(sketch_);
        if (!is_dense(sketch_)) (void)describe_runs(sketch_);
        return read(sketch_, model_);
    }

    void step(ByteReader& input) {
        const uint8_t what = input.read_byte();
        if (what < 8) return densify();
        if (what < 16) return merge(input);
        Mark mark{input.read_little_endian<uint16_t>() % uint32_t{kRegisters},
                  static_cast<uint8_t>(1 + input.read_byte() % kRankMax)};
        if (what < 96) mark = mark_of(std::to_string(mark.at));
        // So that long sketches stay sparse, and short ones need not.
        const size_t sparse_max = what % 3 == 0 ? 40 : what % 3 == 1 ? 3000 : 20000;
        for (unsigned i = 0; i < (what & 7u); ++i, ++mark.at) raise(mark, sparse_max);
    }

    void check() {
        Registers registers;
        CHECK(is_sketch(sketch_));
        CHECK(read(sketch_, registers));
        CHECK(registers == model_);
    }

private:
    void raise(Mark mark, size_t sparse_max) {
        mark.at %= kRegisters;
        const bool dense = is_dense(sketch_);
        const bool raises = mark.rank > model_[mark.at];
        if (dense) CHECK(raises_dense(sketch_, mark) == raises);
        const size_t before = sketch_.size();
        const Outcome outcome = hyperloglog::raise(sketch_, mark, sparse_max);
        CHECK(outcome == (raises ? Outcome::Changed : Outcome::Unchanged));
        model_[mark.at] = std::max(model_[mark.at], mark.rank);
        if (dense) CHECK(is_dense(sketch_));
        if (!is_dense(sketch_)) CHECK(sketch_.size() <= std::max(sparse_max, before));
    }
    void densify() {
        CHECK(to_dense(sketch_));
        CHECK(is_dense(sketch_));
    }
    // With one that knows a few elements.
    void merge(ByteReader& input) {
        std::string other = empty_sketch();
        for (int i = input.read_byte() % 8; i >= 0; --i) {
            const Mark mark = mark_of(input.read_bytes(std::min<size_t>(2, input.left())));
            (void)hyperloglog::raise(other, mark, 3000);
        }
        CHECK(merge_into(model_, other));
        sketch_ = dense_sketch(sketch_, model_);
    }

    std::string sketch_;
    Registers model_{};
};

// Nothing is promised about these but that nobody reads or writes beyond their end.
void step_on_corrupt(std::string sketch) {
    const bool dense = is_dense(sketch);
    for (const uint32_t at : {0u, 1u, 63u, 8191u, 16383u}) {
        std::string copy = sketch;
        (void)raise(copy, {at, 32}, 3000);
        copy = sketch;
        (void)raise(copy, {at, 51}, 3000);
    }
    if (!dense) (void)to_dense(sketch);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
    std::string sketch = empty_sketch();
    ByteReader input(bytes);
    if (data[0] % 2 == 1) {
        sketch.resize(kHeaderBytes);
        sketch[4] = static_cast<char>(data[0] / 2 % 2);
        sketch += input.read_bytes(std::min<size_t>(data[0], bytes.size()));
        if (data[0] / 2 % 2 == 0) sketch.resize(kDenseBytes, static_cast<char>(data[0]));
    }
    if (!is_sketch(sketch)) return 0;
    Model model(sketch);
    if (!model.begin()) {
        step_on_corrupt(std::move(sketch));
        return 0;
    }
    for (int steps = 0; !input.at_end() && steps < 200; ++steps) {
        model.step(input);
        model.check();
    }
    return 0;
}
