// SPDX-License-Identifier: BSD-3-Clause
//
// One setting: a name, an optional alias, and how its value is parsed, shown and written to the
// file.
//
// The value itself is a plain field of the owning module's Settings; a Setting only refers to it.
// The value of the field at registration is the default.
//
// Owner:   Registry.
// Threads: main thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/quote.h"
#include "base/result.h"
#include "config/parse.h"

namespace millrace::config {

using Words = std::span<const std::string>;

// Properties of a setting; combined with |.
using Flags = uint32_t;
inline constexpr Flags kImmutable = 1 << 0;      // Only the configuration file may set it.
inline constexpr Flags kHidden = 1 << 1;         // Shown by CONFIG GET only when asked for by name.
inline constexpr Flags kProtected = 1 << 2;      // CONFIG SET needs enable-protected-configs.
inline constexpr Flags kSensitive = 1 << 3;      // Its value must not appear in logs.
inline constexpr Flags kMultiArgument = 1 << 4;  // Takes any number of words.
inline constexpr Flags kDenyLoading = 1 << 5;  // CONFIG SET is refused while the dataset is loaded.
inline constexpr Flags kNullable = 1 << 6;     // The empty text means "none" and is not written.
inline constexpr Flags kAccumulates =
    1 << 7;  // A second line adds to the first; `name ""` starts anew.

enum class Source {
    File,     // the configuration file or the command line
    Command,  // CONFIG SET
};

class Setting {
public:
    Setting(std::string_view name, std::string_view alias, Flags flags)
        : name_(name), alias_(alias), flags_(flags) {}
    virtual ~Setting() = default;
    Setting(const Setting&) = delete;
    Setting& operator=(const Setting&) = delete;

    const std::string& name() const { return name_; }
    const std::string& alias() const { return alias_; }
    bool has(Flags flag) const { return (flags_ & flag) != 0; }

    // Parses, validates and stores; tells whether the value changed.
    virtual Result<bool> set(Words words, Source source) = 0;

    // What CONFIG GET shows.
    virtual std::string print() const = 0;

    // The lines for the configuration file; none means that it must not stand there.
    virtual std::vector<std::string> lines() const = 0;

    virtual bool is_default() const = 0;

    // Remembers the value, and goes back to it.
    virtual void save() = 0;
    virtual void restore() = 0;

    // The value that included files gave it, as print() shows it; empty when the main file had the
    // last word.
    const std::optional<std::string>& included() const { return included_; }
    void set_included(std::optional<std::string> value) { included_ = std::move(value); }

private:
    std::string name_;
    std::string alias_;  // Empty: none.
    Flags flags_;
    std::optional<std::string> included_;
};

// What all settings with a field of type T have in common.
template <typename T>
class TypedSetting : public Setting {
public:
    TypedSetting(std::string_view name, std::string_view alias, Flags flags, T& field)
        : Setting(name, alias, flags), field_(field), default_(field), saved_(field) {}

    Result<bool> set(Words words, Source source) override {
        if (!has(kMultiArgument) && words.size() != 1) return kWrongNumberOfArguments;
        T value = TRY(parse(words, source));
        const bool changed = !(value == field_);
        TRY(store(std::move(value)));
        return changed;
    }

    std::string print() const override { return print_value(field_); }
    bool is_default() const override { return field_ == default_; }
    void save() override { saved_ = field_; }
    void restore() override { (void)store(saved_).ok(); }

    std::vector<std::string> lines() const override {
        if (has(kNullable) && print().empty()) return {};
        return {name() + " " + write_value(field_)};
    }

protected:
    // Parses and validates.
    virtual Result<T> parse(Words words, Source source) const = 0;
    virtual std::string print_value(const T& value) const = 0;
    virtual std::string write_value(const T& value) const { return print_value(value); }

    virtual Status store(T value) {
        field_ = std::move(value);
        return done();
    }

    const T& current() const { return field_; }
    const T& default_value() const { return default_; }
    void assign(T value) { field_ = std::move(value); }

private:
    T& field_;
    const T default_;
    T saved_;
};

}  // namespace millrace::config
