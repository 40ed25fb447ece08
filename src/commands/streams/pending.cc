// SPDX-License-Identifier: BSD-3-Clause
//
// XACK, XPENDING, XCLAIM, XAUTOCLAIM: what consumers were given and have not acknowledged.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/numbers.h"
#include "base/token.h"
#include "base/wrapping.h"
#include "commands/support/streams.h"
#include "commands/support/text.h"
#include "engine/command.h"

namespace millrace::commands::streams::pending {
namespace {

using namespace engine;
using namespace support;
using values::Consumer;
using values::ConsumerGroup;
using values::PendingEntry;
using values::Stream;
using values::StreamId;

Status xack(Call& call);
Status xpending(Call& call);
Status xclaim(Call& call);
Status xautoclaim(Call& call);

constexpr KeySpec kXackKeys[] = {
    {.first = 1, .flags = kRW | kKeyUpdate},
};

constexpr Arg kXackArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "group", .type = ArgType::String},
    {.name = "id", .type = ArgType::String, .flags = kMultiple},
};

constexpr KeySpec kXpendingKeys[] = {
    {.first = 1, .flags = kRO | kKeyAccess},
};

constexpr Arg kXpendingFiltersArgs[] = {
    {.name = "min-idle-time",
     .type = ArgType::Integer,
     .token = "IDLE",
     .flags = kOptional,
     .since = "6.2.0"},
    {.name = "start", .type = ArgType::String},
    {.name = "end", .type = ArgType::String},
    {.name = "count", .type = ArgType::Integer},
    {.name = "consumer", .type = ArgType::String, .flags = kOptional},
};

constexpr Arg kXpendingArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "group", .type = ArgType::String},
    {.name = "filters",
     .type = ArgType::Block,
     .flags = kOptional,
     .children = kXpendingFiltersArgs},
};

constexpr std::string_view kXpendingTips[] = {
    "nondeterministic_output",
};

constexpr HistoryEntry kXpendingHistory[] = {
    {"6.2.0", "The word `IDLE`, and ends that are not part of the range."},
};

constexpr Arg kXclaimArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "group", .type = ArgType::String},
    {.name = "consumer", .type = ArgType::String},
    {.name = "min-idle-time", .type = ArgType::String},
    {.name = "id", .type = ArgType::String, .flags = kMultiple},
    {.name = "ms", .type = ArgType::Integer, .token = "IDLE", .flags = kOptional},
    {.name = "unix-time-milliseconds",
     .type = ArgType::UnixTime,
     .token = "TIME",
     .flags = kOptional},
    {.name = "count", .type = ArgType::Integer, .token = "RETRYCOUNT", .flags = kOptional},
    {.name = "force", .type = ArgType::PureToken, .token = "FORCE", .flags = kOptional},
    {.name = "justid", .type = ArgType::PureToken, .token = "JUSTID", .flags = kOptional},
    {.name = "lastid", .type = ArgType::String, .token = "LASTID", .flags = kOptional},
};

constexpr KeySpec kXautoclaimKeys[] = {
    {.first = 1, .flags = kRW | kKeyDelete},
};

constexpr Arg kXautoclaimArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "group", .type = ArgType::String},
    {.name = "consumer", .type = ArgType::String},
    {.name = "min-idle-time", .type = ArgType::String},
    {.name = "start", .type = ArgType::String},
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
    {.name = "justid", .type = ArgType::PureToken, .token = "JUSTID", .flags = kOptional},
};

constexpr HistoryEntry kXautoclaimHistory[] = {
    {"7.0.0", "The reply names entries that no longer exist."},
};

