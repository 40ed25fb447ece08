// SPDX-License-Identifier: BSD-3-Clause
//
// SORT, SORT_RO: the elements of a list, set or sorted set in order, by themselves or by what other
// keys say about them.

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/token.h"
#include "commands/support/lists.h"
#include "commands/support/text.h"
#include "engine/acl/access_control.h"
#include "engine/command.h"
#include "values/hash.h"
#include "values/list.h"
#include "values/set.h"
#include "values/sorted_set.h"

namespace millrace::commands::keys::sort {
namespace {

using namespace engine;
using namespace support;
using keyspace::Entry;
using keyspace::ValueType;

Status sort(Call& call);
Status sort_ro(Call& call);
bool find_sort_keys(std::span<const std::string_view> arguments, KeyPositions& found);
bool find_sort_ro_keys(std::span<const std::string_view> arguments, KeyPositions& found);

constexpr std::string_view kPatternNotes =
    "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the "
    "content of the key we sort";
constexpr KeySpec kSortKeys[] = {
    {.flags = kRO | kKeyAccess},
    {.search = KeySearch::Unknown,
     .find = KeyFind::Unknown,
     .flags = kRO | kKeyAccess,
     .notes = kPatternNotes},
    {.search = KeySearch::Unknown,
     .find = KeyFind::Unknown,
     .flags = kOW | kKeyUpdate,
     .notes = "For the optional STORE keyword. It is marked 'unknown' because the keyword can "
              "appear anywhere in the argument array"},
};
constexpr KeySpec kSortRoKeys[] = {kSortKeys[0], kSortKeys[1]};
constexpr Arg kLimitArgs[] = {{"offset", ArgType::Integer}, {"count", ArgType::Integer}};
constexpr Arg kOrders[] = {
    {.name = "asc", .type = ArgType::PureToken, .token = "ASC"},
    {.name = "desc", .type = ArgType::PureToken, .token = "DESC"},
};
constexpr Arg kSortArgs[] = {
    {"key", ArgType::Key, 0},
    {.name = "by-pattern",
     .type = ArgType::Pattern,
     .key_spec = 1,
     .token = "BY",
     .flags = kOptional,
     .display = "pattern"},
    {.name = "limit",
     .type = ArgType::Block,
     .token = "LIMIT",
     .flags = kOptional,
     .children = kLimitArgs},
    {.name = "get-pattern",
     .type = ArgType::Pattern,
     .key_spec = 1,
     .token = "GET",
     .flags = kOptional | kMultiple | kMultipleToken,
     .display = "pattern"},
    {.name = "order", .type = ArgType::OneOf, .flags = kOptional, .children = kOrders},
    {.name = "sorting", .type = ArgType::PureToken, .token = "ALPHA", .flags = kOptional},
    {.name = "destination",
     .type = ArgType::Key,
     .key_spec = 2,
     .token = "STORE",
     .flags = kOptional},
};
constexpr std::string_view kComplexity =
    "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number "
    "of returned elements. When the elements are not sorted, complexity is O(N).";

constexpr CommandSpec kCommands[] = {
    {.name = "SORT",
     .summary = "Sorts a list, a set or a sorted set, by its elements or by other keys; answers "
                "the result or stores it.",
     .since = "1.0.0",
     .group = Group::Generic,
     .complexity = kComplexity,
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .acl = kAclSet | kAclSortedSet | kAclList | kAclDangerous,
     .keys = kSortKeys,
     .args = kSortArgs,
     .find_keys = find_sort_keys,
     .run = sort},
    {.name = "SORT_RO",
     .summary = "Sorts a list, a set or a sorted set, by its elements or by other keys.",
     .since = "7.0.0",
     .group = Group::Generic,
     .complexity = kComplexity,
     .arity = -2,
     .flags = kReadOnly,
     .acl = kAclSet | kAclSortedSet | kAclList | kAclDangerous,
     .keys = kSortRoKeys,
     .args = std::span(kSortArgs).first(std::size(kSortArgs) - 1),
     .find_keys = find_sort_ro_keys,
     .run = sort_ro},
};

constexpr ErrorText kNoScore{"ERR One or more scores can't be converted into double"};

// --- what is asked for ---

struct Options {
    std::optional<std::string_view> by;  // A pattern with a '*'.
    std::vector<std::string_view> get;
    int64_t offset = 0;
    int64_t count = -1;   // Negative: all.
    size_t store_at = 0;  // The argument that names the destination; 0: there is none.
    bool sorts = true;
    bool descending = false;
    bool alpha = false;
};

constexpr ErrorText kByDenied{"ERR BY option of SORT denied due to insufficient ACL permissions."};
constexpr ErrorText kGetDenied{
    "ERR GET option of SORT denied due to insufficient ACL permissions."};

// Patterns may name any key.
bool may_read_all_keys(Call& call) {
    return call.engine().access().may_read_all_keys(
        call.session(), {.command = call.command(),
                         .arguments = call.arguments(),
                         .database = call.db(),
                         .database_count = call.keyspace().database_count()});
}

Result<Options> options_of(Call& call, bool may_store) {
    Options options;
    for (size_t at = 2; at < call.count(); ++at) {
        const size_t left = call.count() - at - 1;
        if (call.arg_is(at, "ASC")) {
            options.descending = false;
        } else if (call.arg_is(at, "DESC")) {
            options.descending = true;
        } else if (call.arg_is(at, "ALPHA")) {
            options.alpha = true;
        } else if (call.arg_is(at, "LIMIT") && left >= 2) {
            options.offset = TRY(call.integer(at + 1));
            options.count = TRY(call.integer(at + 2));
            at += 2;
        } else if (call.arg_is(at, "STORE") && left >= 1 && may_store) {
            options.store_at = ++at;
        } else if (call.arg_is(at, "BY") && left >= 1) {
            const std::string_view pattern = call.arg(++at);
            // A pattern that is the same for all elements asks for the order that they have.
            options.sorts = pattern.find('*') != std::string_view::npos;
            if (options.sorts && !may_read_all_keys(call)) return kByDenied;
            if (options.sorts) options.by = pattern;
        } else if (call.arg_is(at, "GET") && left >= 1) {
            if (!call.arg_is(++at, "#") && !may_read_all_keys(call)) return kGetDenied;
            options.get.push_back(call.arg(at));
        } else {
            return errors::kSyntax;
        }
    }
    return options;
}

// The words that options_of() would take for an option's argument are not options.
size_t words_of_option(std::string_view word) {
    if (is_token(word, "LIMIT")) return 3;
    if (is_token(word, "BY") || is_token(word, "GET")) return 2;
    return 1;
}

bool find_sort_keys(std::span<const std::string_view> arguments, KeyPositions& found) {
    found.add(1, kSortKeys[0].flags);
    size_t store_at = 0;
    for (size_t at = 2; at + 1 < arguments.size(); at += words_of_option(arguments[at])) {
        if (is_token(arguments[at], "STORE")) store_at = at + 1;
    }
    if (store_at != 0) found.add(static_cast<int>(store_at), kSortKeys[2].flags);
    return true;
}

bool find_sort_ro_keys(std::span<const std::string_view> /*arguments*/, KeyPositions& found) {
    found.add(1, kSortRoKeys[0].flags);
    return true;
}

// --- what other keys say ---

// "prefix*suffix" names a string key, "prefix*suffix->field" a field of a hash; the element stands
// where the star is, and "#" means the element itself.
class Lookup {
public:
    Lookup(Call& call, Arena& arena) : call_(call), arena_(arena) {}

