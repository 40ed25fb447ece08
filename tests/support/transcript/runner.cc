// SPDX-License-Identifier: BSD-3-Clause
#include "runner.h"

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include "base/quote.h"
#include "expectation.h"

namespace millrace::transcript {
namespace {

std::vector<std::string> lines_of(Answer& answer, bool unordered) {
    switch (answer.kind) {
        case Answer::Kind::Nothing:
            return {"(waits)"};
        case Answer::Kind::Closed:
            return {"(closed)"};
        case Answer::Kind::Reply:
            break;
    }
    if (unordered) sort_parts(answer.reply);
    return split_lines(protocol::to_text(answer.reply));
}

// "1500ms", "2s".
Result<int64_t> parse_duration_ms(const std::string& text) {
    char* end = nullptr;
    const int64_t number = std::strtoll(text.c_str(), &end, 10);
    const std::string_view unit = end;
    if (unit == "ms") return number;
    if (unit == "s") return number * 1000;
    return Error("no duration: " + text);
}

}  // namespace

Tally Runner::run(const Transcript& transcript) {
    Tally tally;
    if (const Status begun = target_.begin_file(); !begun.ok()) {
        std::printf("%s: %s\n", transcript.path.c_str(), std::string(begun.error().text()).c_str());
        tally.failed = transcript.cases.size();
        return tally;
    }
    for (const Case& each : transcript.cases) {
        switch (run_case(transcript, each)) {
            case Outcome::Passed:
                ++tally.passed;
                break;
            case Outcome::Failed:
                ++tally.failed;
                break;
            case Outcome::Skipped:
                ++tally.skipped;
                break;
        }
    }
    return tally;
}

Runner::Outcome Runner::run_case(const Transcript& transcript, const Case& each) {
    spoken_ = protocol_;
    (void)target_.set_protocol(spoken_);
    unordered_ = false;
    for (const Step& step : each.steps) {
        const Outcome outcome = run_step(transcript, each, step);
        if (outcome != Outcome::Passed) return outcome;
    }
    return Outcome::Passed;
}

Runner::Outcome Runner::run_step(const Transcript& transcript, const Case& each, const Step& step) {
    if (step.kind == Step::Kind::Directive) {
        const Result<Outcome> outcome = obey(step);
        if (outcome.ok()) return *outcome;
        return fail(transcript, each, step, {}, {std::string(outcome.error().text())});
    }
    const Surroundings surroundings{target_.now_ms(), target_.slack_ms(), spoken_ == 3};
    // Looking for what a command caused takes commands of its own, so it is done only where asked
    // for.
    const bool observes = step.checks_events || step.checks_effects;
    if (observes && !observed_) observe();
    const bool waits = step.expected.size() == 1 && step.expected[0] == "(waits)";
    const Expects expects = waits ? Expects::Nothing : Expects::Something;
    Answer answer;
    if (step.kind == Step::Kind::Read) {
        answer = target_.read(step.client, expects);
    } else {
        const auto words = split_arguments(fill_in(step.text, surroundings));
        if (!words.ok()) return fail(transcript, each, step, {}, {"unbalanced quotes"});
        answer = target_.send(step.client, *words, expects);
    }
    const std::vector<std::string> actual = lines_of(answer, unordered_);
    unordered_ = false;
    observed_ = observes;
    const Observation seen = observes ? observe() : Observation{};
    if (!lines_match(step.expected, actual, surroundings)) {
        return fail(transcript, each, step, step.expected, actual);
    }
    if (step.checks_events && seen.events &&
        !lines_match(step.events, *seen.events, surroundings)) {
        return fail(transcript, each, step, step.events, *seen.events);
    }
    if (step.checks_effects && seen.effects &&
        !lines_match(step.effects, *seen.effects, surroundings)) {
        return fail(transcript, each, step, step.effects, *seen.effects);
    }
    return Outcome::Passed;
}

Runner::Observation Runner::observe() {
    Observation seen;
    seen.events = target_.take_events();
    seen.effects = target_.take_effects();
    return seen;
}

Result<Runner::Outcome> Runner::obey(const Step& directive) {
    const std::vector<std::string> words = TRY(split_arguments(directive.text));
    const auto is = [&](std::string_view name, size_t count) {
        return words[0] == name && words.size() == count;
    };
    if (is("resp", 2)) {
        spoken_ = words[1] == "3" ? 3 : 2;
        (void)TRY(target_.set_protocol(spoken_));
    } else if (is("advance", 2)) {
        target_.advance(TRY(parse_duration_ms(words[1])));
    } else if (is("config", 3)) {
        (void)TRY(target_.configure(words[1], words[2]));
    } else if (is("events", 2)) {
        (void)TRY(target_.show_events(words[1]));
    } else if (is("unordered", 1)) {
        unordered_ = true;
    } else if (is("only", 2)) {
        const bool here =
            words[1] == target_.name() || (words[1] == "socket" && target_.name() != "in-process");
        if (!here) return Outcome::Skipped;
    } else if (is("needs", 2) && words[1] == "jemalloc") {
        const Answer answer = target_.send({}, {"INFO", "memory"}, Expects::Something);
        if (answer.reply.text.find("mem_allocator:jemalloc") == std::string::npos) {
            return Outcome::Skipped;
        }
    } else if (is("needs", 2)) {
        const Answer answer = target_.send({}, {"COMMAND", "INFO", words[1]}, Expects::Something);
        const bool known = answer.kind == Answer::Kind::Reply && answer.reply.parts.size() == 1 &&
                           answer.reply.parts[0].has_parts();
        if (!known) return Outcome::Skipped;
    } else {
        return Error("unknown directive: " + directive.text);
    }
    return Outcome::Passed;
}

Runner::Outcome Runner::fail(const Transcript& transcript, const Case& each, const Step& step,
                             const std::vector<std::string>& expected,
                             const std::vector<std::string>& actual) {
    std::printf("%s:%d: %s\n", transcript.path.c_str(), step.line, each.title.c_str());
    const char* mark = step.kind == Step::Kind::Send   ? "> "
                       : step.kind == Step::Kind::Read ? "<"
                                                       : "! ";
    std::printf("    %s%s%s\n", step.client.c_str(), mark, step.text.c_str());
    for (const std::string& line : expected) std::printf("  - %s\n", line.c_str());
    for (const std::string& line : actual) std::printf("  + %s\n", line.c_str());
    return Outcome::Failed;
}

}  // namespace millrace::transcript
