// SPDX-License-Identifier: BSD-3-Clause
//
// The kinds of settings: yes or no, integer, one of several names, a set of names, text, and custom
// ones. Modules do not name these classes; they call Registry::add_bool and its sisters with the
// options below.
//
// Threads: main thread only.
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/setting.h"

namespace millrace::config {

// Refuses a value that parsed but makes no sense.
template <typename T>
using Validate = std::function<Status(const T&)>;

struct BoolOptions {
    std::string_view alias = {};
    Flags flags = 0;
    Validate<bool> validate = {};
};

// T is int64_t or uint64_t.
template <typename T>
struct IntegerOptions {
    T min = std::numeric_limits<T>::min();
    T max = std::numeric_limits<T>::max();
    Unit unit = Unit::Plain;
    std::string_view alias = {};
    Flags flags = 0;
    Validate<T> validate = {};
    std::function<T(T)> adjust = {};  // Moves a value that is accepted to one that is usable.
};

// A name that stands for a value. Of several names for one value the first is shown.
template <typename T>
struct Choice {
    std::string_view name;
    T value;
};

template <typename T>
struct EnumOptions {
    std::string_view alias = {};
    Flags flags = 0;
    Validate<T> validate = {};
};

struct TextOptions {
    std::string_view alias = {};
    Flags flags = 0;
    Validate<std::string> validate = {};
};

// What the parser of a custom setting knows beside the words.
template <typename T>
struct ParseContext {
    const T& current;
    const T& default_value;
    Source source;
    bool seen;  // An earlier line of the configuration file set it.
};

template <typename T>
struct CustomOptions {
    std::function<Result<T>(Words words, const ParseContext<T>& context)> parse;
    std::function<std::string(const T&)> print;
    // What follows the name on each line of the file; none removes the setting from it. Without
    // this function there is one line with what print() says.
    std::function<std::vector<std::string>(const T& value, const T& default_value)> write = {};
    // Makes the value real, such as changing the working directory; also called to go back.
    std::function<Status(const T&)> apply = {};
    std::string_view alias = {};
    Flags flags = 0;
};

// "argument(s) must be one of the following: a, b"
Error not_one_of(const std::vector<std::string_view>& names);

class BoolSetting final : public TypedSetting<bool> {
public:
    BoolSetting(std::string_view name, bool& field, BoolOptions options)
        : TypedSetting(name, options.alias, options.flags, field),
          validate_(std::move(options.validate)) {}

private:
    Result<bool> parse(Words words, Source source) const override;
    std::string print_value(const bool& value) const override { return value ? "yes" : "no"; }

    Validate<bool> validate_;
};

template <typename T>
class IntegerSetting final : public TypedSetting<T> {
public:
    IntegerSetting(std::string_view name, T& field, IntegerOptions<T> options)
        : TypedSetting<T>(name, options.alias, options.flags, field),
          options_(std::move(options)) {}

private:
    static constexpr bool kSigned = std::is_signed_v<T>;

    Result<T> parse(Words words, Source) const override {
        T value = TRY(parse_word(words[0]));
        if (options_.adjust) value = options_.adjust(value);
        if (options_.validate) TRY(options_.validate(value));
        return value;
    }
    Result<T> parse_word(std::string_view word) const {
        if constexpr (kSigned) {
            return parse_integer(word, options_.unit, options_.min, options_.max);
        } else {
            return parse_unsigned(word, options_.unit, options_.min, options_.max);
        }
    }
    std::string print_value(const T& value) const override {
        if constexpr (kSigned)
            return print_integer(value, options_.unit);
        else
            return print_unsigned(value, options_.unit);
    }
    std::string write_value(const T& value) const override {
        if constexpr (kSigned)
            return write_integer(value, options_.unit);
        else
            return write_unsigned(value, options_.unit);
    }

    IntegerOptions<T> options_;
};

template <typename T>
class EnumSetting final : public TypedSetting<T> {
public:
    EnumSetting(std::string_view name, T& field, std::vector<Choice<T>> choices,
                EnumOptions<T> options)
        : TypedSetting<T>(name, options.alias, options.flags, field),
          choices_(std::move(choices)),
          validate_(std::move(options.validate)) {}

private:
    Result<T> parse(Words words, Source) const override {
        std::vector<std::string_view> names;
        for (const Choice<T>& choice : choices_) {
            if (equal_ignoring_case(choice.name, words[0])) {
                if (validate_) TRY(validate_(choice.value));
                return choice.value;
            }
            names.push_back(choice.name);
        }
        return not_one_of(names);
    }
    std::string print_value(const T& value) const override {
        for (const Choice<T>& choice : choices_) {
            if (choice.value == value) return std::string(choice.name);
        }
        return "unknown";
    }

    std::vector<Choice<T>> choices_;
    Validate<T> validate_;
};

// Several names at once, each one bit of the field; a choice with value 0 names the empty set.
class FlagSetting final : public TypedSetting<uint32_t> {
public:
    FlagSetting(std::string_view name, uint32_t& field, std::vector<Choice<uint32_t>> choices,
                EnumOptions<uint32_t> options)
        : TypedSetting(name, options.alias, options.flags | kMultiArgument, field),
          choices_(std::move(choices)),
          validate_(std::move(options.validate)) {}

private:
    Result<uint32_t> parse(Words words, Source source) const override;
    std::string print_value(const uint32_t& value) const override;

    std::vector<Choice<uint32_t>> choices_;
    Validate<uint32_t> validate_;
};

class TextSetting final : public TypedSetting<std::string> {
public:
    TextSetting(std::string_view name, std::string& field, TextOptions options)
        : TypedSetting(name, options.alias, options.flags, field),
          validate_(std::move(options.validate)) {}

private:
    Result<std::string> parse(Words words, Source source) const override;
    std::string print_value(const std::string& value) const override { return value; }
    std::string write_value(const std::string& value) const override { return quote(value); }

    Validate<std::string> validate_;
};

template <typename T>
class CustomSetting final : public TypedSetting<T> {
public:
    CustomSetting(std::string_view name, T& field, CustomOptions<T> options)
        : TypedSetting<T>(name, options.alias, options.flags, field),
          options_(std::move(options)) {}

    std::vector<std::string> lines() const override {
        if (!options_.write) return TypedSetting<T>::lines();
        std::vector<std::string> lines = options_.write(this->current(), this->default_value());
        for (std::string& line : lines) line = this->name() + " " + line;
        return lines;
    }

private:
    Result<T> parse(Words words, Source source) const override {
        return options_.parse(words, {this->current(), this->default_value(), source, seen_});
    }
    std::string print_value(const T& value) const override { return options_.print(value); }
    std::string write_value(const T& value) const override {
        const std::string text = options_.print(value);
        return text.empty() ? "\"\"" : text;
    }
    Status store(T value) override {
        if (options_.apply) TRY(options_.apply(value));
        this->assign(std::move(value));
        seen_ = true;
        return done();
    }

    CustomOptions<T> options_;
    bool seen_ = false;
};

}  // namespace millrace::config
