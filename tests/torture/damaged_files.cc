// SPDX-License-Identifier: BSD-3-Clause
//
// Damaged files: bits flipped, bytes replaced, removed, doubled, zeroed, the end missing.
//
//     damaged_files [--files N] [--seed S]
//
// Three kinds, a third of the files each:
//
//     RDB with its checksum       every damage must be refused
//     RDB, checksum made right    no crash; what is loaded saves and loads again to equal digests
//     AOF with checksum lines     every damage of what a line covers must be refused, or cut off
//                                 where nothing complete follows; no crash with any other
//
// Threads: one, which plays the main thread.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include "base/crc64.h"
#include "base/log.h"
#include "persistence/aof/log_encoder.h"
#include "persistence/aof/replay.h"
#include "persistence/rdb/dataset_reader.h"
#include "persistence/rdb/dataset_writer.h"
#include "persistence/rdb/fixtures.h"
#include "world.h"

namespace millrace::torture {
namespace {

namespace rdb = persistence::rdb;
using transcript::World;

constexpr int kShownMax = 20;

std::string from_digits(std::string_view digits) {
    std::string bytes;
    for (size_t i = 0; i + 1 < digits.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
    }
    return bytes;
}

void clear(World& world) {
    (void)world.send("client", {"FLUSHALL"});
    while (world.engine().keyspace().drain_condemned(1000)) {
    }
    world.effects.clear();
    world.events.clear();
}

// Every type and form, keys that expire, and collections of more than one node.
void fill(World& world) {
    for (const rdb::Fixture& each : rdb::kFixtures) {
        (void)world.send("client",
                         {"RESTORE", std::string(each.name), "0", from_digits(each.payload)});
    }
    (void)world.send("client", {"SET", "expires", "later", "PX", "100000000"});
    for (int i = 0; i < 300; ++i) {
        const std::string number = std::to_string(i);
        (void)world.send("client", {"RPUSH", "long list", "element " + number});
        (void)world.send("client", {"HSET", "large hash", "field " + number, number});
        (void)world.send("client", {"ZADD", "large zset", number, "member " + number});
        (void)world.send("client", {"XADD", "stream", number + "-1", "field", number});
    }
}

std::string saved(World& world) {
    rdb::BufferSink sink;
    rdb::Writer writer(sink, {});
    CHECK(rdb::write_dataset(writer, world.engine().keyspace(), {}).ok());
    return std::string(sink.view());
}

bool load(World& world, std::string_view bytes) {
    clear(world);
    rdb::DatasetReader reader(world.engine().keyspace(), {.drops_expired = false}, bytes);
    return reader.check_header().ok() && reader.load().ok();
}

std::string digest(World& world) {
    return world.send("client", {"DEBUG", "DIGEST"}).reply.text;
}

class Tester {
public:
    explicit Tester(uint64_t seed) : random_(seed) {}

    void rdb_with_checksum(uint64_t files);
    void rdb_with_right_checksum(uint64_t files);
    void log_with_checksums(uint64_t files);

    uint64_t passed = 0;
    uint64_t failed = 0;

private:
    uint64_t below(uint64_t limit) { return random_() % limit; }
    std::string damage(std::string bytes);
    void count(const char* kind, uint64_t file, bool right, const std::string& bytes);
    void report(const char* kind, uint64_t files, uint64_t accepted);

