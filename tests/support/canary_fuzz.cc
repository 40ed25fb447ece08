// SPDX-License-Identifier: BSD-3-Clause
//
// A fuzz target with a planted mistake: it reads past its input after four certain bytes. The
// fuzzing step of .ci/run fails when libFuzzer and the address sanitizer do not find it.
#include <cstddef>
#include <cstdint>
#include <memory>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto copy = std::make_unique<uint8_t[]>(size);
    for (size_t i = 0; i < size; ++i) copy[i] = data[i];
    if (size < 4) return 0;
    if (copy[0] != 'm') return 0;
    if (copy[1] != 'i') return 0;
    if (copy[2] != 'l') return 0;
    if (copy[3] != 'l') return 0;
    volatile uint8_t past = copy.get()[size];
    (void)past;
    return 0;
}
