// SPDX-License-Identifier: BSD-3-Clause
#include "report.h"

#include <cinttypes>
#include <cstdarg>
#include <cstring>
#include <memory>

#include "base/bytes.h"
#include "persistence/aof/command_reader.h"
#include "persistence/aof/replay.h"
#include "preamble.h"

namespace millrace::check_aof {

using persistence::aof::CommandReader;
using persistence::aof::Manifest;
using persistence::MappedFile;
using Outcome = CommandReader::Outcome;

bool looks_like_manifest(std::string_view path, std::string_view bytes) {
    while (bytes.starts_with("#")) {
        if (bytes.starts_with("#TS:") || bytes.starts_with("#CRC:")) return false;
        const size_t end = bytes.find('\n');
        if (end == std::string_view::npos) break;
        bytes.remove_prefix(end + 1);
    }
    if (bytes.starts_with("file ")) return true;
    const bool is_log = bytes.starts_with("*") || persistence::aof::has_preamble(bytes);
    return !is_log && path.ends_with(".manifest");
}

void Checker::say(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::vfprintf(out_, format, arguments);
    va_end(arguments);
    std::fflush(out_);
}

// --- cutting ---

bool Checker::cut(const File& file, size_t bytes) {
    auto opened = disk_.open(file.path, false);
    if (opened.ok() && (*opened)->cut(bytes).ok() && (*opened)->sync().ok()) return true;
    say("Failed to truncate AOF %s\n", file.shown.c_str());
    return false;
}

bool Checker::offer_to_cut(const File& file, size_t bytes, size_t sound) {
    if (!file.last) {
        say("Failed to truncate AOF %s because it is not the last file\n", file.shown.c_str());
        return false;
    }
    say("This will shrink the AOF %s from %zu bytes, with %zu bytes, to %zu bytes\n",
        file.shown.c_str(), bytes, bytes - sound, sound);
    say("Continue? [y/N]: ");
    char answer[16] = {};
    if (std::fgets(answer, sizeof answer, answers_) == nullptr ||
        (answer[0] != 'y' && answer[0] != 'Y')) {
        say("Aborting...\n");
        return false;
    }
    if (!cut(file, sound)) return false;
    say("Successfully truncated AOF %s\n", file.shown.c_str());
    return true;
}

bool Checker::report(const File& file, size_t bytes, size_t sound, uint64_t line) {
    say("AOF analyzed: filename=%s, size=%zu, ok_up_to=%zu, ok_up_to_line=%" PRIu64 ", diff=%zu\n",
        file.shown.c_str(), bytes, sound, line, bytes - sound);
    if (sound == bytes) {
        say("%sAOF %s is valid\n", std::string(file.kind).c_str(), file.shown.c_str());
        return true;
    }
    if (task_.fix) return offer_to_cut(file, bytes, sound);
    say("AOF %s is not valid. Use the --fix option to try fixing it.\n", file.shown.c_str());
    return false;
}

// --- one file ---

bool Checker::cut_at_timestamp(const File& file, std::string_view bytes, size_t begin) {
    CommandReader reader(bytes);
    reader.skip(begin);
    const int64_t wanted = *task_.timestamp;
    Outcome outcome;
    while ((outcome = reader.next()) == Outcome::Command || outcome == Outcome::Annotation) {
        if (outcome == Outcome::Command) continue;
        if (persistence::aof::timestamp_of(reader.text()) <= wanted) continue;
        const std::string at = std::to_string(wanted);
        if (!file.last) {
            say("Failed to truncate AOF %s to timestamp %s to offset %zu because it is not the "
                "last file.\n",
                file.shown.c_str(), at.c_str(), reader.began());
            say("If you insist, please delete all files after this file according to the manifest "
                "file and delete the corresponding records in manifest file manually. Then re-run "
                "millrace-check-aof.\n");
            return false;
        }
        if (reader.began() == 0) {
            say("AOF %s has nothing before timestamp %s, aborting...\n", file.shown.c_str(),
                at.c_str());
            return false;
        }
        if (!cut(file, reader.began())) return false;
        say("Successfully truncated AOF %s to timestamp %s\n", file.shown.c_str(), at.c_str());
        return true;
    }
    say("Truncate nothing in AOF %s to timestamp %" PRId64 "\n", file.shown.c_str(), wanted);
    say("%sAOF %s is valid\n", std::string(file.kind).c_str(), file.shown.c_str());
    return true;
}

bool Checker::check_log(const File& file, std::string_view bytes, size_t begin) {
    if (task_.timestamp) return cut_at_timestamp(file, bytes, begin);
    CommandReader reader(bytes);
    reader.skip(begin);
    size_t sound = begin;
    bool in_transaction = false;
    for (;;) {
        const Outcome outcome = reader.next();
        if (outcome == Outcome::Command) {
            if (equals_ignore_case(reader.words()[0], "MULTI")) in_transaction = true;
            if (equals_ignore_case(reader.words()[0], "EXEC")) in_transaction = false;
        } else if (outcome == Outcome::End) {
            if (in_transaction) {
                say("0x%16zx: Reached EOF before reading EXEC for MULTI\n", reader.began());
            }
            break;
        } else if (outcome != Outcome::Annotation) {
            say("0x%16zx: %.*s\n", reader.where(), static_cast<int>(reader.what().size()),
                reader.what().data());
            if (outcome == Outcome::Bad) say("AOF %s format error\n", file.shown.c_str());
            break;
        }
        if (!in_transaction) sound = reader.offset();
    }
    lines_ += reader.lines();
    return report(file, bytes.size(), sound, lines_ + 1);
}

bool Checker::check_file(const File& file) {
    MappedFile mapped;
    const Status opened = mapped.open(file.path);
    if (!opened.ok()) {
        say("Cannot open file %s: %s, aborting...\n", file.path.c_str(),
            std::strerror(opened.error().code()));
        return false;
    }
    const std::string_view bytes = mapped.bytes();
    const bool has_preamble = persistence::aof::has_preamble(bytes);
    if (file.kind == "BASE ") {
        say("Start to check BASE AOF (%s format).\n", has_preamble ? "RDB" : "RESP");
    }
    if (bytes.empty()) {
        say("%sAOF %s is empty\n", std::string(file.kind).c_str(), file.shown.c_str());
        return true;
    }
    if (!has_preamble) return check_log(file, bytes, 0);
    const Result<size_t> length = preamble_bytes(bytes);
    if (!length.ok()) {
        say("%s\n", std::string(length.error().text()).c_str());
        say("RDB preamble of AOF file is not sane, aborting.\n");
        return false;
    }
    say("RDB preamble is OK, proceeding with AOF tail...\n");
    return check_log(file, bytes, *length);
}

// --- all files ---

int Checker::check_manifest(std::string_view bytes) {
    say("Start checking Multi Part AOF\n");
    Result<Manifest> manifest = Manifest::parse(bytes);
    if (!manifest.ok()) {
        say("*** FATAL AOF MANIFEST FILE ERROR ***\n%s\n",
            std::string(manifest.error().text()).c_str());
        return 1;
    }
    const size_t slash = task_.path.rfind('/');
    const std::string folder =
        slash == std::string::npos ? "" : task_.path.substr(0, slash + 1);
    const auto place = [&](const persistence::aof::FileEntry& entry, std::string_view kind,
                           bool last) {
        return File{.shown = entry.name, .path = folder + entry.name, .kind = kind, .last = last};
    };
    const bool increments = !manifest->increments.empty();
    if (manifest->base && !check_file(place(*manifest->base, "BASE ", !increments))) return 1;
    if (increments) say("Start to check INCR files.\n");
    // The log may end before the last file, which a rewrite makes first, empty.
    size_t last = manifest->increments.size();
    const auto is_empty = [&](size_t number) {
        const auto size = disk_.size_of(folder + manifest->increments[number].name);
        return size.ok() && *size == 0;
    };
    while (last > 1 && is_empty(last - 1)) --last;
    for (size_t i = 0; i < manifest->increments.size(); ++i) {
        if (!check_file(place(manifest->increments[i], "INCR ", i + 1 >= last))) return 1;
    }
    say("All AOF files and manifest are valid\n");
    return 0;
}

int Checker::run() {
    MappedFile mapped;
    const Status opened = mapped.open(task_.path);
    if (!opened.ok()) {
        say("Cannot open file %s: %s\n", task_.path.c_str(),
            std::strerror(opened.error().code()));
        return 1;
    }
    if (looks_like_manifest(task_.path, mapped.bytes())) return check_manifest(mapped.bytes());
    say("Start checking Old-Style AOF\n");
    return check_file({.shown = task_.path, .path = task_.path, .kind = "", .last = true}) ? 0 : 1;
}

}  // namespace millrace::check_aof