    std::optional<std::string_view> operator()(std::string_view pattern, std::string_view element) {
        if (is_token(pattern, "#")) return element;
        const size_t star = pattern.find('*');
        if (star == std::string_view::npos) return std::nullopt;
        std::string_view suffix = pattern.substr(star + 1);
        std::string_view field;
        const size_t arrow = suffix.find("->");
        if (arrow != std::string_view::npos && arrow + 2 < suffix.size()) {
            field = suffix.substr(arrow + 2);
            suffix = suffix.substr(0, arrow);
        }
        key_.assign(pattern.substr(0, star)).append(element).append(suffix);
        const Entry* entry = call_.find(key_);
        if (entry == nullptr) return std::nullopt;
        return field.empty() ? string_of(*entry) : field_of(*entry, field);
    }

private:
    std::optional<std::string_view> string_of(const Entry& entry) {
        if (!entry.is_string()) return std::nullopt;
        return arena_.copy(StringText(entry).view());
    }
    std::optional<std::string_view> field_of(const Entry& entry, std::string_view field) {
        if (entry.type() != ValueType::Hash) return std::nullopt;
        const auto* hash = static_cast<const values::Hash*>(entry.collection());
        values::Text value;
        if (!hash->get(field, call_.keyspace().now_ms(), value)) return std::nullopt;
        return arena_.copy(value.view());
    }

