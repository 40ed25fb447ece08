// SPDX-License-Identifier: BSD-3-Clause
//
// Each type has a function; those of collections return null when the cursor has failed.
#include "persistence/rdb/value_reader.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "base/numbers.h"
#include "persistence/rdb/damage.h"
#include "persistence/rdb/old_blobs.h"
#include "persistence/rdb/stream_reader.h"
#include "values/hash.h"
#include "values/list.h"
#include "values/set.h"
#include "values/sorted_set.h"

namespace millrace::persistence::rdb {
namespace {

using keyspace::Collection;
using keyspace::kNoExpiry;
using structures::Intset;
using structures::Listpack;
using values::GrowthRules;

// Every string takes a byte at least, every score one, or eight.
constexpr size_t kScoreBytes = 8;
constexpr size_t kExpiryBytes = 8;

std::span<const char> as_span(std::string_view text) {
    return {text.data(), text.size()};
}

class Reading {
public:
    Reading(Cursor& cursor, const ReadRules& rules, Scratch& scratch)
        : in_(cursor), rules_(rules), growth_(rules.growth), scratch_(scratch) {}

    std::unique_ptr<Collection> collection(Type type);

private:
    std::unique_ptr<Collection> list(Type type);
    std::unique_ptr<Collection> set();
    std::unique_ptr<Collection> set_of_integers();
    std::unique_ptr<Collection> set_of_listpack();
    std::unique_ptr<Collection> sorted_set(bool scores_as_text);
    std::unique_ptr<Collection> sorted_set_of_listpack();
    std::unique_ptr<Collection> sorted_set_of_ziplist();
    std::unique_ptr<Collection> hash(bool expiries);
    std::unique_ptr<Collection> hash_of_listpack();
    std::unique_ptr<Collection> hash_of_old(Type type);
    std::unique_ptr<Collection> hash_of_redis();
    std::unique_ptr<Collection> hash_of_redis_listpack();

    void read_block(values::List& list, Type type);
    // An empty one when the cursor has failed.
    Listpack listpack();
    bool are_distinct(const Listpack& pack, size_t skip) const;
    void add_score(values::SortedSet& set, std::string_view member, double score);
    void add_field(values::Hash& hash, std::string_view field, std::string_view value, int64_t at);
    std::unique_ptr<Collection> unless_failed(std::unique_ptr<Collection> made) {
        return in_.failed() ? nullptr : std::move(made);
    }
    values::ListSettings list_settings() const {
        return {growth_.encodings.list_max_listpack_size, growth_.encodings.list_compress_depth};
    }
    values::SortedSet::Limits limits() const {
        return values::SortedSet::Limits::of(growth_.encodings, growth_.seed);
    }

