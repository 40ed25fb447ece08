// SPDX-License-Identifier: BSD-3-Clause
#include "config/registry.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/glob.h"
#include "base/token.h"

namespace millrace::config {
namespace {

bool has_wildcards(std::string_view pattern) {
    return pattern.find_first_of("[*?") != std::string_view::npos;
}

Error unknown_option(std::string_view name) {
    return Error(fmt::format("ERR Unknown option or number of arguments for CONFIG SET - '{}'",
                             until_zero(name)));
}

Error set_failed(std::string_view name, std::string_view reason) {
    return Error(fmt::format("ERR CONFIG SET failed (possibly related to argument '{}') - {}", name,
                             reason));
}

std::vector<std::string> words_of(const Setting& setting, std::string_view value) {
    if (setting.has(kMultiArgument)) return split_at_spaces(value);
    return {std::string(value)};
}

}  // namespace

struct Registry::Target {
    Setting* setting;
    std::string name;  // Name or alias, as it was asked for, in lower case.
    std::string_view value;
};

Registry::Registry() = default;
Registry::~Registry() = default;

void Registry::add_bool(std::string_view name, bool& field, BoolOptions options) {
    add(std::make_unique<BoolSetting>(name, field, std::move(options)));
}

void Registry::add_integer(std::string_view name, int64_t& field, IntegerOptions<int64_t> options) {
    add(std::make_unique<IntegerSetting<int64_t>>(name, field, std::move(options)));
}

void Registry::add_unsigned(std::string_view name, uint64_t& field,
                            IntegerOptions<uint64_t> options) {
    add(std::make_unique<IntegerSetting<uint64_t>>(name, field, std::move(options)));
}

void Registry::add_text(std::string_view name, std::string& field, TextOptions options) {
    add(std::make_unique<TextSetting>(name, field, std::move(options)));
}

void Registry::add(std::unique_ptr<Setting> setting) {
    const bool name_is_new = by_name_.emplace(lower_case(setting->name()), setting.get()).second;
    CHECK(name_is_new);
    if (!setting->alias().empty()) {
        const bool alias_is_new =
            by_name_.emplace(lower_case(setting->alias()), setting.get()).second;
        CHECK(alias_is_new);
    }
    settings_.push_back(std::move(setting));
}

void Registry::add_directive(Directive directive) {
    CHECK(find(directive.name) == nullptr);
    directives_.push_back(std::move(directive));
}

void Registry::on_change(std::initializer_list<std::string_view> names,
                         std::function<Status()> hook) {
    Hook entry{{}, std::move(hook)};
    for (std::string_view name : names) {
        const Setting* setting = find(name);
        CHECK(setting != nullptr);
        entry.settings.push_back(setting);
    }
    hooks_.push_back(std::move(entry));
}

Setting* Registry::find(std::string_view name) const {
    const auto entry = by_name_.find(lower_case(name));
    return entry == by_name_.end() ? nullptr : entry->second;
}

const Directive* Registry::find_directive(std::string_view name) const {
    for (const Directive& directive : directives_) {
        if (equal_ignoring_case(directive.name, name)) return &directive;
    }
    return nullptr;
}

bool Registry::is_sensitive(std::string_view name) const {
    const Setting* setting = find(name);
    return setting != nullptr && setting->has(kSensitive);
}

std::vector<std::pair<std::string, std::string>> Registry::get(
    std::span<const std::string_view> patterns) const {
    // The key is the name in lower case, so that each is answered once; the first spelling wins.
    std::map<std::string, std::pair<std::string, const Setting*>> found;
    for (std::string_view pattern : patterns) {
        if (!has_wildcards(pattern)) {
            const Setting* setting = find(pattern);
            if (setting == nullptr) continue;
            found.try_emplace(lower_case(pattern), std::string(pattern), setting);
            continue;
        }
        for (const auto& [name, setting] : by_name_) {
            if (setting->has(kHidden) || !glob_match(pattern, name, true)) continue;
            found.try_emplace(name, name, setting);
        }
    }
    std::vector<std::pair<std::string, std::string>> reply;
    reply.reserve(found.size());
    for (const auto& [key, entry] : found) {
        reply.emplace_back(entry.first, entry.second->print());
    }
    // Compat: sorted by the spelling asked for, so upper case comes first.
    std::sort(reply.begin(), reply.end());
    return reply;
}

Result<std::vector<Registry::Target>> Registry::find_targets(
    std::span<const Assignment> assignments, const SetContext& context) const {
    std::vector<Target> targets;
    targets.reserve(assignments.size());
    for (const Assignment& assignment : assignments) {
        Setting* setting = find(assignment.name);
        if (setting == nullptr) return unknown_option(assignment.name);
        if (setting->has(kImmutable)) {
            return set_failed(assignment.name, "can't set immutable config");
        }
        if (setting->has(kProtected) && !context.protected_allowed) {
            return set_failed(assignment.name, "can't set protected config");
        }
        if (setting->has(kDenyLoading) && context.loading) return kLoadingDataset;
        // Compat: a name and its alias are two names; the later one wins.
        std::string name = lower_case(assignment.name);
        for (const Target& earlier : targets) {
            if (earlier.name == name) return set_failed(assignment.name, "duplicate parameter");
        }
        targets.push_back({setting, std::move(name), assignment.value});
    }
    return targets;
}

Status Registry::set(std::span<const Assignment> assignments, const SetContext& context) {
    const std::vector<Target> targets = TRY(find_targets(assignments, context));
    for (const Target& target : targets) target.setting->save();
    const auto take_back = [&targets] {
        for (const Target& target : targets) target.setting->restore();
    };

    std::vector<Target> changed;
    for (const Target& target : targets) {
        auto result = target.setting->set(words_of(*target.setting, target.value), Source::Command);
        if (!result.ok()) {
            take_back();
            return set_failed(target.name, result.error().text());
        }
        if (*result) changed.push_back(target);
    }

    std::vector<const Hook*> ran;
    for (const Target& target : changed) {
        Status status = run_hooks_of(*target.setting, ran);
        if (status.ok()) continue;
        take_back();
        // Those that ran see the old values; what they say about these changes nothing any more.
        for (const Hook* hook : ran) (void)hook->run().ok();
        return set_failed(target.name, status.error().text());
    }
    return done();
}

Status Registry::run_hooks_of(const Setting& setting, std::vector<const Hook*>& ran) const {
    for (const Hook& hook : hooks_) {
        const auto& names = hook.settings;
        if (std::find(names.begin(), names.end(), &setting) == names.end()) continue;
        if (std::find(ran.begin(), ran.end(), &hook) != ran.end()) continue;
        ran.push_back(&hook);
        TRY(hook.run());
    }
    return done();
}

Status Registry::load(Words words) {
    constexpr ErrorText kBadDirective{"Bad directive or wrong number of arguments"};
    if (words.empty()) return done();
    const Words arguments = words.subspan(1);
    if (Setting* setting = find(words[0])) {
        // One word with spaces is as good as several words.
        std::vector<std::string> parts;
        Words values = arguments;
        if (setting->has(kMultiArgument) && arguments.size() == 1 && !arguments[0].empty()) {
            parts = split_at_spaces(arguments[0]);
            values = parts;
        }
        TRY(setting->set(values, Source::File));
        return done();
    }
    const Directive* directive = find_directive(words[0]);
    if (directive == nullptr) return kBadDirective;
    if (arguments.size() < directive->words_min) return kBadDirective;
    if (arguments.size() > directive->words_max) return kBadDirective;
    return directive->load ? directive->load(arguments) : done();
}

}  // namespace millrace::config