    Call& call_;
    Arena& arena_;
    std::string key_;
};

// --- elements ---

struct Item {
    std::string_view text;
    std::optional<std::string_view> by;  // What alphabetic order goes by, with a pattern.
    double score = 0;
};

// Elements of the sorted set by rank: those that the limit leaves.
void take_ranked(const values::SortedSet& set, const Options& options, uint64_t first,
                 uint64_t count, Arena& arena, std::vector<Item>& items) {
    auto cursor = options.descending ? set.at(set.size() - 1 - first) : set.at(first);
    for (uint64_t taken = 0; taken < count; ++taken, cursor.step(options.descending)) {
        items.push_back({.text = arena.copy(cursor.member())});
    }
}

void take_listed(const values::List& list, const Options& options, uint64_t first, uint64_t count,
                 Arena& arena, std::vector<Item>& items) {
    values::ListRoom room;
    const auto index = static_cast<int64_t>(first);
    auto cursor = list.at(options.descending ? -1 - index : index, room);
    for (uint64_t taken = 0; taken < count; ++taken) {
        items.push_back({.text = arena.copy(list.view(cursor, room))});
        cursor = options.descending ? list.previous(cursor, room) : list.next(cursor, room);
    }
}

void take_members(const values::Set& set, uint64_t first, uint64_t count, Arena& arena,
                  std::vector<Item>& items) {
    uint64_t at = 0;
    (void)set.for_each_while([&](std::string_view member) {
        if (at >= first) items.push_back({.text = arena.copy(member)});
        return ++at < first + count;
    });
}

struct Stretch {
    uint64_t first = 0;
    uint64_t count = 0;
};

// What LIMIT leaves of `size` elements.
Stretch limited(const Options& options, uint64_t size) {
    const uint64_t first = options.offset < 0 ? 0 : static_cast<uint64_t>(options.offset);
    if (first >= size) return {};
    const uint64_t left = size - first;
    if (options.count < 0) return {first, left};
    return {first, std::min(left, static_cast<uint64_t>(options.count))};
}

void take_items(const Entry& entry, const Options& options, Stretch stretch, Arena& arena,
                std::vector<Item>& items) {
    if (stretch.count == 0) return;
    items.reserve(stretch.count);
    switch (entry.type()) {
        case ValueType::List:
            take_listed(static_cast<const values::List&>(*entry.collection()), options,
                        stretch.first, stretch.count, arena, items);
            break;
        case ValueType::Set:
            take_members(static_cast<const values::Set&>(*entry.collection()), stretch.first,
                         stretch.count, arena, items);
            break;
        default:
            take_ranked(static_cast<const values::SortedSet&>(*entry.collection()), options,
                        stretch.first, stretch.count, arena, items);
    }
}

// --- order ---

Status weigh(const Options& options, Lookup& look_up, std::vector<Item>& items) {
    for (Item& item : items) {
        std::optional<std::string_view> weight = item.text;
        if (options.by) weight = look_up(*options.by, item.text);
        if (options.alpha) {
            if (options.by) item.by = weight;
            continue;
        }
        if (!weight) continue;  // Compat: what has no weight weighs 0.
        const auto score = parse_double(until_zero(*weight));  // Compat.
        if (!score) return kNoScore;
        item.score = *score;
    }
    return done();
}

// By the locale of the process, unless the result is stored: it must be the same on every replica.
class Order {
public:
    explicit Order(const Options& options)
        : alpha_(options.alpha), by_(options.by.has_value()), plain_(options.store_at != 0) {}

