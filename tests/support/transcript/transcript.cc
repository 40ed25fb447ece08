// SPDX-License-Identifier: BSD-3-Clause
#include "transcript.h"

#include <optional>
#include <utility>

namespace millrace::transcript {
namespace {

bool is_name_letter(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
}

// "> words", "b> words", "<", "b<": who, which of both, and the rest of the line.
struct ClientLine {
    std::string client;
    Step::Kind kind;
    std::string rest;
};

std::optional<ClientLine> parse_client_line(std::string_view line) {
    size_t at = 0;
    while (at < line.size() && is_name_letter(line[at])) ++at;
    if (at == line.size() || (at > 0 && line[0] <= '9')) return std::nullopt;
    if (line[at] != '>' && line[at] != '<') return std::nullopt;
    const bool sends = line[at] == '>';
    std::string_view rest = line.substr(at + 1);
    if (sends && (rest.empty() || rest[0] != ' ')) return std::nullopt;
    if (!sends && !rest.empty()) return std::nullopt;
    if (sends) rest.remove_prefix(1);
    return ClientLine{std::string(line.substr(0, at)), sends ? Step::Kind::Send : Step::Kind::Read,
                      std::string(rest)};
}

bool is_comment(std::string_view line) {
    return line == "#" || line.starts_with("# ");
}

// Takes "event x", "event(3) x" and "event (none)".
bool take_observation(std::string_view word, std::string_view line, std::vector<std::string>& lines,
                      bool& checks) {
    if (!line.starts_with(word)) return false;
    const std::string_view rest = line.substr(word.size());
    if (!rest.starts_with(" ") && !rest.starts_with("(")) return false;
    checks = true;
    if (rest != " (none)") lines.emplace_back(line);
    return true;
}

class Reader {
public:
    explicit Reader(std::string path) { transcript_.path = std::move(path); }

    Status take(std::string_view line, int number) {
        if (line.empty()) {
            open_ = false;
            return done();
        }
        if (!open_) {
            transcript_.cases.push_back({number, {}, {}});
            open_ = true;
        }
        Case& current = transcript_.cases.back();
        if (is_comment(line)) {
            if (current.title.empty()) current.title = line.substr(line == "#" ? 1 : 2);
            return done();
        }
        if (line.starts_with("! ")) {
            const std::string text(line.substr(2));
            add({.kind = Step::Kind::Directive, .line = number, .text = text});
            return done();
        }
        if (const auto parsed = parse_client_line(line)) {
            add({.kind = parsed->kind,
                 .line = number,
                 .client = parsed->client,
                 .text = parsed->rest});
            return done();
        }
        return take_expected(current, line, number);
    }

    Transcript finish() {
        std::erase_if(transcript_.cases, [](const Case& each) { return each.steps.empty(); });
        return std::move(transcript_);
    }

private:
    void add(Step step) { transcript_.cases.back().steps.push_back(std::move(step)); }

    Status take_expected(Case& current, std::string_view line, int number) {
        if (current.steps.empty() || current.steps.back().kind == Step::Kind::Directive) {
            return Error(transcript_.path + ":" + std::to_string(number) +
                         ": expected without a command: " + std::string(line));
        }
        Step& step = current.steps.back();
        if (take_observation("event", line, step.events, step.checks_events)) return done();
        if (take_observation("propagate", line, step.effects, step.checks_effects)) return done();
        step.expected.emplace_back(line);
        return done();
    }

    Transcript transcript_;
    bool open_ = false;
};

}  // namespace

Result<Transcript> parse_transcript(std::string path, std::string_view text) {
    Reader reader(std::move(path));
    int number = 0;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        (void)TRY(reader.take(text.substr(0, end), ++number));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return reader.finish();
}

}  // namespace millrace::transcript