constexpr CommandSpec kCommands[] = {
    {.name = "XACK",
     .summary = "Acknowledges pending entries of a group.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(log N) an entry, N being those pending.",
     .arity = -4,
     .flags = kWrite | kFast,
     .keys = kXackKeys,
     .args = kXackArgs,
     .run = xack},
    {.name = "XPENDING",
     .summary = "Tells what a group has pending.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity =
         "O(N), N being the entries looked at; the summary is O(C), C being the consumers.",
     .arity = -3,
     .flags = kReadOnly,
     .keys = kXpendingKeys,
     .args = kXpendingArgs,
     .tips = kXpendingTips,
     .history = kXpendingHistory,
     .run = xpending},
    {.name = "XCLAIM",
     .summary = "Gives pending entries to another consumer of the group.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(log N) an entry, N being those pending.",
     .arity = -6,
     .flags = kWrite | kFast,
     .keys = kXackKeys,
     .args = kXclaimArgs,
     .tips = kXpendingTips,
     .run = xclaim},
    {.name = "XAUTOCLAIM",
     .summary = "Gives entries that have been pending for long to another consumer of the group.",
     .since = "6.2.0",
     .group = Group::Stream,
     .complexity = "O(N), N being the entries looked at.",
     .arity = -6,
     .flags = kWrite | kFast,
     .keys = kXautoclaimKeys,
     .args = kXautoclaimArgs,
     .tips = kXpendingTips,
     .history = kXautoclaimHistory,
     .run = xautoclaim},
};

Result<std::vector<StreamId>> parse_ids(Call& call, size_t from, size_t end) {
    std::vector<StreamId> ids;
    for (size_t at = from; at < end; ++at) ids.push_back(TRY(stream_id_argument(call, at)));
    return ids;
}

Status xack(Call& call) {
    Stream* stream = TRY(call.edit(1, Stream::kType)).value<Stream>();
    ConsumerGroup* group = stream == nullptr ? nullptr : stream->find_group(call.arg(2));
    int64_t acknowledged = 0;
    if (group != nullptr) {
        for (const StreamId& id : TRY(parse_ids(call, 3, call.count()))) {
            acknowledged += group->acknowledge(id);
        }
        // Compat: no event, and who watches the key is not told.
        call.engine().mark_dirty(static_cast<uint64_t>(acknowledged));
    }
    call.reply().integer(acknowledged);
    return done();
}

// --- XPENDING ---

struct PendingRange {
    int64_t idle_ms = 0;
    StreamId start;
    StreamId stop;
    uint64_t count = 0;
    size_t consumer_at = 0;  // 0: all.
};

Result<PendingRange> parse_pending_range(Call& call) {
    if (call.count() < 6 || call.count() > 9) return errors::kSyntax;
    PendingRange range;
    size_t at = 3;
    if (call.arg_is(at, "IDLE")) {
        range.idle_ms = TRY(call.integer(4));
        if (call.count() < 8) return errors::kSyntax;
        at = 5;
    }
    const int64_t count = TRY(call.integer(at + 2));
    range.count = count < 0 ? 0 : static_cast<uint64_t>(count);
    range.start = TRY(interval_argument(call, at, IntervalEnd::Start));
    range.stop = TRY(interval_argument(call, at + 1, IntervalEnd::Stop));
    if (at + 3 < call.count()) range.consumer_at = at + 3;
    return range;
}

void reply_summary(ReplyWriter& reply, const ConsumerGroup& group) {
    const ConsumerGroup::Pending& pending = group.pending();
    reply.array(4);
    reply.integer(static_cast<int64_t>(pending.size()));
    if (pending.empty()) {
        reply.null();
        reply.null();
        reply.null_array();
        return;
    }
    reply_id(reply, pending.begin()->first);
    reply_id(reply, pending.last()->first);
    const size_t opened = reply.open();
    size_t count = 0;
    for (const auto& [name, consumer] : group.consumers()) {
        if (consumer.pending.empty()) continue;
        reply.array(2);
        reply.bulk(name);
        reply.bulk(IntegerText(static_cast<int64_t>(consumer.pending.size())).view());
        ++count;
    }
    reply.close_array(opened, count);
}

