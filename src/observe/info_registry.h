// SPDX-License-Identifier: BSD-3-Clause
//
// INFO: sections that their owners register, and the fields that their writers add.
//
//     info.add("memory", "Memory", InfoRegistry::kDefault,
//              [&](InfoWriter& out) { out.field("used_memory", bytes); });
//
// Sections appear in the order in which they were added, each at most once, with an empty line
// between them.
//
// Owner:   the server. Threads: main thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::observe {

// "1.50K" and the like, as the *_human fields have it.
std::string human_bytes(uint64_t bytes);

class InfoWriter {
public:
    explicit InfoWriter(std::string& out) : out_(out) {}
    void field(std::string_view name, std::string_view value);
    void field(std::string_view name, const char* value) { field(name, std::string_view(value)); }
    void field(std::string_view name, int64_t value);
    void field(std::string_view name, uint64_t value);
    void field(std::string_view name, int value) { field(name, static_cast<int64_t>(value)); }
    void field(std::string_view name, uint32_t value) { field(name, static_cast<uint64_t>(value)); }
    void field(std::string_view name, bool value) { field(name, static_cast<int64_t>(value)); }
    void field(std::string_view name, double value, int decimals);
    void human_bytes(std::string_view name, uint64_t bytes);

private:
    std::string& out_;
};

class InfoRegistry {
public:
    enum Inclusion : uint8_t { kDefault, kAll, kEverythingOnly, kOnlyByName };
    using Write = std::function<void(InfoWriter&)>;

    // `name` is what INFO takes, in lower case; `title` what the section's line says. Several
    // writers may share a section: they write in the order in which they were added.
    void add(std::string_view name, std::string_view title, Inclusion inclusion, Write write);

    // Makes `other` a second name of a section that has been added.
    void add_alias(std::string_view name, std::string_view other);

    // The answer to INFO with these section names ("default", "all", "everything" and sections, in
    // any case). Without any, the default sections; unknown names are ignored.
    std::string render(std::span<const std::string_view> names) const;

private:
    struct Section {
        std::vector<std::string> names;
        std::string title;
        Inclusion inclusion;
        std::vector<Write> writers;
    };
    Section* find(std::string_view name);
    static bool wanted(const Section& section, std::span<const std::string_view> names);

    std::vector<Section> sections_;
};

}  // namespace millrace::observe
