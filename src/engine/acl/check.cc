// SPDX-License-Identifier: BSD-3-Clause
#include "engine/acl/check.h"

#include <fmt/format.h>

#include <climits>
#include <vector>

#include "base/numbers.h"
#include "engine/key_positions.h"

namespace millrace::engine::acl {
namespace {

uint8_t rights_for(uint32_t key_flags) {
    uint8_t rights = 0;
    if ((key_flags & kKeyAccess) != 0) rights |= kReadKey;
    if ((key_flags & (kKeyInsert | kKeyDelete | kKeyUpdate)) != 0) rights |= kWriteKey;
    return rights;
}

struct NamedDatabase {
    int number;
    size_t at;
};

// One attempt and what its arguments mean, found when the first selector asks.
class Check {
public:
    explicit Check(const Attempt& attempt) : attempt_(attempt) {}

    std::optional<Denial> by(const Selector& selector) {
        if (const auto denial = by_databases(selector)) return denial;
        // Whoever cannot log in could never do anything.
        if (!attempt_.command.has(kNoAuth) &&
            !selector.commands().allows(attempt_.command, attempt_.arguments)) {
            return Denial{DenialReason::Command};
        }
        if (const auto denial = by_keys(selector)) return denial;
        return by_channels(selector);
    }

private:
    const CommandSpec& spec() const { return attempt_.command.spec(); }

    bool has_keys() const {
        for (const KeySpec& each : spec().keys) {
            if ((each.flags & kKeyNotKey) == 0) return true;
        }
        return false;
    }

    // Whether the command touches the database that the client is in.
    bool uses_current_database() const {
        if (has_keys()) return true;
        if (spec().find_databases != nullptr) return false;
        return attempt_.command.has(kWrite | kReadOnly) ||
               (attempt_.command.acl_categories() & kAclKeyspace) != 0;
    }

    // Compat: if one is no number of a database, none is looked at; the command will say so.
    std::vector<NamedDatabase> named_databases() const {
        std::vector<size_t> places;
        spec().find_databases(attempt_.arguments, places);
        std::vector<NamedDatabase> named;
        for (size_t at : places) {
            const auto number = parse_integer(attempt_.arguments[at]);
            if (!number || *number < 0 || *number >= attempt_.database_count) return {};
            named.push_back({static_cast<int>(*number), at});
        }
        return named;
    }

    std::optional<Denial> by_databases(const Selector& selector) const {
        if (selector.allows_all_databases(attempt_.database_count)) return std::nullopt;
        if (attempt_.command.has(kAllDbs)) return Denial{DenialReason::Database};
        if (spec().find_databases != nullptr) {
            for (const NamedDatabase& each : named_databases()) {
                if (!selector.allows_database(each.number))
                    return Denial{DenialReason::Database, each.at};
            }
        }
        if (!uses_current_database() || selector.allows_database(attempt_.database))
            return std::nullopt;
        return Denial{DenialReason::Database};
    }

    std::optional<Denial> by_keys(const Selector& selector) {
        if (selector.has_all_keys() || spec().keys.empty()) return std::nullopt;
        if (!keys_found_) {
            keys_found_ = true;
            // What makes no sense as keys is for the command to refuse.
            if (!find_keys(attempt_.command, attempt_.arguments, keys_)) keys_.clear();
        }
        for (const KeyPosition& each : keys_.all()) {
            const auto at = static_cast<size_t>(each.at);
            if (!selector.allows_key(attempt_.arguments[at], rights_for(each.flags)))
                return Denial{DenialReason::Key, at};
        }
        return std::nullopt;
    }

    std::optional<Denial> by_channels(const Selector& selector) const {
        const ChannelUse use = spec().channels;
        if (use == ChannelUse::None) return std::nullopt;
        const size_t end = use == ChannelUse::Publish ? 2 : attempt_.arguments.size();
        for (size_t at = 1; at < end; ++at) {
            if (!selector.allows_channel(attempt_.arguments[at],
                                         use == ChannelUse::SubscribePattern))
                return Denial{DenialReason::Channel, at};
        }
        return std::nullopt;
    }

    const Attempt& attempt_;
    KeyPositions keys_;
    bool keys_found_ = false;
};

}  // namespace

std::optional<Denial> find_denial(const User& user, const Attempt& attempt) {
    Check check(attempt);
    std::optional<Denial> telling;
    for (const Selector& selector : user.selectors()) {
        const auto denial = check.by(selector);
        if (!denial) return std::nullopt;
        const bool tells_more =
            !telling || denial->reason > telling->reason ||
            (denial->reason == telling->reason && denial->at > telling->at);
        if (tells_more) telling = denial;
    }
    return telling;
}

std::string_view object_of(const Denial& denial, const Attempt& attempt) {
    return denial.at == 0 ? std::string_view(attempt.command.full_name())
                          : attempt.arguments[denial.at];
}

std::string denial_text(const Denial& denial, const User& user, const Attempt& attempt) {
    switch (denial.reason) {
        case DenialReason::Command:
            break;
        case DenialReason::Key:
            return "No permissions to access a key";
        case DenialReason::Channel:
            return "No permissions to access a channel";
        case DenialReason::Database:
            return "No permissions to access database";
    }
    return fmt::format("User {} has no permissions to run the '{}' command", user.name(),
                       attempt.command.full_name());
}

std::string detailed_denial_text(const Denial& denial, const User& user, const Attempt& attempt) {
    // Compat: for a database that no argument names, the command's name as it was sent.
    const std::string_view object = attempt.arguments[denial.at];
    switch (denial.reason) {
        case DenialReason::Command:
            break;
        case DenialReason::Key:
            return fmt::format("User {} has no permissions to access the '{}' key", user.name(),
                               object);
        case DenialReason::Channel:
            return fmt::format("User {} has no permissions to access the '{}' channel",
                               user.name(), object);
        case DenialReason::Database:
            return fmt::format("User {} has no permissions to access database {}", user.name(),
                               object);
    }
    return denial_text(denial, user, attempt);
}

}  // namespace millrace::engine::acl