    Cursor& in_;
    const ReadRules& rules_;
    const GrowthRules& growth_;
    Scratch& scratch_;
    Scratch second_;
};

Listpack Reading::listpack() {
    const std::string_view blob = in_.string(scratch_);
    if (in_.failed()) return {};
    auto pack = Listpack::from_blob(as_span(blob));
    if (pack.ok()) return std::move(pack).value();
    in_.fail(kBadBlob);
    return {};
}

bool Reading::are_distinct(const Listpack& pack, size_t skip) const {
    std::unordered_set<std::string> seen;
    seen.reserve(pack.size());
    char digits[24];
    for (auto at = pack.first(); at != Listpack::kNone; at = pack.next(at)) {
        if (!seen.emplace(pack.view(at, digits)).second) return false;
        for (size_t i = 0; i < skip && at != Listpack::kNone; ++i) at = pack.next(at);
        if (at == Listpack::kNone) break;
    }
    return true;
}

// --- lists ---

void Reading::read_block(values::List& list, Type type) {
    const values::ListSettings settings = list_settings();
    if (type == Type::ListListpacks) {
        const uint64_t container = in_.length();
        if (container == kBlockPlain) {
            const std::string_view text = in_.string(scratch_);
            // Compat: what is too large for a block is not empty.
            if (!in_.failed() && text.empty()) return in_.fail(kBadBlob);
            if (!in_.failed()) list.load_single(settings, text);
            return;
        }
        if (container != kBlockPacked) return in_.fail("an unknown kind of block");
        Listpack pack = listpack();
        if (!in_.failed() && !pack.empty()) list.load_block(settings, std::move(pack));
        return;
    }
    const std::string_view blob = in_.string(scratch_);
    if (in_.failed()) return;
    if (type == Type::List) {
        list.make_room(settings, blob.size(), 1);
        return list.push(values::End::Tail, blob);
    }
    Listpack pack;
    const bool sound = read_ziplist(
        blob, [&](std::string_view element) { pack.insert(Listpack::kNone, element); });
    if (!sound) return in_.fail(kBadBlob);
    if (!pack.empty()) list.load_block(settings, std::move(pack));
}

std::unique_ptr<Collection> Reading::list(Type type) {
    auto list = std::make_unique<values::List>();
    const uint64_t blocks = type == Type::ListZiplist ? 1 : in_.count(1);
    for (uint64_t i = 0; i < blocks && !in_.failed(); ++i) read_block(*list, type);
    if (in_.failed()) return nullptr;
    // Compat: a list from before there were blocks stays a quicklist, however small it is.
    if (type != Type::ListZiplist) {
        list->settle(list_settings(), values::SmallList::Full);
    }
    return list;
}

// --- sets ---

std::unique_ptr<Collection> Reading::set() {
    const uint64_t count = in_.count(1);
    // Compat: however many a listpack may hold.
    const bool is_large = count > growth_.encodings.set_max_intset_entries;
    auto set = std::make_unique<values::Set>(
        is_large ? values::Set::Form::Table : values::Set::Form::Integers, growth_.seed);
    for (uint64_t i = 0; i < count && !in_.failed(); ++i) {
        const std::string_view member = in_.string(scratch_);
        if (!in_.failed() && !set->add(member, growth_)) in_.fail(kTwice);
    }
    return unless_failed(std::move(set));
}

std::unique_ptr<Collection> Reading::set_of_integers() {
    const std::string_view blob = in_.string(scratch_);
    if (in_.failed()) return nullptr;
    auto numbers = Intset::from_blob(as_span(blob));
    if (!numbers.ok()) {
        in_.fail(kBadBlob);
        return nullptr;
    }
    auto set = std::make_unique<values::Set>(std::move(numbers).value());
    set->prepare(set->size(), growth_);
    return set;
}

std::unique_ptr<Collection> Reading::set_of_listpack() {
    Listpack pack = listpack();
    if (in_.failed()) return nullptr;
    if (!are_distinct(pack, 0)) {
        in_.fail(kTwice);
        return nullptr;
    }
    auto set = std::make_unique<values::Set>(std::move(pack));
    set->prepare(set->size(), growth_);
    return set;
}

// --- sorted sets ---

void Reading::add_score(values::SortedSet& set, std::string_view member, double score) {
    if (std::isnan(score)) return in_.fail(kNanScore);
    using Outcome = values::SortedSet::Outcome;
    if (set.put(member, score, limits()) != Outcome::Added) in_.fail(kTwice);
}

std::unique_ptr<Collection> Reading::sorted_set(bool scores_as_text) {
    const uint64_t count = in_.count(scores_as_text ? 2 : 1 + kScoreBytes);
    auto set = std::make_unique<values::SortedSet>();
    set->enlarge_unless(limits(), count, 0);
    // Compat: the form is known before anything is put in: a small one drops the sign of a zero.
    std::vector<std::pair<std::string, double>> waiting;
    size_t longest = 0;
    for (uint64_t i = 0; i < count && !in_.failed(); ++i) {
        const std::string_view member = in_.string(scratch_);
        const double score = scores_as_text ? in_.number_as_text() : in_.number();
        if (in_.failed()) break;
        if (set->listpack() == nullptr) {
            add_score(*set, member, score);
        } else {
            longest = std::max(longest, member.size());
            waiting.emplace_back(member, score);
        }
    }
    set->enlarge_unless(limits(), count, longest);
    for (const auto& [member, score] : waiting) add_score(*set, member, score);
    return unless_failed(std::move(set));
}

std::unique_ptr<Collection> Reading::sorted_set_of_listpack() {
    Listpack pack = listpack();
    if (in_.failed()) return nullptr;
    auto set = values::SortedSet::from_listpack(std::move(pack));
    if (!set.ok()) {
        in_.fail(set.error().text() == kNanScore ? kNanScore : kBadBlob);
        return nullptr;
    }
    (*set)->enlarge_unless(limits(), (*set)->size(), 0);
    return std::move(set).value();
}

std::unique_ptr<Collection> Reading::sorted_set_of_ziplist() {
    const std::string_view blob = in_.string(scratch_);
    if (in_.failed()) return nullptr;
    auto set = std::make_unique<values::SortedSet>();
    std::string member;
    bool is_member = true;
    const bool sound = read_ziplist(blob, [&](std::string_view element) {
        if (is_member) {
            member = element;
        } else if (const auto score = parse_double(element)) {
            add_score(*set, member, *score);
        } else {
            in_.fail(equals_ignore_case(element, "nan") ? kNanScore : kBadBlob);
        }
        is_member = !is_member;
    });
    if (!sound || !is_member) in_.fail(kBadBlob);
    return unless_failed(std::move(set));
}

// --- hashes ---

void Reading::add_field(values::Hash& hash, std::string_view field, std::string_view value,
                        int64_t at) {
    const bool is_due = at != kNoExpiry && rules_.drop_fields_due_at_ms != kNoExpiry &&
                        at <= rules_.drop_fields_due_at_ms;
    if (is_due) return;
    const bool fresh = at == kNoExpiry
                           ? hash.set(field, value, growth_) == values::FieldBefore::Missing
                           : hash.load(field, value, at, growth_);
    if (!fresh) in_.fail(kTwice);
}

std::unique_ptr<Collection> Reading::hash(bool expiries) {
    const uint64_t count = in_.count(2 + (expiries ? kExpiryBytes : 0));
    auto hash = std::make_unique<values::Hash>();
    if (expiries || count > growth_.encodings.hash_max_listpack_entries) {
        hash->become_table(growth_);
    }
    for (uint64_t i = 0; i < count && !in_.failed(); ++i) {
        const std::string_view field = in_.string(scratch_);
        const std::string_view value = in_.string(second_);
        const int64_t at = expiries ? static_cast<int64_t>(in_.little_endian_64()) : kNoExpiry;
        if (at < kNoExpiry) in_.fail("an expiry before all time");
        if (!in_.failed()) add_field(*hash, field, value, at);
    }
    return unless_failed(std::move(hash));
}

std::unique_ptr<Collection> Reading::hash_of_listpack() {
    Listpack pack = listpack();
    if (in_.failed()) return nullptr;
    if (pack.size() % 2 != 0 || !are_distinct(pack, 1)) {
        in_.fail(kBadBlob);
        return nullptr;
    }
    // Compat: the lengths of fields and values do not matter here.
    const bool fits = pack.size() / 2 <= growth_.encodings.hash_max_listpack_entries;
    auto hash = std::make_unique<values::Hash>(std::move(pack));
    if (!fits) hash->become_table(growth_);
    return hash;
}

std::unique_ptr<Collection> Reading::hash_of_old(Type type) {
    const std::string_view blob = in_.string(scratch_);
    if (in_.failed()) return nullptr;
    auto hash = std::make_unique<values::Hash>();
    std::string field;
    bool is_field = true;
    const auto take = [&](std::string_view element) {
        if (is_field) {
            field = element;
        } else {
            add_field(*hash, field, element, kNoExpiry);
        }
        is_field = !is_field;
    };
    const bool sound =
        type == Type::HashZipmap ? read_zipmap(blob, take) : read_ziplist(blob, take);
    // Compat: of the old forms only a zipmap may not be empty.
    const bool is_allowed = type != Type::HashZipmap || hash->size() > 0;
    if (!sound || !is_field || !is_allowed) in_.fail(kBadBlob);
    return unless_failed(std::move(hash));
}

// Expiries stand there as one more than what they are behind the first of all; 0 is none.
std::unique_ptr<Collection> Reading::hash_of_redis() {
    const auto first_at = static_cast<int64_t>(in_.little_endian_64());
    const uint64_t count = in_.count(3);
    auto hash = std::make_unique<values::Hash>();
    for (uint64_t i = 0; i < count && !in_.failed(); ++i) {
        const uint64_t behind = in_.length();
        const std::string_view field = in_.string(scratch_);
        const std::string_view value = in_.string(second_);
        int64_t at = kNoExpiry;
        if (behind != 0 && (first_at < 0 || __builtin_add_overflow(first_at, behind - 1, &at))) {
            in_.fail("an expiry out of all time");
        }
        if (!in_.failed()) add_field(*hash, field, value, at);
    }
    return unless_failed(std::move(hash));
}

// Field, value, expiry, and so on; the first of all expiries stands before them.
std::unique_ptr<Collection> Reading::hash_of_redis_listpack() {
    (void)in_.little_endian_64();
    const Listpack pack = listpack();
    if (in_.failed()) return nullptr;
    auto hash = std::make_unique<values::Hash>();
    if (pack.size() % 3 != 0) in_.fail(kBadBlob);
    char digits[3][24];
    for (auto at = pack.first(); at != Listpack::kNone && !in_.failed(); at = pack.next(at)) {
        const std::string_view field = pack.view(at, digits[0]);
        const std::string_view value = pack.view(at = pack.next(at), digits[1]);
        const auto expiry = parse_integer(pack.view(at = pack.next(at), digits[2]));
        if (!expiry || *expiry < 0) in_.fail(kBadBlob);
        if (!in_.failed()) add_field(*hash, field, value, *expiry == 0 ? kNoExpiry : *expiry);
    }
    return unless_failed(std::move(hash));
}

std::unique_ptr<Collection> Reading::collection(Type type) {
    switch (type) {
        case Type::List:
        case Type::ListZiplist:
        case Type::ListZiplists:
        case Type::ListListpacks:
            return list(type);
        case Type::Set:
            return set();
        case Type::SetIntset:
            return set_of_integers();
        case Type::SetListpack:
            return set_of_listpack();
        case Type::SortedSetText:
            return sorted_set(true);
        case Type::SortedSet:
            return sorted_set(false);
        case Type::SortedSetListpack:
            return sorted_set_of_listpack();
        case Type::SortedSetZiplist:
            return sorted_set_of_ziplist();
        case Type::Hash:
            return hash(false);
        case Type::HashWithExpiries:
            return hash(true);
        case Type::HashListpack:
            return hash_of_listpack();
        case Type::RedisHashWithExpiries:
            return hash_of_redis();
        case Type::RedisHashListpackWithExpiries:
            return hash_of_redis_listpack();
        case Type::HashZiplist:
        case Type::HashZipmap:
            return hash_of_old(type);
        case Type::Stream1:
        case Type::Stream2:
        case Type::Stream3:
            return read_stream(in_, type, scratch_);
        default:
            in_.fail("an unknown type of value");
            return nullptr;
    }
}

}  // namespace

bool is_value_type(uint8_t type, bool is_old_magic) {
    constexpr uint8_t kModuleOld = 6;
    constexpr uint8_t kUnused = 8;
    if (is_old_magic && type >= kForeignCodeFirst) {
        return type == static_cast<uint8_t>(Type::RedisHashWithExpiries) ||
               type == static_cast<uint8_t>(Type::RedisHashListpackWithExpiries);
    }
    return type <= static_cast<uint8_t>(Type::HashWithExpiries) && type != kModuleOld &&
           type != kUnused;
}

Result<Value> read_value(Cursor& cursor, uint8_t type, const ReadRules& rules, Scratch& scratch) {
    Value value;
    if (type == static_cast<uint8_t>(Type::String)) {
        value.text = cursor.string(scratch);
    } else {
        value.collection = Reading(cursor, rules, scratch).collection(static_cast<Type>(type));
    }
    if (cursor.failed()) {
        std::string text = damage_text(static_cast<Type>(type), cursor.what());
        log_warning("{}", text);
        return Error(std::move(text));
    }
    value.is_empty = value.collection != nullptr && value.collection->size() == 0 &&
                     value.collection->type() != keyspace::ValueType::Stream;
    return value;
}

}  // namespace millrace::persistence::rdb
