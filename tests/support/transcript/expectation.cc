// SPDX-License-Identifier: BSD-3-Clause
#include "expectation.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/glob.h"

namespace millrace::transcript {
namespace {

using protocol::Reply;
using protocol::to_text;

struct Placeholder {
    enum class Kind { Now, Unix, About, Repeat };
    Kind kind;
    int64_t number = 0;
    std::string repeated;
};

std::optional<Placeholder> parse_placeholder(std::string_view inside) {
    const auto number_after = [&](size_t at) {
        return std::strtoll(std::string(inside.substr(at)).c_str(), nullptr, 10);
    };
    if (inside.starts_with("now+") || inside.starts_with("now-")) {
        return Placeholder{Placeholder::Kind::Now, number_after(3), {}};
    }
    if (inside.starts_with("unix+") || inside.starts_with("unix-")) {
        return Placeholder{Placeholder::Kind::Unix, number_after(4), {}};
    }
    if (inside.starts_with("about ")) {
        return Placeholder{Placeholder::Kind::About, number_after(6), {}};
    }
    const size_t last = inside.rfind(' ');
    if (inside.starts_with("repeat ") && last > 7) {
        return Placeholder{Placeholder::Kind::Repeat, number_after(last + 1),
                           std::string(inside.substr(7, last - 7))};
    }
    return std::nullopt;
}

// A line in pieces: text, each followed by a placeholder but for the last.
struct Pieces {
    std::vector<std::string> texts = {""};
    std::vector<Placeholder> placeholders;
};

Pieces split_placeholders(std::string_view line) {
    Pieces pieces;
    while (!line.empty()) {
        const size_t open = std::min(line.find('{'), line.size());
        pieces.texts.back() += line.substr(0, open);
        line.remove_prefix(open);
        const size_t end = line.find('}');
        std::optional<Placeholder> found;
        if (end != std::string_view::npos) found = parse_placeholder(line.substr(1, end - 1));
        if (!found) {
            if (line.empty()) break;
            pieces.texts.back() += '{';
            line.remove_prefix(1);
            continue;
        }
        line.remove_prefix(end + 1);
        if (found->kind == Placeholder::Kind::Repeat) {
            for (int64_t i = 0; i < found->number; ++i) pieces.texts.back() += found->repeated;
            continue;
        }
        pieces.placeholders.push_back(std::move(*found));
        pieces.texts.emplace_back();
    }
    return pieces;
}

// What a placeholder stands for, and how far below or above it a number may be.
struct Range {
    int64_t low;
    int64_t high;
};

Range range_of(const Placeholder& placeholder, const Surroundings& surroundings) {
    const int64_t slack = surroundings.slack_ms;
    switch (placeholder.kind) {
        case Placeholder::Kind::Now: {
            const int64_t exact = surroundings.now_ms + placeholder.number;
            return {exact - slack, exact + slack};
        }
        case Placeholder::Kind::Unix: {
            const int64_t exact = surroundings.now_ms / 1000 + placeholder.number;
            const int64_t seconds = slack == 0 ? 0 : slack / 1000 + 1;
            return {exact - seconds, exact + seconds};
        }
        default:
            return {placeholder.number - slack, placeholder.number};
    }
}

bool take_number(std::string_view& line, Range range) {
    size_t size = !line.empty() && line[0] == '-' ? 1 : 0;
    while (size < line.size() && std::isdigit(static_cast<unsigned char>(line[size]))) ++size;
    if (size == 0) return false;
    const int64_t number = std::strtoll(std::string(line.substr(0, size)).c_str(), nullptr, 10);
    line.remove_prefix(size);
    return number >= range.low && number <= range.high;
}

bool is_null(std::string_view line) {
    return line.ends_with("(nil)") || line.ends_with("(nil array)");
}

std::string_view without_null(std::string_view line) {
    return line.substr(0, line.rfind('('));
}

}  // namespace

std::string fill_in(std::string_view text, const Surroundings& surroundings) {
    const Pieces pieces = split_placeholders(text);
    std::string filled = pieces.texts[0];
    for (size_t i = 0; i < pieces.placeholders.size(); ++i) {
        const Surroundings exact{surroundings.now_ms, 0, false};
        filled += std::to_string(range_of(pieces.placeholders[i], exact).high);
        filled += pieces.texts[i + 1];
    }
    return filled;
}

bool line_matches(std::string_view expected, std::string_view actual,
                  const Surroundings& surroundings) {
    if (expected.starts_with("like ")) return glob_match(expected.substr(5), actual);
    if (surroundings.one_null && is_null(expected) && is_null(actual)) {
        return without_null(expected) == without_null(actual);
    }

    const Pieces pieces = split_placeholders(expected);
    for (size_t i = 0; i < pieces.texts.size(); ++i) {
        if (!actual.starts_with(pieces.texts[i])) return false;
        actual.remove_prefix(pieces.texts[i].size());
        if (i == pieces.placeholders.size()) break;
        if (!take_number(actual, range_of(pieces.placeholders[i], surroundings))) return false;
    }
    return actual.empty();
}

bool lines_match(std::span<const std::string> expected, std::span<const std::string> actual,
                 const Surroundings& surroundings) {
    size_t at = 0;
    for (const std::string& line : expected) {
        if (line.starts_with("like* ")) {
            const std::string_view pattern = std::string_view(line).substr(6);
            while (at < actual.size() && glob_match(pattern, actual[at])) ++at;
            continue;
        }
        if (at == actual.size() || !line_matches(line, actual[at], surroundings)) return false;
        ++at;
    }
    return at == actual.size();
}

void sort_parts(Reply& reply) {
    for (Reply& part : reply.parts) sort_parts(part);
    if (reply.kind == Reply::Kind::Map) {
        std::vector<std::pair<Reply, Reply>> pairs;
        for (size_t i = 0; i + 1 < reply.parts.size(); i += 2) {
            pairs.emplace_back(std::move(reply.parts[i]), std::move(reply.parts[i + 1]));
        }
        std::sort(pairs.begin(), pairs.end(),
                  [](const auto& a, const auto& b) { return to_text(a.first) < to_text(b.first); });
        reply.parts.clear();
        for (auto& [key, value] : pairs) {
            reply.parts.push_back(std::move(key));
            reply.parts.push_back(std::move(value));
        }
        return;
    }
    const bool all_plain = std::none_of(reply.parts.begin(), reply.parts.end(),
                                        [](const Reply& part) { return part.has_parts(); });
    if (!all_plain) return;
    std::sort(reply.parts.begin(), reply.parts.end(),
              [](const Reply& a, const Reply& b) { return to_text(a) < to_text(b); });
}

std::vector<std::string> split_lines(std::string_view text) {
    std::vector<std::string> lines;
    for (;;) {
        const size_t end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return lines;
        text.remove_prefix(end + 1);
    }
}

}  // namespace millrace::transcript