    std::mt19937_64 random_;
    World world_;
};

std::string Tester::damage(std::string bytes) {
    const uint64_t times = 1 + below(3);
    for (uint64_t i = 0; i < times && !bytes.empty(); ++i) {
        const size_t at = below(bytes.size());
        const size_t count = std::min<size_t>(1 + below(64), bytes.size() - at);
        switch (below(7)) {
            case 0:
            case 1:
                bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
                break;
            case 2:
                bytes[at] = static_cast<char>(below(256));
                break;
            case 3:
                bytes.erase(at, count);
                break;
            case 4:
                bytes.insert(at, bytes.substr(at, count));
                break;
            case 5:
                std::fill_n(bytes.begin() + static_cast<long>(at), count, '\0');
                break;
            default:
                bytes.resize(at);
        }
    }
    return bytes;
}

void Tester::count(const char* kind, uint64_t file, bool right, const std::string& bytes) {
    right ? ++passed : ++failed;
    if (right || failed > kShownMax) return;
    const std::string name = fmt::format("damaged-{}", failed);
    if (FILE* out = std::fopen(name.c_str(), "wb"); out != nullptr) {
        std::fwrite(bytes.data(), 1, bytes.size(), out);
        std::fclose(out);
    }
    fmt::print("{}: file {} is wrong, see {}\n", kind, file, name);
}

void Tester::report(const char* kind, uint64_t files, uint64_t accepted) {
    fmt::print("{}: {} files, {} loaded\n", kind, files, accepted);
    std::fflush(stdout);
}

void Tester::rdb_with_checksum(uint64_t files) {
    clear(world_);
    fill(world_);
    const std::string whole = saved(world_);
    uint64_t accepted = 0;
    for (uint64_t i = 0; i < files; ++i) {
        const std::string bytes = damage(whole);
        const bool loaded = load(world_, bytes);
        accepted += loaded;
        // What stands behind the end is not read.
        count("RDB with its checksum", i, !loaded || bytes.starts_with(whole), bytes);
    }
    report("RDB with its checksum", files, accepted);
}

void Tester::rdb_with_right_checksum(uint64_t files) {
    constexpr size_t kSumBytes = 8;
    clear(world_);
    fill(world_);
    std::string whole = saved(world_);
    whole.resize(whole.size() - kSumBytes);
    uint64_t accepted = 0;
    for (uint64_t i = 0; i < files; ++i) {
        std::string bytes = damage(whole);
        uint64_t sum = crc64(0, bytes);
        for (size_t byte = 0; byte < kSumBytes; ++byte, sum >>= 8) {
            bytes += static_cast<char>(sum & 0xff);
        }
        bool right = true;
        if (load(world_, bytes)) {
            ++accepted;
            const std::string first = digest(world_);
            const std::string again = saved(world_);
            right = load(world_, again) && digest(world_) == first;
        }
        count("RDB, checksum made right", i, right, bytes);
    }
    report("RDB, checksum made right", files, accepted);
}

void Tester::log_with_checksums(uint64_t files) {
    // Pieces of some commands, each with its line.
    std::string whole;
    std::vector<std::string> states;
    observe::LoadingMarks marks;
    for (int piece = 0; piece < 12; ++piece) {
        ByteBuffer bytes;
        for (int i = 0; i < 5; ++i) {
            const std::string text = fmt::format("value {} of {}", i, piece);
            const std::string key = fmt::format("key:{}:{}", piece, i);
            const std::string_view words[] = {"RPUSH", key, text, text};
            persistence::aof::append_command(bytes, words);
        }
        whole += bytes.view();
        whole += fmt::format("#CRC:{}:{:016x}\r\n", bytes.size(), crc64(0, bytes.view()));
    }
    const auto replay = [&](const std::string& bytes, uint64_t& sound) {
        clear(world_);
        persistence::LoadProgress progress(world_.engine(), {.marks = marks}, bytes.size());
        persistence::aof::Replay log(
            world_.engine(), [](std::string_view, persistence::LoadProgress&) -> Result<size_t> {
                return Error("no RDB file is expected");
            },
            progress);
        const auto ended = log.run("damaged", bytes);
        sound = log.sound();
        return ended.ok();
    };
    uint64_t accepted = 0;
    for (uint64_t i = 0; i < files; ++i) {
        const std::string bytes = damage(whole);
        uint64_t sound = 0;
        const bool loaded = replay(bytes, sound);
        accepted += loaded;
        // What was loaded is the beginning of what was written, but for the checksum lines
        // themselves, which nothing covers.
        bool right = true;
        if (loaded) {
            const auto without_lines = [](std::string_view text) {
                std::string rest;
                while (!text.empty()) {
                    const size_t end = text.find('\n');
                    const std::string_view line = text.substr(0, end);
                    if (!line.starts_with("#")) rest += std::string(line) + "\n";
                    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
                }
                return rest;
            };
            const std::string found = without_lines(std::string_view(bytes).substr(0, sound));
            right = without_lines(whole).starts_with(found);
            // A piece that lost its own line is not covered.
            const auto lines_of = [](std::string_view text) {
                size_t lines = 0;
                for (size_t at = 0; (at = text.find("#CRC:", at)) != std::string_view::npos; ++at) {
                    lines += text.find("\r\n", at) != std::string_view::npos;
                }
                return lines;
            };
            right = right || lines_of(bytes) < lines_of(whole);
            // Nothing complete is dropped, once a line has told that the file has checksums.
            const bool has_sums = bytes.substr(0, sound).find("#CRC:") != std::string::npos;
            const size_t line = bytes.find("\r\n#CRC:", sound);
            const size_t end = bytes.find("\r\n", std::min(line, bytes.size() - 1) + 1);
            right = right && (!has_sums || end == std::string::npos);
        }
        count("AOF with checksum lines", i, right, bytes);
    }
    report("AOF with checksum lines", files, accepted);
}

int run(uint64_t seed, uint64_t files) {
    set_log_level(LogLevel::Nothing);
    fmt::print("seed {}\n", seed);
    Tester tester(seed);
    tester.rdb_with_checksum(files / 3);
    tester.rdb_with_right_checksum(files / 3);
    tester.log_with_checksums(files - files / 3 * 2);
    fmt::print("{} passed, {} failed\n", tester.passed, tester.failed);
    return tester.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace millrace::torture

int main(int argc, char** argv) {
    uint64_t seed = std::random_device{}();
    uint64_t files = 50000;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::strcmp(argv[i], "--files") == 0) files = std::strtoull(argv[i + 1], nullptr, 10);
        if (std::strcmp(argv[i], "--seed") == 0) seed = std::strtoull(argv[i + 1], nullptr, 10);
    }
    return millrace::torture::run(seed, files);
}