// Answers one pending entry if it has been idle for long enough.
bool reply_pending(Call& call, const StreamId& id, const PendingEntry& entry, int64_t idle_ms) {
    const int64_t idle =
        std::max<int64_t>(wrapping_subtract(call.now_ms(), entry.delivered_ms), 0);
    if (idle < idle_ms) return false;
    ReplyWriter& reply = call.reply();
    reply.array(4);
    reply_id(reply, id);
    reply.bulk(entry.consumer->name);
    reply.integer(idle);
    reply.integer(static_cast<int64_t>(entry.deliveries));
    return true;
}

void reply_range(Call& call, const ConsumerGroup& group, const PendingRange& range) {
    const size_t opened = call.reply().open();
    uint64_t found = 0;
    if (range.consumer_at != 0) {
        if (const Consumer* consumer = group.find_consumer(call.arg(range.consumer_at))) {
            auto id = consumer->pending.lower_bound(range.start);
            for (; id != consumer->pending.end() && *id <= range.stop && found < range.count;
                 ++id) {
                found += reply_pending(call, *id, *group.find_pending(*id), range.idle_ms);
            }
        }
    } else {
        auto entry = group.pending().lower_bound(range.start);
        for (; entry != group.pending().end() && entry->first <= range.stop && found < range.count;
             ++entry) {
            found += reply_pending(call, entry->first, entry->second, range.idle_ms);
        }
    }
    call.reply().close_array(opened, found);
}

Status xpending(Call& call) {
    std::optional<PendingRange> range;
    if (call.count() != 3) range = TRY(parse_pending_range(call));
    const Stream* stream = TRY(call.read<Stream>(1));
    const ConsumerGroup& group = *TRY(group_argument(call, stream, 1, 2));
    if (range) {
        reply_range(call, group, *range);
    } else {
        reply_summary(call.reply(), group);
    }
    return done();
}

// --- XCLAIM ---

struct ClaimOptions {
    int64_t idle_ms = 0;
    std::vector<StreamId> ids;
    int64_t delivered_ms = -1;
    int64_t deliveries = -1;
    bool force = false;
    bool just_ids = false;
    StreamId last_id;
};

Result<int64_t> claim_number(Call& call, size_t at, std::string_view option) {
    const auto number = parse_integer(call.arg(at));
    if (number) return *number;
    return Error("ERR Invalid " + std::string(option) + " option argument for XCLAIM");
}

Status parse_claim_options(Call& call, size_t from, ClaimOptions& options) {
    for (size_t at = from; at < call.count(); ++at) {
        const bool more = at + 1 < call.count();
        if (call.arg_is(at, "FORCE")) {
            options.force = true;
        } else if (call.arg_is(at, "JUSTID")) {
            options.just_ids = true;
        } else if (call.arg_is(at, "IDLE") && more) {
            const int64_t idle_ms = TRY(claim_number(call, ++at, "IDLE"));
            options.delivered_ms = wrapping_subtract(call.now_ms(), idle_ms);
        } else if (call.arg_is(at, "TIME") && more) {
            options.delivered_ms = TRY(claim_number(call, ++at, "TIME"));
        } else if (call.arg_is(at, "RETRYCOUNT") && more) {
            options.deliveries = TRY(claim_number(call, ++at, "RETRYCOUNT"));
        } else if (call.arg_is(at, "LASTID") && more) {
            options.last_id = TRY(stream_id_argument(call, ++at));
        } else {
            return Error("ERR Unrecognized XCLAIM option '" +
                         std::string(until_zero(call.arg(at))) + "'");
        }
    }
    // A time that cannot be is now.
    if (options.delivered_ms < 0 || options.delivered_ms > call.now_ms()) {
        options.delivered_ms = call.now_ms();
    }
    return done();
}

