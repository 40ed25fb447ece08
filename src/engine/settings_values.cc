// SPDX-License-Identifier: BSD-3-Clause
#include "engine/settings_values.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/numbers.h"
#include "base/token.h"
#include "engine/key_events.h"

namespace millrace::engine::settings_values {
namespace {

using config::ParseContext;
using config::Words;

constexpr size_t kWordsPerClass = 4;

constexpr ErrorText kOutputLimitWords{"Wrong number of arguments in buffer limit configuration."};
constexpr ErrorText kOutputLimitClass{
    "Invalid client class specified in buffer limit configuration."};
constexpr ErrorText kOutputLimitValue{
    "Error in hard, soft or soft_seconds setting in buffer limit configuration."};

OutputLimit* limit_of(OutputLimits& limits, std::string_view client_class) {
    if (config::equal_ignoring_case(client_class, "normal")) return &limits.normal;
    if (config::equal_ignoring_case(client_class, "replica")) return &limits.replica;
    if (config::equal_ignoring_case(client_class, "slave")) return &limits.replica;
    if (config::equal_ignoring_case(client_class, "pubsub")) return &limits.pubsub;
    return nullptr;
}

Result<OutputLimit> parse_output_limit(Words words) {
    const auto hard = config::parse_memory(words[0]);
    const auto soft = config::parse_memory(words[1]);
    const auto seconds = parse_unsigned_lenient(words[2]);
    // Compat: no digits at all are a zero, as with sizes.
    const uint64_t soft_seconds = words[2].empty() ? 0 : seconds.value_or(UINT64_MAX);
    if (!hard.ok() || !soft.ok()) return kOutputLimitValue;
    if (soft_seconds > std::numeric_limits<int32_t>::max()) return kOutputLimitValue;
    return OutputLimit{*hard, *soft, static_cast<int64_t>(soft_seconds)};
}

Result<OutputLimits> parse_output_limits(Words words, const ParseContext<OutputLimits>& context) {
    if (words.size() % kWordsPerClass != 0) return kOutputLimitWords;
    OutputLimits limits = context.current;
    for (; !words.empty(); words = words.subspan(kWordsPerClass)) {
        OutputLimit* limit = limit_of(limits, words[0]);
        if (limit == nullptr) return kOutputLimitClass;
        *limit = TRY(parse_output_limit(words.subspan(1, 3)));
    }
    return limits;
}

// Compat: shown as "slave", written as "replica".
std::string print_output_limits(const OutputLimits& limits) {
    const auto print = [](std::string_view name, const OutputLimit& limit) {
        return fmt::format("{} {} {} {}", name, limit.hard_bytes, limit.soft_bytes,
                           limit.soft_seconds);
    };
    return print("normal", limits.normal) + " " + print("slave", limits.replica) + " " +
           print("pubsub", limits.pubsub);
}

std::vector<std::string> write_output_limits(const OutputLimits& limits, const OutputLimits& usual,
                                             bool complete) {
    std::vector<std::string> lines;
    const auto write = [&lines, complete](std::string_view name, const OutputLimit& limit,
                                          const OutputLimit& usual_limit) {
        if (limit == usual_limit && !complete) return;
        lines.push_back(fmt::format(
            "{} {} {} {}", name, config::write_unsigned(limit.hard_bytes, config::Unit::Memory),
            config::write_unsigned(limit.soft_bytes, config::Unit::Memory), limit.soft_seconds));
    };
    write("normal", limits.normal, usual.normal);
    write("replica", limits.replica, usual.replica);
    write("pubsub", limits.pubsub, usual.pubsub);
    return lines;
}

Result<std::vector<double>> parse_percentiles(Words words,
                                              const ParseContext<std::vector<double>>&) {
    std::vector<double> percentiles;
    if (words.size() == 1 && words[0].empty()) return percentiles;
    for (const std::string& word : words) {
        const auto percentile = parse_double(word);
        if (!percentile) return Error("Invalid latency-tracking-info-percentiles parameters");
        if (*percentile < 0 || *percentile > 100) {
            return Error(
                "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
        }
        percentiles.push_back(*percentile);
    }
    return percentiles;
}

std::string print_percentiles(const std::vector<double>& percentiles) {
    std::string text;
    for (const double percentile : percentiles) {
        std::string number = fmt::format("{:.6f}", percentile);
        number.resize(number.find_last_not_of('0') + 1);
        if (number.ends_with('.')) number.pop_back();
        if (!text.empty()) text += ' ';
        text += number;
    }
    return text;
}

Result<uint32_t> parse_events(Words words, const ParseContext<uint32_t>&) {
    auto mask = parse_event_classes(until_zero(words[0]));
    if (!mask.ok()) return Error("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
    return *mask;
}

// Compat: what CONFIG GET shows loses the `n` of "An"; the file must not.
std::vector<std::string> write_events(const uint32_t& mask, const uint32_t&, bool) {
    std::string letters = event_class_letters(mask);
    const bool is_new = (mask & static_cast<uint32_t>(EventClass::New)) != 0;
    if (is_new && letters.find('n') == std::string::npos) letters += 'n';
    return {quote(letters)};
}

}  // namespace

config::CustomOptions<OutputLimits> output_limits() {
    return {.parse = parse_output_limits,
            .print = print_output_limits,
            .write = write_output_limits,
            .flags = config::kMultiArgument};
}

config::CustomOptions<std::vector<double>> percentiles() {
    return {
        .parse = parse_percentiles, .print = print_percentiles, .flags = config::kMultiArgument};
}

config::CustomOptions<uint32_t> event_classes() {
    return {.parse = parse_events, .print = event_class_letters, .write = write_events};
}

}  // namespace millrace::engine::settings_values
