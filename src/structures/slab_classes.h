// SPDX-License-Identifier: BSD-3-Clause
//
// The sizes that slabs hand out: 8 bytes apart up to 128, 32 apart up to 1 KiB, 256 apart up to 2
// KiB.
//
// Rounding wastes at most 7 bytes below 128, at most a fifth just above 128, 6 % at 512, 3 % near 1
// KiB. A class that is a multiple of 64 bytes is also aligned to 64, so that a header and a short
// key share one cache line.
//
// Threads: any; constants.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace::structures {

inline constexpr size_t kSlabBytesMax = 2048;
inline constexpr size_t kSlabClasses = 16 + 28 + 4;

namespace slab_detail {

constexpr std::array<uint16_t, kSlabClasses> make_class_bytes() {
    std::array<uint16_t, kSlabClasses> bytes{};
    size_t next = 0;
    for (uint16_t size = 8; size <= 128; size += 8) bytes[next++] = size;
    for (uint16_t size = 160; size <= 1024; size += 32) bytes[next++] = size;
    for (uint16_t size = 1280; size <= 2048; size += 256) bytes[next++] = size;
    return bytes;
}
inline constexpr auto kClassBytes = make_class_bytes();

// The class of each size, in units of 8 bytes rounded up.
constexpr std::array<uint8_t, kSlabBytesMax / 8 + 1> make_class_of() {
    std::array<uint8_t, kSlabBytesMax / 8 + 1> classes{};
    uint8_t current = 0;
    for (size_t unit = 0; unit < classes.size(); ++unit) {
        if (unit * 8 > kClassBytes[current]) ++current;
        classes[unit] = current;
    }
    return classes;
}
inline constexpr auto kClassOf = make_class_of();

}  // namespace slab_detail

// The class that serves `bytes`, at most kSlabBytesMax.
constexpr size_t slab_class_of(size_t bytes) {
    return slab_detail::kClassOf[(bytes + 7) / 8];
}

// What an object of `bytes` really takes.
constexpr size_t slab_class_bytes(size_t bytes) {
    return slab_detail::kClassBytes[slab_class_of(bytes)];
}

}  // namespace millrace::structures
