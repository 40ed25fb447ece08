// SPDX-License-Identifier: BSD-3-Clause
//
// Reads filters and applies them.

#include "admin/client/filter.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/numbers.h"
#include "base/token.h"
#include "engine/acl/access_control.h"

namespace millrace::admin::client {
namespace {

using engine::Call;
using engine::Session;
namespace errors = engine::errors;

constexpr std::string_view kKnownFlags = "bcdeirtuxABEIMNOPRSTU";
constexpr std::string_view kKnownCapabilities = "r";

Error error(std::string text) {
    return Error(std::move(text));
}

// Takes IDs from argument `at` on, up to the first word that is no number; there must be one.
Result<size_t> parse_ids(Call& call, size_t at, std::vector<uint64_t>& ids) {
    const size_t first = at;
    for (; at < call.count(); ++at) {
        const auto id = parse_integer(call.arg(at));
        if (!id) break;
        if (*id < 1) return ErrorText{"ERR client-id should be greater than 0"};
        ids.push_back(static_cast<uint64_t>(*id));
    }
    if (at == first) return errors::kSyntax;
    return at;
}

Result<ClientType> parse_type(std::string_view word) {
    static constexpr struct {
        std::string_view name;
        ClientType type;
    } kTypes[] = {
        {"normal", ClientType::Normal},   {"slave", ClientType::Replica},
        {"replica", ClientType::Replica}, {"pubsub", ClientType::PubSub},
        {"master", ClientType::Primary},  {"primary", ClientType::Primary},
    };
    for (const auto& each : kTypes) {
        if (is_token(word, each.name)) return each.type;
    }
    return error(fmt::format("ERR Unknown client type '{}'", until_zero(word)));
}

Result<int64_t> parse_seconds(std::string_view option, std::string_view word) {
    const auto seconds = parse_integer(word);
    if (!seconds) return error(fmt::format("ERR {} is not an integer or out of range", option));
    if (*seconds < 1) return error(fmt::format("ERR {} should be greater than 0", option));
    return *seconds;
}

Result<int> parse_database(Call& call, std::string_view word, bool negated) {
    const std::string_view option = negated ? "NOT-DB" : "DB";
    const auto number = parse_integer(word);
    if (!number || *number < INT32_MIN || *number > INT32_MAX) {
        return error(fmt::format("ERR {} is not an integer or out of range", option));
    }
    const int databases = call.keyspace().database_count();
    if (*number < 0 || *number >= databases) {
        return error(
            fmt::format("ERR {} number should be between 0 and {}", option, databases - 1));
    }
    return static_cast<int>(*number);
}

Result<std::string_view> parse_letters(std::string_view word, std::string_view known,
                                       std::string_view what, std::string_view negated_option) {
    if (word.find_first_not_of(known) == std::string_view::npos) return word;
    if (negated_option.empty()) {
        return error(fmt::format("ERR Unknown {} found in the provided filter: {}", what, word));
    }
    return error(
        fmt::format("ERR Unknown {} found in the {} filter: {}", what, negated_option, word));
}

Result<std::string_view> parse_user(Call& call, std::string_view word) {
    if (call.engine().access().find(word) != nullptr) return word;
    return error(fmt::format("ERR No such user '{}'", until_zero(word)));
}

// An option with one value that may have NOT- before it; false when it is none of these.
Result<bool> parse_criterion(Call& call, std::string_view option, std::string_view word,
                             bool negated, Criteria& criteria) {
    const struct {
        std::string_view option;
        std::optional<std::string_view>& place;
    } texts[] = {
        {"ADDR", criteria.address},
        {"LADDR", criteria.local_address},
        {"IP", criteria.ip},
        {"NAME", criteria.name},
        {"LIB-NAME", criteria.library_name},
        {"LIB-VER", criteria.library_version},
    };
    for (const auto& text : texts) {
        if (!is_token(option, text.option)) continue;
        text.place = word;
        return true;
    }
    if (is_token(option, "TYPE")) {
        criteria.type = TRY(parse_type(word));
    } else if (is_token(option, "USER")) {
        criteria.user = TRY(parse_user(call, word));
    } else if (is_token(option, "DB")) {
        criteria.database = TRY(parse_database(call, word, negated));
    } else if (is_token(option, "FLAGS")) {
        criteria.flags = TRY(parse_letters(word, kKnownFlags, "flags", negated ? "NOT-FLAGS" : ""));
    } else if (is_token(option, "CAPA")) {
        criteria.capabilities =
            TRY(parse_letters(word, kKnownCapabilities, "capa", negated ? "NOT-CAPA" : ""));
    } else {
        return false;
    }
    return true;
}

// The options that have no NOT- form.
Status parse_plain_option(std::string_view option, std::string_view word, ClientFilter& filter) {
    if (is_token(option, "MAXAGE")) {
        filter.age_seconds_min = TRY(parse_seconds("maxage", word));
    } else if (is_token(option, "IDLE")) {
        filter.idle_seconds_min = TRY(parse_seconds("idle", word));
    } else if (is_token(option, "SKIPME")) {
        const bool yes = is_token(word, "yes");
        if (!yes && !is_token(word, "no")) return errors::kSyntax;
        filter.skip_caller = yes;
    } else {
        return errors::kSyntax;
    }
    return done();
}

bool contains_all(std::string_view letters, std::string_view wanted) {
    return std::all_of(wanted.begin(), wanted.end(),
                       [&](char letter) { return letters.find(letter) != std::string_view::npos; });
}

// Compat: what the client never said matches no text, not even the empty one.
bool said(std::string_view own, std::string_view asked) {
    return !own.empty() && own == asked;
}

// Calls `found(met)` for each criterion that is set; stops and returns false when it returns false.
template <typename Found>
bool for_each_criterion(const Criteria& criteria, const Session& session, Found&& found) {
    const auto& ids = criteria.ids;
    if (!ids.empty() && !found(std::find(ids.begin(), ids.end(), session.id()) != ids.end())) {
        return false;
    }
    if (criteria.type && !found(*criteria.type == client_type(session))) return false;
    if (criteria.user && !found(*criteria.user == user_name(session))) return false;
    if (criteria.address && !found(*criteria.address == session.peer.address)) return false;
    if (criteria.local_address && !found(*criteria.local_address == session.peer.local_address)) {
        return false;
    }
    if (criteria.ip && !found(*criteria.ip == ip_of(session.peer.address))) return false;
    if (criteria.name && !found(said(session.name, *criteria.name))) return false;
    if (criteria.library_name && !found(said(session.library_name, *criteria.library_name))) {
        return false;
    }
    if (criteria.library_version &&
        !found(said(session.library_version, *criteria.library_version))) {
        return false;
    }
    if (criteria.database && !found(*criteria.database == session.database)) return false;
    if (criteria.flags &&
        !found(contains_all(client_flags(session, summarise(session)), *criteria.flags))) {
        return false;
    }
    return !criteria.capabilities ||
           found(contains_all(client_capabilities(session), *criteria.capabilities));
}

}  // namespace

Result<ClientFilter> parse_filter(Call& call, size_t from) {
    ClientFilter filter;
    size_t at = from;
    while (at < call.count()) {
        std::string_view option = call.arg(at);
        const bool negated = option.size() > 4 && is_token(option.substr(0, 4), "NOT-");
        if (negated) option.remove_prefix(4);
        Criteria& criteria = negated ? filter.unwanted : filter.wanted;
        if (at + 1 >= call.count()) return errors::kSyntax;
        if (is_token(option, "ID")) {
            at = TRY(parse_ids(call, at + 1, criteria.ids));
            continue;
        }
        const std::string_view word = call.arg(at + 1);
        if (!TRY(parse_criterion(call, option, word, negated, criteria))) {
            if (negated) return errors::kSyntax;
            TRY(parse_plain_option(option, word, filter));
        }
        at += 2;
    }
    return filter;
}

bool matches(const ClientFilter& filter, Call& call, const Session& session, bool skip_caller) {
    if (filter.skip_caller.value_or(skip_caller) && &session == &call.session()) return false;
    const int64_t age_seconds = (call.now_ms() - session.created_ms) / 1000;
    const int64_t idle_seconds = (call.now_ms() - session.last_interaction_ms) / 1000;
    if (age_seconds < filter.age_seconds_min) return false;
    if (idle_seconds < filter.idle_seconds_min) return false;
    return for_each_criterion(filter.wanted, session, [](bool met) { return met; }) &&
           for_each_criterion(filter.unwanted, session, [](bool met) { return !met; });
}

}  // namespace millrace::admin::client
