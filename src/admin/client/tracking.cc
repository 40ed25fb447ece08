// SPDX-License-Identifier: BSD-3-Clause
//
// CLIENT TRACKING, TRACKINGINFO, CACHING, GETREDIR: how client-side caching of a connection is set
// up.

#include "engine/tracking.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "admin/client/handlers.h"

namespace millrace::admin::client {

using engine::Call;
using engine::Session;
using engine::TrackingState;
namespace errors = engine::errors;

namespace {

struct TrackingOptions {
    bool broadcast = false;
    bool opt_in = false;
    bool opt_out = false;
    bool no_loop = false;
    Session* redirect = nullptr;
    std::vector<std::string_view> prefixes;
};

TrackingState* state_of(Session& session) {
    return TrackingState::find(session);
}

Result<Session*> parse_redirect(Call& call, size_t at) {
    const int64_t id = TRY(call.integer(at));
    Session* target =
        id < 1 ? nullptr : call.engine().sessions().find_id(static_cast<uint64_t>(id));
    if (target == nullptr) {
        return ErrorText{"ERR The client ID you want redirect to does not exist"};
    }
    return target;
}

Result<TrackingOptions> parse_options(Call& call) {
    TrackingOptions options;
    for (size_t at = 3; at < call.count(); ++at) {
        const bool has_value = at + 1 < call.count();
        if (call.arg_is(at, "REDIRECT") && has_value) {
            if (options.redirect != nullptr) {
                return ErrorText{"ERR A client can only redirect to a single other client"};
            }
            options.redirect = TRY(parse_redirect(call, ++at));
        } else if (call.arg_is(at, "PREFIX") && has_value) {
            options.prefixes.push_back(call.arg(++at));
        } else if (call.arg_is(at, "BCAST")) {
            options.broadcast = true;
        } else if (call.arg_is(at, "OPTIN")) {
            options.opt_in = true;
        } else if (call.arg_is(at, "OPTOUT")) {
            options.opt_out = true;
        } else if (call.arg_is(at, "NOLOOP")) {
            options.no_loop = true;
        } else {
            return errors::kSyntax;
        }
    }
    return options;
}

// Compat: a prefix overlaps with itself too, so none can be given twice.
bool overlap(std::string_view a, std::string_view b) {
    return a.substr(0, b.size()) == b || b.substr(0, a.size()) == a;
}

// Whether the options make sense, alone and with what is set up already.
Status check_options(const TrackingOptions& options, const TrackingState* before) {
    if (!options.broadcast && !options.prefixes.empty()) {
        return ErrorText{"ERR PREFIX option requires BCAST mode to be enabled"};
    }
    if (before != nullptr && before->broadcast != options.broadcast) {
        return ErrorText{
            "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and "
            "then re-enabling it with a different mode."};
    }
    if (options.broadcast && (options.opt_in || options.opt_out)) {
        return ErrorText{"ERR OPTIN and OPTOUT are not compatible with BCAST"};
    }
    if (options.opt_in && options.opt_out) {
        return ErrorText{"ERR You can't specify both OPTIN mode and OPTOUT mode"};
    }
    if (before != nullptr &&
        ((options.opt_in && before->opt_out) || (options.opt_out && before->opt_in))) {
        return ErrorText{
            "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and "
            "then re-enabling it with a different mode."};
    }
    return done();
}

Status check_prefixes(const TrackingOptions& options, const TrackingState* before) {
    const std::vector<std::string_view>& given = options.prefixes;
    for (size_t i = 0; i < given.size(); ++i) {
        for (size_t k = 0; before != nullptr && k < before->prefixes().size(); ++k) {
            const std::string& existing = *before->prefixes()[k];
            if (!overlap(existing, given[i])) continue;
            return Error(
                fmt::format("ERR Prefix '{}' overlaps with an existing prefix '{}'. "
                            "Prefixes for a single client must not overlap.",
                            given[i], existing));
        }
        for (size_t k = i + 1; k < given.size(); ++k) {
            if (!overlap(given[i], given[k])) continue;
            return Error(
                fmt::format("ERR Prefix '{}' overlaps with another provided prefix '{}'. "
                            "Prefixes for a single client must not overlap.",
                            given[i], given[k]));
        }
    }
    return done();
}

void apply(Call& call, const TrackingOptions& options) {
    Session& session = call.session();
    if (session.tracking == nullptr) {
        session.tracking =
            std::make_unique<TrackingState>(call.engine().tracking(), call.session());
    }
    TrackingState& state = *state_of(session);
    state.broadcast = options.broadcast;
    state.opt_in = options.opt_in;
    state.opt_out = options.opt_out;
    state.no_loop = options.no_loop;
    state.redirect_broken = false;
    state.redirect = 0;
    if (options.redirect != nullptr) {
        state.redirect = options.redirect->id();
        state.redirect_slot = options.redirect->slot();
        state.redirect_generation = options.redirect->generation();
    }
    for (const std::string_view prefix : options.prefixes) state.add_prefix(prefix);
    // Broadcasting without a prefix means every key, which is the empty one; also after others.
    const bool has_all = std::ranges::any_of(
        state.prefixes(), [](const std::string* prefix) { return prefix->empty(); });
    if (state.broadcast && options.prefixes.empty() && !has_all) state.add_prefix({});
}

}  // namespace

Status tracking(Call& call) {
    const TrackingOptions options = TRY(parse_options(call));
    Session& session = call.session();
    if (TRY(on_or_off(call, 2))) {
        TRY(check_options(options, state_of(session)));
        TRY(check_prefixes(options, state_of(session)));
        apply(call, options);
    } else {
        session.tracking.reset();
    }
    call.reply().ok();
    return done();
}

Status caching(Call& call) {
    TrackingState* state = state_of(call.session());
    if (state == nullptr) {
        return ErrorText{
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN "
            "or OPTOUT mode enabled"};
    }
    if (call.arg_is(2, "YES")) {
        if (!state->opt_in) {
            return ErrorText{
                "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."};
        }
        state->caching = TrackingState::Caching::Yes;
    } else if (call.arg_is(2, "NO")) {
        if (!state->opt_out) {
            return ErrorText{
                "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."};
        }
        state->caching = TrackingState::Caching::No;
    } else {
        return errors::kSyntax;
    }
    call.reply().ok();
    return done();
}

Status getredir(Call& call) {
    const TrackingState* state = state_of(call.session());
    call.reply().integer(state == nullptr ? -1 : static_cast<int64_t>(state->redirect));
    return done();
}

Status trackinginfo(Call& call) {
    const TrackingState* state = state_of(call.session());
    std::vector<std::string_view> flags = {state == nullptr ? "off" : "on"};
    if (state != nullptr) {
        if (state->broadcast) flags.push_back("bcast");
        if (state->opt_in) flags.push_back("optin");
        if (state->caching == TrackingState::Caching::Yes) flags.push_back("caching-yes");
        if (state->opt_out) flags.push_back("optout");
        if (state->caching == TrackingState::Caching::No) flags.push_back("caching-no");
        if (state->no_loop) flags.push_back("noloop");
        if (state->redirect_broken) flags.push_back("broken_redirect");
    }
    engine::ReplyWriter& reply = call.reply();
    reply.map(3);
    reply.bulk("flags");
    reply.set(flags.size());
    for (const std::string_view flag : flags) reply.bulk(flag);
    reply.bulk("redirect");
    reply.integer(state == nullptr ? -1 : static_cast<int64_t>(state->redirect));
    reply.bulk("prefixes");
    std::vector<std::string_view> prefixes;
    if (state != nullptr) {
        for (const std::string* prefix : state->prefixes()) prefixes.push_back(*prefix);
        std::ranges::sort(prefixes);
    }
    reply.array(prefixes.size());
    for (const std::string_view prefix : prefixes) reply.bulk(prefix);
    return done();
}

}  // namespace millrace::admin::client
