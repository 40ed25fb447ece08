// SPDX-License-Identifier: BSD-3-Clause
//
// All settings of the server, under their names: what CONFIG GET and CONFIG SET work on, and what
// the configuration file is read into and written from.
//
// Modules list their settings in their own settings.cc:
//
//     void register_settings(config::Registry& registry, Settings& settings) {
//         registry.add_integer("port", settings.port, {.min = 0, .max = 65535});
//         registry.add_bool("mptcp", settings.mptcp, {.flags = kImmutable});
//     }
//
// Owner:     Server; the Settings structs must outlive it.
// Threads:   main thread only.
// Invariant: names and aliases are unique without regard to case.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/kinds.h"
#include "config/setting.h"

namespace millrace::config {

// One pair of CONFIG SET.
struct Assignment {
    std::string_view name;
    std::string_view value;
};

// What is known about the client and the server at a CONFIG SET.
struct SetContext {
    bool loading = false;            // The dataset is being loaded.
    bool protected_allowed = false;  // enable-protected-configs lets this client change those.
};

// A word of the configuration file that is not a setting: `user`, `loadmodule`, words of older
// versions.
struct Directive {
    std::string_view name;
    size_t words_min = 1;  // Arguments after the name.
    size_t words_max = SIZE_MAX;
    std::function<Status(Words words)> load = {};  // None: accepted and ignored.

    // Its lines after CONFIG REWRITE, without the name. Without it they stay as they are.
    std::function<std::vector<std::string>()> write = {};
    bool kept = true;  // False: CONFIG REWRITE turns its lines into comments.
};

inline constexpr ErrorText kLoadingDataset{"LOADING Valkey is loading the dataset in memory"};

class Registry {
public:
    Registry();
    ~Registry();
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    // The current value of `field` becomes the default.
    void add_bool(std::string_view name, bool& field, BoolOptions options = {});
    void add_integer(std::string_view name, int64_t& field, IntegerOptions<int64_t> options = {});
    void add_unsigned(std::string_view name, uint64_t& field,
                      IntegerOptions<uint64_t> options = {});
    void add_text(std::string_view name, std::string& field, TextOptions options = {});
    template <typename T, size_t N>
    void add_enum(std::string_view name, T& field, const Choice<T> (&choices)[N],
                  EnumOptions<T> options = {}) {
        add(std::make_unique<EnumSetting<T>>(
            name, field, std::vector<Choice<T>>(choices, choices + N), std::move(options)));
    }
    template <size_t N>
    void add_flags(std::string_view name, uint32_t& field, const Choice<uint32_t> (&choices)[N],
                   EnumOptions<uint32_t> options = {}) {
        add(std::make_unique<FlagSetting>(
            name, field, std::vector<Choice<uint32_t>>(choices, choices + N), std::move(options)));
    }
    template <typename T>
    void add_custom(std::string_view name, T& field, CustomOptions<T> options) {
        add(std::make_unique<CustomSetting<T>>(name, field, std::move(options)));
    }
    void add(std::unique_ptr<Setting> setting);
    void add_directive(Directive directive);

    // After a CONFIG SET that changed one of `names`, once however many of them: applies the new
    // values. An error takes the whole command back; hooks that already ran then run again with the
    // old values.
    void on_change(std::initializer_list<std::string_view> names, std::function<Status()> hook);

    // By name or alias, in any case.
    Setting* find(std::string_view name) const;
    const Directive* find_directive(std::string_view name) const;
    bool is_sensitive(std::string_view name) const;

    // CONFIG GET: names and values in the order of the reply. A name without wildcards is answered
    // as asked.
    std::vector<std::pair<std::string, std::string>> get(
        std::span<const std::string_view> patterns) const;

    // CONFIG SET: all or nothing. The error is the whole reply, without the leading dash.
    Status set(std::span<const Assignment> assignments, const SetContext& context);

    // One line of the configuration file; the error is what Valkey prints below the line.
    Status load(Words words);

    // In the order of registration.
    std::span<const std::unique_ptr<Setting>> settings() const { return settings_; }
    std::span<const Directive> directives() const { return directives_; }

private:
    struct Hook {
        std::vector<const Setting*> settings;
        std::function<Status()> run;
    };
    struct Target;  // A pair of CONFIG SET whose name was found.

    Result<std::vector<Target>> find_targets(std::span<const Assignment> assignments,
                                             const SetContext& context) const;
    Status run_hooks_of(const Setting& setting, std::vector<const Hook*>& ran) const;

    std::vector<std::unique_ptr<Setting>> settings_;
    std::vector<Directive> directives_;
    std::vector<Hook> hooks_;
    std::map<std::string, Setting*, std::less<>> by_name_;  // Lower case, aliases included.
};

}  // namespace millrace::config
