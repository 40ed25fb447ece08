// SPDX-License-Identifier: BSD-3-Clause
//
// Checks the files of an AOF, and cuts the last one where it stops making sense, or at a moment.
// What it prints is what tools and tests of Valkey read.
//
// Owner:   main().
// Threads: one.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "persistence/aof/manifest.h"
#include "persistence/disk.h"

namespace millrace::check_aof {

struct Task {
    std::string path;  // Of a manifest, or of a file.
    bool fix = false;
    std::optional<int64_t> timestamp;  // Cut what was logged after this second.
};

// Whether the bytes are a manifest rather than a log.
bool looks_like_manifest(std::string_view path, std::string_view bytes);

class Checker {
public:
    // Answers to questions are read from `answers`.
    Checker(const Task& task, std::FILE* out, std::FILE* answers)
        : task_(task), out_(out), answers_(answers) {}

    // The exit code.
    int run();

private:
    struct File {
        std::string shown;  // As messages name it.
        std::string path;
        std::string_view kind;  // "BASE ", "INCR " or nothing.
        bool last = true;
    };

    int check_manifest(std::string_view bytes);
    bool check_file(const File& file);
    bool check_log(const File& file, std::string_view bytes, size_t begin);
    bool cut_at_timestamp(const File& file, std::string_view bytes, size_t begin);
    bool report(const File& file, size_t bytes, size_t sound, uint64_t line);
    bool offer_to_cut(const File& file, size_t bytes, size_t sound);
    bool cut(const File& file, size_t bytes);
    [[gnu::format(printf, 2, 3)]] void say(const char* format, ...);

    const Task task_;
    std::FILE* const out_;
    std::FILE* const answers_;
    persistence::SystemDisk disk_;
    uint64_t lines_ = 0;  // Of all files so far.
};

}  // namespace millrace::check_aof
