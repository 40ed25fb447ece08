// SPDX-License-Identifier: BSD-3-Clause
#include "structures/hyperloglog.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/assert.h"
#include "structures/packed_registers.h"

namespace millrace::structures::hyperloglog {
namespace {

constexpr size_t kFormAt = 4;
constexpr size_t kCountAt = 8;
constexpr char kDense = 0;
constexpr char kSparse = 1;
constexpr uint8_t kStale = 0x80;

constexpr int kHashBits = 50;  // What is left of a hash beside the register's number.
constexpr uint64_t kHashSeed = 0xadc83b19;

// MurmurHash64A by Austin Appleby. Which hash it is shows in the registers, so it is interface.
uint64_t murmur_hash(std::string_view text, uint64_t seed) {
    constexpr uint64_t kFactor = 0xc6a4a7935bd1e995;
    constexpr int kShift = 47;
    uint64_t hash = seed ^ (text.size() * kFactor);
    const char* at = text.data();
    const char* const end = at + text.size();
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        std::memcpy(&word, at, sizeof word);
        word *= kFactor;
        word ^= word >> kShift;
        hash = (hash ^ (word * kFactor)) * kFactor;
    }
    if (at != end) {
        uint64_t rest = 0;
        std::memcpy(&rest, at, static_cast<size_t>(end - at));
        hash = (hash ^ rest) * kFactor;
    }
    hash ^= hash >> kShift;
    hash *= kFactor;
    return hash ^ (hash >> kShift);
}

// --- dense registers ---

// Four registers share three bytes. Reading takes two bytes, so the very last register is apart.
uint8_t dense_rank(const char* registers, size_t at) {
    const size_t byte = at * 6 / 8;
    const unsigned shift = static_cast<unsigned>(at * 6 % 8);
    unsigned bits = static_cast<uint8_t>(registers[byte]) >> shift;
    if (shift > 2)
        bits |= static_cast<unsigned>(static_cast<uint8_t>(registers[byte + 1])) << (8 - shift);
    return bits & 63;
}

void set_dense_rank(char* registers, size_t at, uint8_t rank) {
    const size_t byte = at * 6 / 8;
    const unsigned shift = static_cast<unsigned>(at * 6 % 8);
    const auto put = [&](size_t where, unsigned mask, unsigned bits) {
        const auto kept = static_cast<uint8_t>(registers[where]) & ~mask;
        registers[where] = static_cast<char>(kept | bits);
    };
    put(byte, (63u << shift) & 0xff, (unsigned{rank} << shift) & 0xff);
    if (shift > 2) put(byte + 1, 63u >> (8 - shift), unsigned{rank} >> (8 - shift));
}

// A dense one of zeros, with the header of `sketch`.
std::string blank_dense(std::string_view sketch) {
    std::string dense(kDenseBytes, '\0');
    std::memcpy(dense.data(), sketch.data(), kHeaderBytes);
    dense[kFormAt] = kDense;
    return dense;
}

// --- runs ---

constexpr size_t kShortZerosMax = 64;
constexpr size_t kZerosMax = 16384;
constexpr size_t kRankedMax = 4;    // Registers of a run that has a rank,
constexpr int kSparseRankMax = 32;  // and that rank.
constexpr size_t kRunBytesMax = 2;

struct Run {
    size_t bytes = 0;
    size_t registers = 0;
    uint8_t rank = 0;  // 0: of zeros.
    bool is_long = false;
};

// The run at `at`; one of no registers if it is cut off.
Run run_at(std::string_view sketch, size_t at) {
    const auto first = static_cast<uint8_t>(sketch[at]);
    if ((first & 0x80) != 0) {
        return {1, (first & 3u) + 1, static_cast<uint8_t>(((first >> 2) & 31) + 1), false};
    }
    if ((first & 0x40) == 0) return {1, (first & 63u) + 1, 0, false};
    if (at + 1 >= sketch.size()) return {};
    return {2, ((first & 63u) << 8 | static_cast<uint8_t>(sketch[at + 1])) + 1, 0, true};
}

struct RunBytes {
    char bytes[3 * kRunBytesMax];
    size_t count = 0;

