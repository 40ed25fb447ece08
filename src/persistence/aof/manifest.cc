// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/aof/manifest.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/numbers.h"
#include "base/quote.h"

namespace millrace::persistence::aof {
namespace {

constexpr ErrorText kBadFormat{"Invalid AOF manifest file format"};

struct Line {
    FileEntry file;
    char type = 0;
};

Result<Line> parse_line(std::string_view text) {
    auto words = split_arguments(text);
    if (!words.ok()) return kBadFormat;
    // Pairs of a name and a value; names that are not known are for later versions.
    if (words->size() < 6 || words->size() % 2 != 0) return kBadFormat;
    Line line;
    bool numbered = false;
    for (size_t i = 0; i + 1 < words->size(); i += 2) {
        const std::string& name = (*words)[i];
        std::string& value = (*words)[i + 1];
        if (name == "file") {
            if (value.find('/') != std::string::npos) {
                return ErrorText{"File can't be a path, just a filename"};
            }
            line.file.name = std::move(value);
        } else if (name == "seq") {
            const auto number = parse_integer(value);
            numbered = number && *number > 0;
            if (numbered) line.file.number = static_cast<uint64_t>(*number);
        } else if (name == "type") {
            if (value.size() == 1) line.type = value[0];
            if (value.size() != 1 || (value != "b" && value != "h" && value != "i")) {
                return ErrorText{"Unknown AOF file type"};
            }
        }
    }
    if (line.file.name.empty() || !numbered || line.type == 0) return kBadFormat;
    return line;
}

Status add_line(Manifest& manifest, Line line) {
    switch (line.type) {
        case 'b':
            if (manifest.base) return ErrorText{"Found duplicate base file information"};
            manifest.base = std::move(line.file);
            return done();
        case 'h':
            manifest.history.push_back(std::move(line.file));
            return done();
        default:
            if (line.file.number < manifest.next_increment() && !manifest.increments.empty()) {
                return ErrorText{"Found a non-monotonic sequence number"};
            }
            manifest.increments.push_back(std::move(line.file));
            return done();
    }
}

void print_line(std::string& out, const FileEntry& file, char type) {
    const std::string name = needs_quotes(file.name) ? quote(file.name) : file.name;
    out += fmt::format("file {} seq {} type {}\n", name, file.number, type);
}

}  // namespace

Result<Manifest> Manifest::parse(std::string_view text) {
    Manifest manifest;
    if (text.empty()) return ErrorText{"Found an empty AOF manifest"};
    for (size_t number = 1; !text.empty(); ++number) {
        const size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        Status added = done();
        if (line.size() + 2 > kManifestLineBytesMax) {
            added = ErrorText{"The AOF manifest file contains too long line"};
        } else if (line.starts_with('#')) {
            continue;
        } else {
            auto parsed = parse_line(line);
            added = parsed.ok() ? add_line(manifest, std::move(parsed).value())
                                : Status(parsed.take_error());
        }
        if (added.ok()) continue;
        return Error(fmt::format("Reading the manifest file, at line {}: '{}': {}", number,
                                 line.substr(0, 128), added.error().text()));
    }
    return manifest;
}

std::string Manifest::print() const {
    std::string text;
    if (base) print_line(text, *base, 'b');
    for (const FileEntry& file : history) print_line(text, file, 'h');
    for (const FileEntry& file : increments) print_line(text, file, 'i');
    return text;
}

bool Manifest::is_history(const FileEntry& file) const {
    return std::find(history.begin(), history.end(), file) != history.end();
}

FileEntry Manifest::new_base(const std::string& name, bool rdb) const {
    for (uint64_t number = next_base();; ++number) {
        FileEntry file{fmt::format("{}.{}.base.{}", name, number, rdb ? "rdb" : "aof"), number};
        if (!is_history(file)) return file;
    }
}

FileEntry Manifest::new_increment(const std::string& name) const {
    for (uint64_t number = next_increment();; ++number) {
        FileEntry file{fmt::format("{}.{}.incr.aof", name, number), number};
        if (!is_history(file)) return file;
    }
}

void Manifest::replace_base(FileEntry fresh, size_t kept) {
    if (base) history.insert(history.begin(), *base);
    base = std::move(fresh);
    while (increments.size() > kept) {
        history.insert(history.begin(), increments.front());
        increments.erase(increments.begin());
    }
}

}  // namespace millrace::persistence::aof