Result<ClaimOptions> parse_claim(Call& call) {
    ClaimOptions options;
    const auto idle = parse_integer(call.arg(4));
    if (!idle) return ErrorText{"ERR Invalid min-idle-time argument for XCLAIM"};
    options.idle_ms = std::max<int64_t>(*idle, 0);
    size_t at = 5;
    for (; at < call.count(); ++at) {
        const auto id = parse_stream_id(call.arg(at), 0);
        if (!id) break;
        options.ids.push_back(*id);
    }
    (void)TRY(parse_claim_options(call, at, options));
    return options;
}

// What XCLAIM and XAUTOCLAIM work on.
struct Claim {
    Stream& stream;
    ConsumerGroup& group;
    Consumer& consumer;
    GroupName name;
};

// Finds entries of a stream that does not change. Ids that rise by little are found by stepping
// ahead, where a search begins at the block's first entry.
class EntryFinder {
public:
    explicit EntryFinder(const Stream& stream) : stream_(stream) {}

    // The entry, or none.
    Stream::Cursor find(const StreamId& id) {
        constexpr int kStepsMax = 16;
        if (!at_ || at_.id() > id) at_ = stream_.seek(id);
        for (int steps = 0; at_ && at_.id() < id; ++steps)
            at_ = steps < kStepsMax ? stream_.next(at_) : stream_.seek(id);
        return at_ && at_.id() == id ? at_ : Stream::Cursor{};
    }

private:
    const Stream& stream_;
    Stream::Cursor at_;
};

// A pending entry that is no longer in the stream goes.
void drop_deleted(Call& call, const Claim& claim, const StreamId& id, const PendingEntry& entry) {
    propagate_pending(call, claim.name, claim.group, id, entry);
    call.engine().mark_dirty();
    claim.group.acknowledge(id);
}

void hand_over(Call& call, const Claim& claim, const Stream::Cursor& found,
               const ClaimOptions& options) {
    const StreamId& id = found.id();
    PendingEntry& entry = claim.group.assign(id, claim.consumer);
    entry.delivered_ms = options.delivered_ms;
    if (options.deliveries >= 0) {
        entry.deliveries = static_cast<uint64_t>(options.deliveries);
    } else if (!options.just_ids) {
        ++entry.deliveries;
    }
    if (options.just_ids) {
        reply_id(call.reply(), id);
    } else {
        reply_entry(call.reply(), claim.stream, found);
    }
    claim.consumer.active_ms = call.now_ms();
    propagate_pending(call, claim.name, claim.group, id, entry);
    call.engine().mark_dirty();
}

bool idle_enough(Call& call, const PendingEntry& entry, int64_t idle_ms) {
    return idle_ms == 0 || wrapping_subtract(call.now_ms(), entry.delivered_ms) >= idle_ms;
}

// How many ids it has answered.
size_t claim_all(Call& call, const Claim& claim, const ClaimOptions& options, bool& propagated) {
    size_t count = 0;
    EntryFinder entries(claim.stream);
    for (const StreamId& id : options.ids) {
        const PendingEntry* entry = claim.group.find_pending(id);
        const Stream::Cursor found = entries.find(id);
        if (!found) {
            if (entry == nullptr) continue;
            drop_deleted(call, claim, id, *entry);
            propagated = true;
            continue;
        }
        if (entry == nullptr && !options.force) continue;
        if (entry != nullptr && !idle_enough(call, *entry, options.idle_ms)) continue;
        hand_over(call, claim, found, options);
        propagated = true;
        ++count;
    }
    return count;
}

Status xclaim(Call& call) {
    Stream* stream = TRY(call.edit(1, Stream::kType)).value<Stream>();
    ConsumerGroup& group = *TRY(group_argument(call, stream, 1, 2));
    const ClaimOptions options = TRY(parse_claim(call));
    const bool moved = options.last_id > group.last_id;
    if (moved) group.last_id = options.last_id;
    call.propagate_nothing();
    const GroupName name{call.arg(1), call.arg(2)};
    Consumer& consumer = touch_consumer(call, group, name.key, call.arg(3));
    const size_t opened = call.reply().open();
    bool propagated = false;
    const size_t count = claim_all(call, {*stream, group, consumer, name}, options, propagated);
    call.reply().close_array(opened, count);
    if (moved && !propagated) {
        propagate_position(call, name, group);
        call.engine().mark_dirty();
    }
    return done();
}

