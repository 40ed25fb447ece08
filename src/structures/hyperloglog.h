// SPDX-License-Identifier: BSD-3-Clause
//
// HyperLogLog: how many different elements a set has, roughly (0.81 %), in 12 KiB at most.
//
// An element's hash picks one of 16,384 registers, which keeps the highest rank seen: one more than
// the trailing zeros of the rest of the hash. A sketch is the value of a string key, so its bytes
// are interface:
//
//     "HYLL" | form: 1 | unused: 3 | count: 8, little endian | registers
//
// - The count is that of the last PFCOUNT; the highest bit of its last byte says that it is stale.
// - Dense: registers of 6 bits, the first in the lowest bits of the first byte.
// - Sparse: runs. 00nnnnnn: n+1 zeros; 01nnnnnn nnnnnnnn: n+1 zeros; 1rrrrrnn: n+1 times r+1.
//
// The count comes from a histogram of the registers: Otmar Ertl, "New cardinality estimation
// algorithms for HyperLogLog sketches", arXiv:1702.01284, algorithm 6.
//
// Sketches come from users too. The functions below take any bytes, and say Corrupt where runs do
// not add up to the registers.
//
// Threads: any; values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::structures::hyperloglog {

inline constexpr size_t kRegisters = 16384;
inline constexpr size_t kHeaderBytes = 16;
inline constexpr size_t kDenseBytes = kHeaderBytes + kRegisters * 6 / 8;
inline constexpr int kRankMax = 51;

// One byte a register.
using Registers = std::array<uint8_t, kRegisters>;
// How many registers have each rank.
using Histogram = std::array<uint32_t, 64>;

// What an element does: raises its register to its rank.
struct Mark {
    uint32_t at;
    uint8_t rank;
};
Mark mark_of(std::string_view element);

enum class Outcome : uint8_t { Unchanged, Changed, Corrupt };

// --- any sketch ---

// Whether `bytes` have the header of one, and the length of one if it is dense.
bool is_sketch(std::string_view bytes);
// The rest is for bytes that are.
bool is_dense(std::string_view sketch);
std::optional<uint64_t> cached_count(std::string_view sketch);
// `header` has room for kHeaderBytes.
void cache_count(char* header, uint64_t count);
void forget_count(char* header);

// Each register of `registers` becomes the higher of the two; false: corrupt.
bool merge_into(Registers& registers, std::string_view sketch);
bool count_registers(Histogram& histogram, std::string_view sketch);
void count_registers(Histogram& histogram, const Registers& registers);
uint64_t estimate(const Histogram& histogram);

// --- changes ---

std::string empty_sketch();
// The dense form of `registers`. The count, which is stale then, comes from `sketch`.
std::string dense_sketch(std::string_view sketch, const Registers& registers);
// The same in place, for a dense one of kDenseBytes.
void replace_dense(char* sketch, const Registers& registers);

// Whether raise_dense() would change a dense one.
bool raises_dense(std::string_view sketch, Mark mark);
// In place, for a dense one of kDenseBytes; false: nothing to change.
bool raise_dense(char* sketch, Mark mark);
// A sparse one, which becomes dense where a rank above 32 or a length above `sparse_max` (header
// included) asks for it.
Outcome raise_sparse(std::string& sketch, Mark mark, size_t sparse_max);
// Either.
Outcome raise(std::string& sketch, Mark mark, size_t sparse_max);
// False: corrupt.
bool to_dense(std::string& sketch);

// The runs of a sparse one as PFDEBUG shows them: "z:12 v:1,1 Z:9000".
std::string describe_runs(std::string_view sketch);

}  // namespace millrace::structures::hyperloglog
