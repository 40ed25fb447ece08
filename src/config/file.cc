// SPDX-License-Identifier: BSD-3-Clause
#include "config/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace millrace::config {
namespace {

constexpr std::string_view kLineBlanks = " \t\r\n";

std::string_view trim(std::string_view line) {
    const size_t first = line.find_first_not_of(kLineBlanks);
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(kLineBlanks) - first + 1);
}

// Compat: without wildcards the path is opened as it is, with them no match is no error.
std::vector<std::string> expand(const std::string& path) {
    if (path.find_first_of("*?[") == std::string::npos) return {path};
    glob_t matches{};
    std::vector<std::string> paths;
    if (::glob(path.c_str(), 0, nullptr, &matches) == 0) {
        paths.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
    }
    ::globfree(&matches);
    return paths;
}

Result<std::string> read_all(int fd, std::string_view name) {
    std::string text;
    char block[16 * 1024];
    while (true) {
        const ssize_t bytes = ::read(fd, block, sizeof block);
        if (bytes == 0) return text;
        // Compat: a folder opens well and holds nothing.
        if (bytes < 0 && errno == EISDIR) return text;
        if (bytes < 0 && errno == EINTR) continue;
        if (bytes < 0) return system_error(name, errno);
        text.append(block, static_cast<size_t>(bytes));
    }
}

LoadError cannot_open(const std::string& path, int code) {
    return {.message = fmt::format("Fatal error, can't open config file '{}': {}", path,
                                   std::strerror(code)),
            .for_log = true};
}

// All files that `path` stands for, as one text.
std::optional<LoadError> read_matches(const std::string& path, std::string& text) {
    for (const std::string& match : expand(path)) {
        auto content = read_file(match);
        if (!content.ok()) return cannot_open(match, content.error().code());
        if (!text.empty() && !text.ends_with('\n')) text += '\n';
        text += *content;
    }
    return std::nullopt;
}

// One text on the way through it.
struct Frame {
    std::string text;
    size_t at = 0;
    size_t line = 0;

    bool next_line(std::string_view& out) {
        if (at > text.size()) return false;
        const size_t end = text.find('\n', at);
        const size_t stop = end == std::string::npos ? text.size() : end;
        out = std::string_view(text).substr(at, stop - at);
        // A NUL byte ends the line.
        out = out.substr(0, out.find('\0'));
        at = stop + 1;
        ++line;
        return true;
    }
};

class Loader {
public:
    explicit Loader(Registry& registry) : registry_(registry) {}

    std::optional<LoadError> run(std::string text) {
        frames_.push_back({std::move(text)});
        while (!frames_.empty()) {
            std::string_view line;
            if (!frames_.back().next_line(line)) {
                frames_.pop_back();
                continue;
            }
            if (auto error = load_line(trim(line))) return error;
        }
        return std::nullopt;
    }

private:
    std::optional<LoadError> load_line(std::string_view line) {
        if (line.empty() || line.front() == '#') return std::nullopt;
        auto words = split_arguments(line);
        if (!words.ok()) return at_line(line, "Unbalanced quotes in configuration line");
        if (words->empty()) return std::nullopt;
        if (words->size() == 2 && equal_ignoring_case((*words)[0], "include")) {
            return include(line, (*words)[1]);
        }
        const Status status = registry_.load(*words);
        if (!status.ok()) return at_line(line, status.error().text());
        note_origin((*words)[0]);
        return std::nullopt;
    }

    std::optional<LoadError> include(std::string_view line, const std::string& path) {
        if (frames_.size() > kIncludeDepthMax) {
            return at_line(line, "Too many include files inside each other");
        }
        std::string text;
        if (auto error = read_matches(path, text)) return error;
        frames_.push_back({std::move(text)});
        return std::nullopt;
    }

    void note_origin(std::string_view name) {
        Setting* setting = registry_.find(name);
        if (setting == nullptr) return;
        if (frames_.size() > 1) {
            setting->note_included_file();
        } else {
            setting->note_main_file();
        }
    }

    LoadError at_line(std::string_view line, std::string_view message) const {
        return {.line = frames_.back().line,
                .text = std::string(line),
                .message = std::string(message)};
    }

    Registry& registry_;
    std::vector<Frame> frames_;  // The last one is being read; the others wait behind an include.
};

}  // namespace

std::string LoadError::print(std::string_view version) const {
    if (for_log) return message;
    std::string out = fmt::format("\n*** FATAL CONFIG FILE ERROR (Version {}) ***\n", version);
    if (line != 0) {
        out += fmt::format("Reading the configuration file, at line {}\n>>> '{}'\n", line, text);
    }
    return out + message + "\n";
}

Result<std::string> read_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return system_error(path, errno);
    auto text = read_all(fd, path);
    ::close(fd);
    return text;
}

Result<std::string> read_standard_input() {
    return read_all(STDIN_FILENO, "standard input");
}

std::optional<LoadError> load(Registry& registry, const Sources& sources) {
    std::string text;
    if (!sources.path.empty()) {
        if (auto error = read_matches(sources.path, text)) return error;
    }
    if (!sources.standard_input.empty()) {
        if (!text.empty() && !text.ends_with('\n')) text += '\n';
        text += sources.standard_input;
    }
    // Options always begin a line of their own; line numbers in errors count this one too.
    if (!sources.options.empty()) text += "\n" + sources.options;
    return load_text(registry, text);
}

std::optional<LoadError> load_text(Registry& registry, std::string_view text) {
    return Loader(registry).run(std::string(text));
}

}  // namespace millrace::config