    int operator()(const Item& left, const Item& right) const {
        if (!alpha_) {
            if (left.score != right.score) return left.score < right.score ? -1 : 1;
            // The order of equals must not depend on where they come from.
            return left.text.compare(right.text);
        }
        if (!by_) return texts(left.text, right.text);
        if (left.by && right.by) return texts(*left.by, *right.by);
        return static_cast<int>(left.by.has_value()) - static_cast<int>(right.by.has_value());
    }

private:
    int texts(std::string_view left, std::string_view right) const {
        if (plain_) return left.compare(right);
        return std::strcoll(std::string(left).c_str(), std::string(right).c_str());
    }

    bool alpha_;
    bool by_;
    bool plain_;
};

void put_in_order(const Options& options, std::vector<Item>& items) {
    const Order order(options);
    std::stable_sort(items.begin(), items.end(), [&](const Item& left, const Item& right) {
        return options.descending ? order(left, right) > 0 : order(left, right) < 0;
    });
}

// --- results ---

void reply_items(Call& call, const Options& options, Lookup& look_up, std::span<const Item> items) {
    const size_t each = std::max<size_t>(options.get.size(), 1);
    call.reply().array(items.size() * each);
    for (const Item& item : items) {
        if (options.get.empty()) call.reply().bulk(item.text);
        for (const std::string_view pattern : options.get) {
            const auto value = look_up(pattern, item.text);
            value ? call.reply().bulk(*value) : call.reply().null();
        }
    }
}

std::unique_ptr<values::List> list_of(Call& call, const Options& options, Lookup& look_up,
                                      std::span<const Item> items) {
    std::vector<std::string_view> texts;
    for (const Item& item : items) {
        if (options.get.empty()) texts.push_back(item.text);
        for (const std::string_view pattern : options.get) {
            texts.push_back(look_up(pattern, item.text).value_or(std::string_view()));
        }
    }
    // Compat: a large list first, so what a block takes decides whether it becomes a small one.
    auto list = std::make_unique<values::List>();
    list->become_large(list_settings(call));
    for (const std::string_view text : texts) list->push(values::End::Tail, text);
    list->settle(list_settings(call), values::SmallList::Full);
    return list;
}

void store_items(Call& call, const Options& options, Lookup& look_up, std::span<const Item> items) {
    auto list = list_of(call, options, look_up, items);
    const uint64_t count = list->size();
    KeyEdit edit = call.edit(options.store_at);
    if (count > 0) {
        edit.store_collection(std::move(list));
        edit.commit(EventClass::List, "sortstore", count);
    } else if (edit.exists()) {
        edit.remove();
        edit.commit(EventClass::Generic, "del");
    }
    call.reply().integer(static_cast<int64_t>(count));
}

Status run(Call& call, bool may_store) {
    Options options = TRY(options_of(call, may_store));
    const Entry* entry = call.find(1);
    if (entry != nullptr && entry->type() != ValueType::List && entry->type() != ValueType::Set &&
        entry->type() != ValueType::SortedSet) {
        return errors::kWrongType;
    }
    // Compat: the order of a set is nobody's business, so what is kept or given to a script, where
    // it would be, is sorted all the same.
    const bool must_repeat = options.store_at != 0 || call.session().is(kDenyBlocking);
    if (!options.sorts && must_repeat && entry != nullptr && entry->type() == ValueType::Set) {
        options.sorts = true;
        options.alpha = true;
    }

    Arena arena;
    Lookup look_up(call, arena);
    std::vector<Item> items;
    std::span<const Item> result;
    if (entry != nullptr) {
        const uint64_t size = entry->collection()->size();
        const Stretch stretch = limited(options, size);
        if (!options.sorts) {
            take_items(*entry, options, stretch, arena, items);
            result = items;
        } else {
            Options all = options;
            all.descending = false;
            take_items(*entry, all, {0, size}, arena, items);
            TRY(weigh(options, look_up, items));
            put_in_order(options, items);
            result = std::span(items).subspan(stretch.first, stretch.count);
        }
    }
    if (options.store_at == 0) {
        reply_items(call, options, look_up, result);
    } else {
        store_items(call, options, look_up, result);
    }
    return done();
}

Status sort(Call& call) {
    return run(call, true);
}

Status sort_ro(Call& call) {
    return run(call, false);
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::commands::keys::sort