    void zeros(size_t registers) {
        DCHECK(registers <= kZerosMax);
        if (registers == 0) return;
        const size_t coded = registers - 1;
        if (registers <= kShortZerosMax) {
            bytes[count++] = static_cast<char>(coded);
        } else {
            bytes[count++] = static_cast<char>(0x40 | coded >> 8);
            bytes[count++] = static_cast<char>(coded & 0xff);
        }
    }
    void ranked(uint8_t rank, size_t registers) {
        if (registers == 0) return;
        bytes[count++] = static_cast<char>(0x80 | (rank - 1) << 2 | (registers - 1));
    }
    void add(uint8_t rank, size_t registers) {
        rank == 0 ? zeros(registers) : ranked(rank, registers);
    }
};

// Calls take(first, run) for every run in order; false if they are not exactly all registers.
template <typename Take>
bool each_run(std::string_view sketch, Take&& take) {
    size_t first = 0;
    size_t at = kHeaderBytes;
    while (at < sketch.size()) {
        const Run run = run_at(sketch, at);
        if (run.registers == 0 || run.registers > kRegisters - first) return false;
        take(first, run);
        first += run.registers;
        at += run.bytes;
    }
    return first == kRegisters;
}

// Runs of the same rank that follow each other become one where it fits. It looks at the few runs
// from `at` on, which is where a change was.
void join_runs(std::string& sketch, size_t at) {
    for (int left = 5; left > 0 && at < sketch.size(); --left) {
        const Run run = run_at(sketch, at);
        if (run.registers == 0) return;
        if (run.rank == 0) {
            at += run.bytes;
            continue;
        }
        if (at + 1 < sketch.size()) {
            const Run next = run_at(sketch, at + 1);
            if (next.rank == run.rank && run.registers + next.registers <= kRankedMax) {
                RunBytes joined;
                joined.ranked(run.rank, run.registers + next.registers);
                sketch.replace(at, 2, joined.bytes, joined.count);
                continue;
            }
        }
        ++at;
    }
}

Outcome raise_after_all(std::string& sketch, Mark mark) {
    if (!to_dense(sketch)) return Outcome::Corrupt;
    return raise_dense(sketch.data(), mark) ? Outcome::Changed : Outcome::Unchanged;
}

// --- estimation: the two corrections of the paper ---

double sigma(double x) {
    if (x == 1) return std::numeric_limits<double>::infinity();
    double y = 1;
    double z = x;
    double before;
    do {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    } while (before != z);
    return z;
}

double tau(double x) {
    if (x == 0 || x == 1) return 0;
    double y = 1;
    double z = 1 - x;
    double before;
    do {
        x = std::sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (before != z);
    return z / 3;
}

}  // namespace

Mark mark_of(std::string_view element) {
    const uint64_t hash = murmur_hash(element, kHashSeed);
    const uint64_t rest = (hash / kRegisters) | uint64_t{1} << kHashBits;
    return {static_cast<uint32_t>(hash % kRegisters),
            static_cast<uint8_t>(std::countr_zero(rest) + 1)};
}

bool is_sketch(std::string_view bytes) {
    if (bytes.size() < kHeaderBytes || bytes.substr(0, 4) != "HYLL") return false;
    const char form = bytes[kFormAt];
    return form == kSparse || (form == kDense && bytes.size() == kDenseBytes);
}

bool is_dense(std::string_view sketch) {
    return sketch[kFormAt] == kDense;
}

std::optional<uint64_t> cached_count(std::string_view sketch) {
    uint64_t count;
    std::memcpy(&count, sketch.data() + kCountAt, sizeof count);
    if ((count >> 63) != 0) return std::nullopt;
    return count;
}

void cache_count(char* header, uint64_t count) {
    std::memcpy(header + kCountAt, &count, sizeof count);
}

void forget_count(char* header) {
    header[kCountAt + 7] = static_cast<char>(static_cast<uint8_t>(header[kCountAt + 7]) | kStale);
}

bool merge_into(Registers& registers, std::string_view sketch) {
    if (is_dense(sketch)) {
        merge_registers(sketch.data() + kHeaderBytes, kRegisters, registers.data());
        return true;
    }
    return each_run(sketch, [&](size_t first, const Run& run) {
        if (run.rank == 0) return;
        for (size_t at = first; at < first + run.registers; ++at) {
            registers[at] = std::max(registers[at], run.rank);
        }
    });
}

bool count_registers(Histogram& histogram, std::string_view sketch) {
    if (is_dense(sketch)) {
        Registers registers;
        unpack_registers(sketch.data() + kHeaderBytes, kRegisters, registers.data());
        count_registers(histogram, registers);
        return true;
    }
    return each_run(sketch, [&](size_t /*first*/, const Run& run) {
        histogram[run.rank] += static_cast<uint32_t>(run.registers);
    });
}

// Counters of their own for neighbours: most ranks are close, and a counter would have to wait for
// its own last value.
void count_registers(Histogram& histogram, const Registers& registers) {
    std::array<Histogram, 4> apart{};
    for (size_t at = 0; at < kRegisters; ++at) ++apart[at & 3][registers[at] & 63];
    for (size_t rank = 0; rank < histogram.size(); ++rank) {
        for (const Histogram& each : apart) histogram[rank] += each[rank];
    }
}

// Compat: to the last digit as Valkey does it, because the count is a reply.
uint64_t estimate(const Histogram& histogram) {
    constexpr double kAlpha = 0.721347520444481703680;  // 1 / (2 ln 2)
    constexpr double kCount = kRegisters;
    double z = kCount * tau((kCount - histogram[kRankMax]) / kCount);
    for (size_t rank = kRankMax - 1; rank >= 1; --rank) {
        z += histogram[rank];
        z *= 0.5;
    }
    z += kCount * sigma(histogram[0] / kCount);
    return static_cast<uint64_t>(std::llround(kAlpha * kCount * kCount / z));
}

std::string empty_sketch() {
    std::string sketch(kHeaderBytes, '\0');
    sketch.replace(0, 4, "HYLL");
    sketch[kFormAt] = kSparse;
    RunBytes all;
    all.zeros(kRegisters);
    return sketch.append(all.bytes, all.count);
}

std::string dense_sketch(std::string_view sketch, const Registers& registers) {
    std::string dense = blank_dense(sketch);
    replace_dense(dense.data(), registers);
    return dense;
}

void replace_dense(char* sketch, const Registers& registers) {
    pack_registers(registers.data(), kRegisters, sketch + kHeaderBytes);
    forget_count(sketch);
}

bool raises_dense(std::string_view sketch, Mark mark) {
    return mark.rank > dense_rank(sketch.data() + kHeaderBytes, mark.at);
}

bool raise_dense(char* sketch, Mark mark) {
    if (!raises_dense({sketch, kDenseBytes}, mark)) return false;
    set_dense_rank(sketch + kHeaderBytes, mark.at, mark.rank);
    return true;
}

// Compat: the runs come out as Valkey's would, byte for byte: STRLEN and GET show them.
Outcome raise_sparse(std::string& sketch, Mark mark, size_t sparse_max) {
    if (mark.rank > kSparseRankMax) return raise_after_all(sketch, mark);

    size_t before = kHeaderBytes;  // The run in front of the one that holds the register,
    size_t at = kHeaderBytes;      // which is here
    size_t first = 0;              // and begins with this register.
    Run run;
    while (at < sketch.size()) {
        run = run_at(sketch, at);
        if (run.registers == 0) return Outcome::Corrupt;
        if (mark.at < first + run.registers) break;
        before = at;
        at += run.bytes;
        first += run.registers;
    }
    if (at >= sketch.size()) return Outcome::Corrupt;
    if (run.rank >= mark.rank) return Outcome::Unchanged;

    RunBytes fresh;
    fresh.add(run.rank, mark.at - first);
    fresh.ranked(mark.rank, 1);
    fresh.add(run.rank, first + run.registers - mark.at - 1);
    if (fresh.count > run.bytes && sketch.size() + fresh.count - run.bytes > sparse_max) {
        return raise_after_all(sketch, mark);
    }
    sketch.replace(at, run.bytes, fresh.bytes, fresh.count);
    join_runs(sketch, before);
    forget_count(sketch.data());
    return Outcome::Changed;
}

Outcome raise(std::string& sketch, Mark mark, size_t sparse_max) {
    if (!is_dense(sketch)) return raise_sparse(sketch, mark, sparse_max);
    return raise_dense(sketch.data(), mark) ? Outcome::Changed : Outcome::Unchanged;
}

bool to_dense(std::string& sketch) {
    if (is_dense(sketch)) return true;
    std::string dense = blank_dense(sketch);
    const bool sound = each_run(sketch, [&](size_t first, const Run& run) {
        if (run.rank == 0) return;
        for (size_t at = first; at < first + run.registers; ++at) {
            set_dense_rank(dense.data() + kHeaderBytes, at, run.rank);
        }
    });
    if (sound) sketch = std::move(dense);
    return sound;
}

std::string describe_runs(std::string_view sketch) {
    std::string text;
    const auto append = [&](size_t /*first*/, const Run& run) {
        if (!text.empty()) text += ' ';
        if (run.rank != 0) {
            text += "v:" + std::to_string(run.rank) + ',' + std::to_string(run.registers);
        } else {
            text += (run.is_long ? "Z:" : "z:") + std::to_string(run.registers);
        }
    };
    each_run(sketch, append);  // As far as they are sound.
    return text;
}

}  // namespace millrace::structures::hyperloglog
