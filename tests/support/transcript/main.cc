// SPDX-License-Identifier: BSD-3-Clause
//
// transcripts: runs the .test files that stand beside the commands.
//
//     transcripts [--host HOST --port PORT] [--resp 2|3] [--filter TEXT] [PATH...]
//
// Against an engine in this process, or, with a port, against a server, whose data is flushed for
// it. PATH is a file or a folder, by default the sources; --filter keeps the files whose path
// contains TEXT. Ends with 1 if a case failed.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "in_process.h"
#include "over_socket.h"
#include "runner.h"

namespace millrace::transcript {
namespace {

namespace fs = std::filesystem;

struct Options {
    std::string host = "127.0.0.1";
    int port = 0;
    int protocol = 2;
    std::string filter;
    std::vector<std::string> paths;
};

std::optional<Options> parse_options(int count, char** words) {
    Options options;
    for (int at = 1; at < count; ++at) {
        const std::string word = words[at];
        const bool is_option = word.starts_with("--");
        if (is_option && at + 1 == count) return std::nullopt;
        if (word == "--host") {
            options.host = words[++at];
        } else if (word == "--port") {
            options.port = std::atoi(words[++at]);
        } else if (word == "--resp") {
            options.protocol = std::atoi(words[++at]);
        } else if (word == "--filter") {
            options.filter = words[++at];
        } else if (is_option) {
            return std::nullopt;
        } else {
            options.paths.push_back(word);
        }
    }
    if (options.paths.empty()) options.paths.emplace_back(MILLRACE_SOURCES);
    return options;
}

std::vector<std::string> find_files(const Options& options) {
    std::vector<std::string> files;
    for (const std::string& path : options.paths) {
        if (!fs::is_directory(path)) {
            files.push_back(path);
            continue;
        }
        for (const fs::directory_entry& each : fs::recursive_directory_iterator(path)) {
            if (each.path().extension() == ".test") files.push_back(each.path().string());
        }
    }
    std::erase_if(files, [&](const std::string& path) {
        return path.find(options.filter) == std::string::npos;
    });
    std::sort(files.begin(), files.end());
    return files;
}

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

int run(const Options& options) {
    std::unique_ptr<Target> target;
    if (options.port == 0) {
        target = std::make_unique<InProcess>();
    } else {
        auto server = std::make_unique<OverSocket>(options.host, options.port);
        if (const Status opened = server->open(); !opened.ok()) {
            std::printf("%s\n", std::string(opened.error().text()).c_str());
            return 1;
        }
        target = std::move(server);
    }
    Runner runner(*target, options.protocol);
    Tally total;
    for (const std::string& path : find_files(options)) {
        auto transcript = parse_transcript(path, read_file(path));
        if (!transcript.ok()) {
            std::printf("%s\n", std::string(transcript.error().text()).c_str());
            ++total.failed;
            continue;
        }
        const Tally tally = runner.run(*transcript);
        total.passed += tally.passed;
        total.failed += tally.failed;
        total.skipped += tally.skipped;
    }
    if (total.skipped != 0) std::printf("%zu skipped\n", total.skipped);
    std::printf("%zu passed, %zu failed\n", total.passed, total.failed);
    return total.failed == 0 && total.passed > 0 ? 0 : 1;
}

}  // namespace
}  // namespace millrace::transcript

int main(int count, char** words) {
    const auto options = millrace::transcript::parse_options(count, words);
    if (!options) {
        std::printf(
            "usage: transcripts [--host HOST --port PORT] [--resp 2|3] [--filter TEXT] "
            "[PATH...]\n");
        return 1;
    }
    return millrace::transcript::run(*options);
}
