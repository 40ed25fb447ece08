// SPDX-License-Identifier: BSD-3-Clause
#include "admin/command_info.h"

#include <algorithm>
#include <bit>
#include <climits>
#include <string>

#include "base/bytes.h"
#include "engine/acl/categories.h"

namespace millrace::admin {

using namespace engine;

namespace {

template <typename Bit>
struct BitName {
    Bit bit;
    std::string_view name;
};

// In the order in which Valkey lists them. What is not here is not shown.
constexpr BitName<uint64_t> kFlagNames[] = {
    {kWrite, "write"},
    {kReadOnly, "readonly"},
    {kDenyOom, "denyoom"},
    {kAdmin, "admin"},
    {kPubSub, "pubsub"},
    {kNoScript, "noscript"},
    {kBlocking, "blocking"},
    {kLoading, "loading"},
    {kStale, "stale"},
    {kSkipMonitor, "skip_monitor"},
    {kSkipCommandLog, "skip_commandlog"},
    {kAsking, "asking"},
    {kFast, "fast"},
    {kNoAuth, "no_auth"},
    {kNoMandatoryKeys, "no_mandatory_keys"},
    {kNoAsyncLoading, "no_async_loading"},
    {kNoMulti, "no_multi"},
    {kMovableKeys, "movablekeys"},
    {kAllowBusy, "allow_busy"},
};

constexpr BitName<uint32_t> kKeyFlagNames[] = {
    {kKeyReadOnly, "RO"},
    {kKeyReadWrite, "RW"},
    {kKeyOverwrite, "OW"},
    {kKeyRemove, "RM"},
    {kKeyAccess, "access"},
    {kKeyUpdate, "update"},
    {kKeyInsert, "insert"},
    {kKeyDelete, "delete"},
    {kKeyNotKey, "not_key"},
    {kKeyIncomplete, "incomplete"},
    {kKeyVariableFlags, "variable_flags"},
};

// The names of the bits that are set, as a set of simple strings.
template <typename Bit, size_t N>
void reply_names(ReplyWriter& reply, Bit bits, const BitName<Bit> (&names)[N]) {
    const auto is_set = [&](const BitName<Bit>& each) { return (bits & each.bit) != 0; };
    reply.set(static_cast<size_t>(std::ranges::count_if(names, is_set)));
    for (const BitName<Bit>& each : names) {
        if (is_set(each)) reply.simple(each.name);
    }
}

void reply_categories(ReplyWriter& reply, uint32_t bits) {
    const auto is_set = [&](const engine::acl::Category& each) { return (bits & each.bit) != 0; };
    reply.set(static_cast<size_t>(std::ranges::count_if(engine::acl::categories(), is_set)));
    for (const engine::acl::Category& each : engine::acl::categories()) {
        if (is_set(each)) reply.simple(each.name);
    }
}

void reply_number(ReplyWriter& reply, std::string_view name, int number) {
    reply.bulk(name);
    reply.integer(number);
}

// A step of a key specification: its type, and a map of `fields` pairs that the caller adds.
void open_step(ReplyWriter& reply, std::string_view step, std::string_view type, size_t fields) {
    reply.bulk(step);
    reply.map(2);
    reply.bulk("type");
    reply.bulk(type);
    reply.bulk("spec");
    reply.map(fields);
}

void reply_begin_search(ReplyWriter& reply, const KeySpec& spec) {
    switch (spec.search) {
        case KeySearch::Index:
            open_step(reply, "begin_search", "index", 1);
            return reply_number(reply, "index", spec.first);
        case KeySearch::Keyword:
            open_step(reply, "begin_search", "keyword", 2);
            reply.bulk("keyword");
            reply.bulk(spec.keyword);
            return reply_number(reply, "startfrom", spec.keyword_from);
        case KeySearch::Unknown:
            open_step(reply, "begin_search", "unknown", 0);
    }
}

void reply_find_keys(ReplyWriter& reply, const KeySpec& spec) {
    switch (spec.find) {
        case KeyFind::Range:
            open_step(reply, "find_keys", "range", 3);
            reply_number(reply, "lastkey", spec.last);
            reply_number(reply, "keystep", spec.step);
            return reply_number(reply, "limit", spec.limit);
        case KeyFind::KeyNumber:
            open_step(reply, "find_keys", "keynum", 3);
            reply_number(reply, "keynumidx", spec.number_at);
            reply_number(reply, "firstkey", spec.keys_from);
            return reply_number(reply, "keystep", spec.step);
        case KeyFind::Unknown:
            open_step(reply, "find_keys", "unknown", 0);
    }
}

void reply_key_spec(ReplyWriter& reply, const KeySpec& spec) {
    reply.map(spec.notes.empty() ? 3 : 4);
    if (!spec.notes.empty()) {
        reply.bulk("notes");
        reply.bulk(spec.notes);
    }
    reply.bulk("flags");
    reply_key_flags(reply, spec.flags);
    reply_begin_search(reply, spec);
    reply_find_keys(reply, spec);
}

}  // namespace

void reply_key_flags(ReplyWriter& reply, uint32_t flags) {
    reply_names(reply, flags, kKeyFlagNames);
}

LegacyKeyRange legacy_key_range(const CommandSpec& spec) {
    LegacyKeyRange range{.first = INT_MAX, .last = 0, .step = 0};
    int last_before = 0;
    for (const KeySpec& each : spec.keys) {
        if (each.search != KeySearch::Index || each.find != KeyFind::Range) continue;
        const bool alone = spec.keys.size() == 1;
        const bool follows_on = last_before == 0 || last_before == each.first - 1;
        if (!alone && (each.step != 1 || !follows_on)) continue;
        const int last = each.last >= 0 ? each.first + each.last : each.last;
        range.first = std::min(range.first, each.first);
        // As unsigned numbers, so that what counts from the end is later than any fixed place.
        if (static_cast<unsigned>(last) > static_cast<unsigned>(range.last)) range.last = last;
        range.step = each.step;
        last_before = last;
    }
    return range.first == INT_MAX ? LegacyKeyRange{} : range;
}

void reply_command_info(ReplyWriter& reply, const Command& command) {
    const CommandSpec& spec = command.spec();
    const LegacyKeyRange range = legacy_key_range(spec);
    reply.array(10);
    reply.bulk(command.full_name());
    reply.integer(spec.arity);
    reply_names(reply, command.flags(), kFlagNames);
    reply.integer(range.first);
    reply.integer(range.last);
    reply.integer(range.step);
    reply_categories(reply, command.acl_categories());
    reply.set(spec.tips.size());
    for (std::string_view tip : spec.tips) reply.bulk(tip);
    reply.set(spec.keys.size());
    for (const KeySpec& each : spec.keys) reply_key_spec(reply, each);
    reply.array(command.subcommands().size());
    for (const Command* each : command.subcommands()) reply_command_info(reply, *each);
}

}  // namespace millrace::admin