// --- XAUTOCLAIM ---

struct ScanOptions {
    ClaimOptions claim;
    StreamId start;
    int64_t count = 100;
};

// Compat: Valkey reserves room for as many ids as COUNT says, which needs addresses at least.
constexpr int64_t kIdBytes = 16;
constexpr int64_t kAddressableBytes = int64_t{1} << 47;
constexpr ErrorText kCountTooHigh{
    "ERR Insufficient memory, failed allocating transient memory, COUNT too high."};

Result<ScanOptions> parse_scan(Call& call) {
    ScanOptions options;
    const auto idle = parse_integer(call.arg(4));
    if (!idle) return ErrorText{"ERR Invalid min-idle-time argument for XAUTOCLAIM"};
    options.claim.idle_ms = std::max<int64_t>(*idle, 0);
    options.claim.delivered_ms = call.now_ms();
    options.start = TRY(interval_argument(call, 5, IntervalEnd::Start));
    for (size_t at = 6; at < call.count(); ++at) {
        if (call.arg_is(at, "COUNT") && at + 1 < call.count()) {
            const auto count = parse_integer(call.arg(++at));
            if (!count || *count < 1 || *count > INT64_MAX / kIdBytes) {
                return ErrorText{"ERR COUNT must be > 0"};
            }
            options.count = *count;
        } else if (call.arg_is(at, "JUSTID")) {
            options.claim.just_ids = true;
        } else {
            return errors::kSyntax;
        }
    }
    return options;
}

void reply_ids(ReplyWriter& reply, const std::vector<StreamId>& ids) {
    reply.array(ids.size());
    for (const StreamId& id : ids) reply_id(reply, id);
}

Status xautoclaim(Call& call) {
    const ScanOptions options = TRY(parse_scan(call));
    Stream* stream = TRY(call.edit(1, Stream::kType)).value<Stream>();
    ConsumerGroup& group = *TRY(group_argument(call, stream, 1, 2));
    if (options.count >= kAddressableBytes / kIdBytes - 1) return kCountTooHigh;
    call.propagate_nothing();
    const GroupName name{call.arg(1), call.arg(2)};
    Consumer& consumer = touch_consumer(call, group, name.key, call.arg(3));
    const Claim claim{*stream, group, consumer, name};

    // What happens is decided first, because the reply begins with where to go on.
    std::vector<StreamId> chosen;
    std::vector<StreamId> deleted;
    EntryFinder scanned(*stream);
    int64_t attempts = options.count * 10;
    auto entry = group.pending().lower_bound(options.start);
    const auto full = [&] { return chosen.size() == static_cast<size_t>(options.count); };
    for (; entry != group.pending().end() && attempts > 0 && !full(); --attempts, ++entry) {
        if (!scanned.find(entry->first)) {
            chosen.push_back(entry->first);
            deleted.push_back(entry->first);
        } else if (idle_enough(call, entry->second, options.claim.idle_ms)) {
            chosen.push_back(entry->first);
        }
    }
    ReplyWriter& reply = call.reply();
    reply.array(3);
    reply_id(reply, entry == group.pending().end() ? StreamId{} : entry->first);
    reply.array(chosen.size() - deleted.size());
    EntryFinder answered(*stream);
    for (const StreamId& id : chosen) {
        if (const Stream::Cursor found = answered.find(id)) {
            hand_over(call, claim, found, options.claim);
        } else {
            drop_deleted(call, claim, id, *group.find_pending(id));
        }
    }
    reply_ids(reply, deleted);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::streams::pending
