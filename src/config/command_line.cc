// SPDX-License-Identifier: BSD-3-Clause
#include "config/command_line.h"

#include "base/quote.h"
#include "config/parse.h"

namespace millrace::config {
namespace {

struct TaskName {
    std::string_view name;
    Task task;
};

constexpr TaskName kTasks[] = {
    {"-v", Task::PrintVersion},
    {"--version", Task::PrintVersion},
    {"-h", Task::PrintHelp},
    {"--help", Task::PrintHelp},
    {"--test-memory", Task::TestMemory},
    {"--check-system", Task::CheckSystem},
};

bool is_option(std::string_view argument) {
    return argument.starts_with("--");
}

// The name and its value may come as one argument: "--port 7777".
bool has_value(std::string_view option) {
    auto words = split_arguments(option);
    return !words.ok() || words->size() != 1;
}

// Options that may stand without a value before another option.
bool needs_no_value(std::string_view option) {
    return equal_ignoring_case(option, "--save") || option == "--sentinel";
}

// Writes the lines of configuration that the arguments stand for.
class OptionLines {
public:
    void add(std::string_view argument, bool is_last, bool option_follows) {
        if (value_expected_ || !is_option(argument)) {
            append_quoted(lines_, argument);
            lines_ += ' ';
            value_expected_ = false;
            return;
        }
        if (!lines_.empty()) lines_ += '\n';
        lines_ += argument.substr(2);
        lines_ += ' ';
        if (has_value(argument)) return;
        value_expected_ = true;
        if (!needs_no_value(argument)) return;
        if (equal_ignoring_case(argument, "--save") && (is_last || option_follows)) {
            lines_ += "\"\"";
        }
        if (option_follows) value_expected_ = false;
    }

    std::string take() { return std::move(lines_); }

private:
    std::string lines_;
    bool value_expected_ = false;  // Right behind a bare option name.
};

}  // namespace

CommandLine parse_command_line(std::span<const std::string_view> arguments) {
    CommandLine line;
    if (!arguments.empty()) {
        for (const TaskName& task : kTasks) {
            if (arguments[0] == task.name) line.task = task.task;
        }
    }
    if (line.task == Task::TestMemory && arguments.size() > 1) line.argument = arguments[1];
    if (line.task != Task::Serve) return line;

    for (std::string_view argument : arguments) {
        if (argument == "--sentinel") line.sentinel = true;
    }
    size_t next = 0;
    if (!arguments.empty() && !arguments[0].starts_with('-')) {
        line.path = arguments[0];
        next = 1;
    }
    OptionLines options;
    for (; next < arguments.size(); ++next) {
        const bool is_last = next + 1 == arguments.size();
        if (arguments[next] == "-" && (next == 0 || is_last)) {
            line.standard_input = true;
            continue;
        }
        options.add(arguments[next], is_last, !is_last && is_option(arguments[next + 1]));
    }
    line.options = options.take();
    return line;
}

}  // namespace millrace::config
