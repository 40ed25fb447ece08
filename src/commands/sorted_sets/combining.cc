// SPDX-License-Identifier: BSD-3-Clause
//
// ZUNION, ZINTER, ZDIFF and their STORE forms, ZINTERCARD: several sorted sets become one.
//
// Sets take part too; their members have the score 1.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "commands/support/sorted_sets.h"
#include "engine/command.h"
#include "values/set.h"

namespace millrace::commands::sorted_sets::combining {
namespace {

using namespace engine;
using namespace support;
using keyspace::ValueType;
using values::ScoredMember;
using values::Set;
using values::SortedSet;

Status zunion(Call& call);
Status zinter(Call& call);
Status zdiff(Call& call);
Status zunionstore(Call& call);
Status zinterstore(Call& call);
Status zdiffstore(Call& call);
Status zintercard(Call& call);

constexpr KeySpec kZunionKeys[] = {{.first = 1,
                                    .find = KeyFind::KeyNumber,
                                    .number_at = 0,
                                    .keys_from = 1,
                                    .flags = kRO | kKeyAccess}};
constexpr Arg kZunionAggregateArgs[] = {
    {.name = "sum", .type = ArgType::PureToken, .token = "SUM"},
    {.name = "min", .type = ArgType::PureToken, .token = "MIN"},
    {.name = "max", .type = ArgType::PureToken, .token = "MAX"},
};
constexpr Arg kZunionArgs[] = {
    {"numkeys", ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
    {.name = "weight",
     .type = ArgType::Integer,
     .token = "WEIGHTS",
     .flags = kOptional | kMultiple},
    {.name = "aggregate",
     .type = ArgType::OneOf,
     .token = "AGGREGATE",
     .flags = kOptional,
     .children = kZunionAggregateArgs},
    {.name = "withscores", .type = ArgType::PureToken, .token = "WITHSCORES", .flags = kOptional},
};
constexpr Arg kZdiffArgs[] = {
    {"numkeys", ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
    {.name = "withscores", .type = ArgType::PureToken, .token = "WITHSCORES", .flags = kOptional},
};
constexpr KeySpec kZunionstoreKeys[] = {{.first = 1, .flags = kOW | kKeyUpdate},
                                        {.first = 2,
                                         .find = KeyFind::KeyNumber,
                                         .number_at = 0,
                                         .keys_from = 1,
                                         .flags = kRO | kKeyAccess}};
constexpr Arg kZunionstoreArgs[] = {
    {"destination", ArgType::Key, 0},
    {"numkeys", ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 1, .flags = kMultiple},
    {.name = "weight",
     .type = ArgType::Integer,
     .token = "WEIGHTS",
     .flags = kOptional | kMultiple},
    {.name = "aggregate",
     .type = ArgType::OneOf,
     .token = "AGGREGATE",
     .flags = kOptional,
     .children = kZunionAggregateArgs},
};
constexpr Arg kZdiffstoreArgs[] = {
    {"destination", ArgType::Key, 0},
    {"numkeys", ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 1, .flags = kMultiple},
};
constexpr Arg kZintercardArgs[] = {
    {"numkeys", ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
    {.name = "limit", .type = ArgType::Integer, .token = "LIMIT", .flags = kOptional},
};

constexpr CommandSpec kCommands[] = {
    {.name = "ZUNION",
     .summary = "Unites several sorted sets.",
     .since = "6.2.0",
     .group = Group::SortedSet,
     .complexity = "O(N)+O(M*log(M)), N being the elements of all that go in, M of the result.",
     .arity = -3,
     .flags = kReadOnly,
     .keys = kZunionKeys,
     .args = kZunionArgs,
     .run = zunion},
    {.name = "ZINTER",
     .summary = "Intersects several sorted sets.",
     .since = "6.2.0",
     .group = Group::SortedSet,
     .complexity = "O(N*K)+O(M*log(M)), N being the elements of the smallest, K the sorted sets, M "
                   "the elements of the result.",
     .arity = -3,
     .flags = kReadOnly,
     .keys = kZunionKeys,
     .args = kZunionArgs,
     .run = zinter},
    {.name = "ZDIFF",
     .summary = "Subtracts sorted sets from the first one.",
     .since = "6.2.0",
     .group = Group::SortedSet,
     .complexity = "O(L + (N-K)*log(N)), L being the elements of all that go in, N of the first, K "
                   "of the result.",
     .arity = -3,
     .flags = kReadOnly,
     .keys = kZunionKeys,
     .args = kZdiffArgs,
     .run = zdiff},
    {.name = "ZUNIONSTORE",
     .summary = "Stores the union of several sorted sets.",
     .since = "2.0.0",
     .group = Group::SortedSet,
     .complexity = "O(N)+O(M*log(M)), N being the elements of all that go in, M of the result.",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .keys = kZunionstoreKeys,
     .args = kZunionstoreArgs,
     .run = zunionstore},
    {.name = "ZINTERSTORE",
     .summary = "Stores the intersection of several sorted sets.",
     .since = "2.0.0",
     .group = Group::SortedSet,
     .complexity = "O(N*K)+O(M*log(M)), N being the elements of the smallest, K the sorted sets, M "
                   "the elements of the result.",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .keys = kZunionstoreKeys,
     .args = kZunionstoreArgs,
     .run = zinterstore},
    {.name = "ZDIFFSTORE",
     .summary = "Stores what is left of the first of several sorted sets.",
     .since = "6.2.0",
     .group = Group::SortedSet,
     .complexity = "O(L + (N-K)*log(N)), L being the elements of all that go in, N of the first, K "
                   "of the result.",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .keys = kZunionstoreKeys,
     .args = kZdiffstoreArgs,
     .run = zdiffstore},
    {.name = "ZINTERCARD",
     .summary = "Counts what several sorted sets have in common.",
     .since = "7.0.0",
     .group = Group::SortedSet,
     .complexity = "O(N*K), N being the elements of the smallest, K the sorted sets.",
     .arity = -3,
     .flags = kReadOnly,
     .keys = kZunionKeys,
     .args = kZintercardArgs,
     .run = zintercard},
};

constexpr ErrorText kBadWeight{"ERR weight value is not a float"};
constexpr ErrorText kBadLimit{"ERR LIMIT can't be negative"};

enum class Operation : uint8_t { Union, Intersection, Difference };
enum class Aggregate : uint8_t { Sum, Min, Max };

// ---- what goes in ----

// A sorted set, a set, or a key that is missing.
struct Source {
    const SortedSet* sorted = nullptr;
    const Set* set = nullptr;
    double weight = 1;

    uint64_t size() const {
        if (sorted != nullptr) return sorted->size();
        return set == nullptr ? 0 : set->size();
    }
    bool same_as(const Source& other) const { return sorted == other.sorted && set == other.set; }
    std::optional<double> score(std::string_view member) const {
        if (sorted != nullptr) return sorted->score(member);
        if (set != nullptr && set->contains(member)) return 1;
        return std::nullopt;
    }
    // Until the visitor, (member, score), returns false.
    template <typename Visitor>
    void for_each_while(Visitor&& visitor) const {
        if (set != nullptr) {
            set->for_each_while([&](std::string_view member) { return visitor(member, 1.0); });
            return;
        }
        if (sorted == nullptr) return;
        for (auto cursor = sorted->first(); cursor; cursor.next()) {
            if (!visitor(cursor.member(), cursor.score())) return;
        }
    }
};

struct Request {
    Operation operation;
    size_t number_at = 1;  // Where the number of keys stands.
    bool stores = false;   // In argument 1.
    bool counts_only = false;
    std::vector<Source> sources = {};
    Aggregate aggregate = Aggregate::Sum;
    WithScores with_scores = WithScores::No;
    uint64_t limit = 0;  // 0: none.
};

Result<Source> read_source(Call& call, size_t at) {
    const keyspace::Entry* entry = call.find(at);
    if (entry == nullptr) return Source{};
    if (entry->type() == ValueType::SortedSet)
        return Source{.sorted = static_cast<const SortedSet*>(entry->collection())};
    if (entry->type() == ValueType::Set)
        return Source{.set = static_cast<const Set*>(entry->collection())};
    return errors::kWrongType;
}

// Takes up the option at `at`, and moves there to the last of its words.
Status parse_option(const Call& call, Request& request, size_t& at) {
    const size_t left = call.count() - at;
    const bool weighs = request.operation != Operation::Difference && !request.counts_only;
    if (weighs && left > request.sources.size() && call.arg_is(at, "WEIGHTS")) {
        for (Source& source : request.sources) {
            const auto weight = call.number(++at);
            if (!weight.ok()) return kBadWeight;
            source.weight = *weight;
        }
        return done();
    }
    if (weighs && left >= 2 && call.arg_is(at, "AGGREGATE")) {
        ++at;
        if (call.arg_is(at, "SUM")) {
            request.aggregate = Aggregate::Sum;
        } else if (call.arg_is(at, "MIN")) {
            request.aggregate = Aggregate::Min;
        } else if (call.arg_is(at, "MAX")) {
            request.aggregate = Aggregate::Max;
        } else {
            return errors::kSyntax;
        }
        return done();
    }
    if (!request.stores && !request.counts_only && call.arg_is(at, "WITHSCORES")) {
        request.with_scores = WithScores::Yes;
        return done();
    }
    if (request.counts_only && left >= 2 && call.arg_is(at, "LIMIT")) {
        const auto limit = call.integer(++at);
        if (!limit.ok() || *limit < 0) return kBadLimit;
        request.limit = static_cast<uint64_t>(*limit);
        return done();
    }
    return errors::kSyntax;
}

Status parse(Call& call, Request& request) {
    const int64_t number = TRY(call.integer(request.number_at));
    if (number < 1) {
        return Error("ERR at least 1 input key is needed for '" + call.command().full_name() +
                     "' command");
    }
    const size_t first = request.number_at + 1;
    if (static_cast<uint64_t>(number) > call.count() - first) return errors::kSyntax;
    for (size_t i = 0; i < static_cast<size_t>(number); ++i)
        request.sources.push_back(TRY(read_source(call, first + i)));
    for (size_t at = first + request.sources.size(); at < call.count(); ++at)
        TRY(parse_option(call, request, at));
    return done();
}

// ---- what comes out ----

// Infinities of different signs add up to zero here.
double without_nan(double score) {
    return std::isnan(score) ? 0 : score;
}

void aggregate(double& score, double other, Aggregate how) {
    switch (how) {
        case Aggregate::Sum:
            score = without_nan(score + other);
            break;
        case Aggregate::Min:
            score = other < score ? other : score;
            break;
        case Aggregate::Max:
            score = other > score ? other : score;
            break;
    }
}

// The elements of the result, in no order; the texts of their members lie in `texts`.
struct Elements {
    Arena texts;
    std::vector<ScoredMember> all;
    void add(std::string_view member, double score) { all.push_back({score, texts.copy(member)}); }
};

void unite(const Request& request, Elements& result) {
    std::unordered_map<std::string_view, size_t> places;
    uint64_t largest = 0;
    for (const Source& source : request.sources) largest = std::max(largest, source.size());
    places.reserve(largest);
    for (const Source& source : request.sources) {
        source.for_each_while([&](std::string_view member, double own) {
            const double score = without_nan(source.weight * own);
            const auto known = places.find(member);
            if (known != places.end()) {
                aggregate(result.all[known->second].score, score, request.aggregate);
                return true;
            }
            result.add(member, score);
            places.emplace(result.all.back().member, result.all.size() - 1);
            return true;
        });
    }
}

void intersect(const Request& request, Elements& result) {
    const Source& smallest = request.sources.front();
    smallest.for_each_while([&](std::string_view member, double own) {
        double score = without_nan(smallest.weight * own);
        for (size_t i = 1; i < request.sources.size(); ++i) {
            const Source& source = request.sources[i];
            const auto other = source.same_as(smallest) ? own : source.score(member);
            if (!other) return true;
            aggregate(score, source.weight * *other, request.aggregate);
        }
        result.add(member, score);
        return request.limit == 0 || result.all.size() < request.limit;
    });
}

void subtract(const Request& request, Elements& result) {
    const Source& first = request.sources.front();
    first.for_each_while([&](std::string_view member, double score) {
        for (size_t i = 1; i < request.sources.size(); ++i) {
            if (request.sources[i].score(member)) return true;
        }
        result.add(member, score);
        return true;
    });
}

void combine(Request& request, Elements& result) {
    if (request.operation == Operation::Difference) return subtract(request, result);
    // Small ones first: that leaves the least to look up, and sums come out as in Valkey.
    std::stable_sort(request.sources.begin(), request.sources.end(),
                     [](const Source& a, const Source& b) { return a.size() < b.size(); });
    if (request.operation == Operation::Union) return unite(request, result);
    intersect(request, result);
}

std::string_view event_of(Operation operation) {
    switch (operation) {
        case Operation::Union:
            return "zunionstore";
        case Operation::Intersection:
            return "zinterstore";
        case Operation::Difference:
            break;
    }
    return "zdiffstore";
}

Status run(Call& call, Request request) {
    TRY(parse(call, request));
    Elements result;
    combine(request, result);
    if (request.counts_only) {
        call.reply().integer(static_cast<int64_t>(result.all.size()));
        return done();
    }
    std::sort(result.all.begin(), result.all.end());
    if (request.stores) {
        store_elements(call, 1, event_of(request.operation), result.all);
        return done();
    }
    reply_elements_header(call, result.all.size(), request.with_scores);
    for (const ScoredMember& element : result.all)
        reply_element(call, element.member, element.score, request.with_scores);
    return done();
}

Status zunion(Call& call) {
    return run(call, {.operation = Operation::Union});
}

Status zinter(Call& call) {
    return run(call, {.operation = Operation::Intersection});
}

Status zdiff(Call& call) {
    return run(call, {.operation = Operation::Difference});
}

Status zunionstore(Call& call) {
    return run(call, {.operation = Operation::Union, .number_at = 2, .stores = true});
}

Status zinterstore(Call& call) {
    return run(call, {.operation = Operation::Intersection, .number_at = 2, .stores = true});
}

Status zdiffstore(Call& call) {
    return run(call, {.operation = Operation::Difference, .number_at = 2, .stores = true});
}

Status zintercard(Call& call) {
    return run(call, {.operation = Operation::Intersection, .counts_only = true});
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::sorted_sets::combining
