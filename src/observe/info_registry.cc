// SPDX-License-Identifier: BSD-3-Clause
//
// Writes fields, chooses sections.

#include "observe/info_registry.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "base/append.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/token.h"

namespace millrace::observe {
namespace {

// Room for the largest double.
constexpr size_t kFixedCharsMax = 400;

std::string fixed(double value, int decimals) {
    char text[kFixedCharsMax];
    const auto end =
        std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, decimals);
    CHECK(end.ec == std::errc());
    return std::string(text, end.ptr);
}

std::string whole_bytes(uint64_t bytes) {
    std::string text;
    append(text, bytes, 'B');
    return text;
}

}  // namespace

std::string human_bytes(uint64_t bytes) {
    static constexpr std::string_view kUnits = "KMGTP";
    if (bytes < 1024) return whole_bytes(bytes);
    size_t unit = 0;
    uint64_t divisor = 1024;
    while (unit + 1 < kUnits.size() && bytes / 1024 >= divisor) {
        divisor *= 1024;
        ++unit;
    }
    // Compat: from an exabyte on there is no unit any more.
    if (bytes / 1024 >= divisor) return whole_bytes(bytes);
    const double count = static_cast<double>(bytes) / static_cast<double>(divisor);
    return fixed(count, 2) + kUnits[unit];
}

void InfoWriter::field(std::string_view name, std::string_view value) {
    append(out_, name, ':', value, "\r\n");
}

void InfoWriter::field(std::string_view name, int64_t value) {
    append(out_, name, ':', value, "\r\n");
}

void InfoWriter::field(std::string_view name, uint64_t value) {
    append(out_, name, ':', value, "\r\n");
}

void InfoWriter::field(std::string_view name, double value, int decimals) {
    field(name, fixed(value, decimals));
}

void InfoWriter::human_bytes(std::string_view name, uint64_t bytes) {
    field(name, std::string_view(observe::human_bytes(bytes)));
}

InfoRegistry::Section* InfoRegistry::find(std::string_view name) {
    for (Section& section : sections_) {
        for (const std::string& own : section.names) {
            if (own == name) return &section;
        }
    }
    return nullptr;
}

void InfoRegistry::add(std::string_view name, std::string_view title, Inclusion inclusion,
                       Write write) {
    Section* section = find(name);
    if (section == nullptr) {
        sections_.push_back({{std::string(name)}, std::string(title), inclusion, {}});
        section = &sections_.back();
    }
    section->writers.push_back(std::move(write));
}

void InfoRegistry::add_alias(std::string_view name, std::string_view other) {
    Section* section = find(name);
    CHECK(section != nullptr);
    CHECK(find(other) == nullptr);
    section->names.emplace_back(other);
}

bool InfoRegistry::wanted(const Section& section, std::span<const std::string_view> names) {
    if (names.empty()) return section.inclusion == kDefault;
    for (const std::string_view name : names) {
        if (is_token(name, "default") && section.inclusion == kDefault) return true;
        if (is_token(name, "all") && section.inclusion <= kAll) return true;
        if (is_token(name, "everything") && section.inclusion <= kEverythingOnly) {
            return true;
        }
        for (const std::string& own : section.names) {
            if (is_token(name, own)) return true;
        }
    }
    return false;
}

std::string InfoRegistry::render(std::span<const std::string_view> names) const {
    // No room ahead: what it has counts in the used_memory that it tells.
    std::string out;
    InfoWriter writer(out);
    for (const Section& section : sections_) {
        if (!wanted(section, names)) continue;
        if (!out.empty()) out += "\r\n";
        out.append("# ").append(section.title).append("\r\n");
        for (const Write& write : section.writers) write(writer);
    }
    return out;
}

}  // namespace millrace::observe
