// SPDX-License-Identifier: BSD-3-Clause
#include "values/sorted_set.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/format_double.h"
#include "base/memory.h"
#include "base/numbers.h"

namespace millrace::values {

using keyspace::Collection;
using structures::Listpack;
using structures::RankedElement;

namespace {

constexpr ErrorText kBadListpack{"a listpack that is no sorted set"};
constexpr ErrorText kNanScore{"a score that is no number"};

// The integer that a score is, if it is one that text shows digit by digit.
std::optional<int64_t> whole(double score) {
    constexpr double kWholeBelow = 4611686018427387904.0;  // 2^62
    if (!(score > -kWholeBelow && score < kWholeBelow)) return std::nullopt;
    const auto number = static_cast<int64_t>(score);
    if (static_cast<double>(number) != score) return std::nullopt;
    return number;
}

std::optional<double> parse_score(const Listpack::Element& element) {
    if (element.is_number) return static_cast<double>(element.number);
    return parse_double(element.text);
}

bool is_nan(const Listpack::Element& element) {
    return !element.is_number && equals_ignore_case(element.text, "nan");
}

void insert_score(Listpack& pack, Listpack::Position before, double score) {
    if (const auto number = whole(score)) {
        pack.insert_number(before, *number);
        return;
    }
    char text[kDoubleCharsMax];
    pack.insert(before, {text, format_double(text, score)});
}

void append_element(Listpack& pack, double score, std::string_view member) {
    pack.append(member);
    insert_score(pack, Listpack::kNone, score);
}

}  // namespace

// ---- Cursor ----

std::string_view SortedSet::Cursor::member() const {
    return pack_ != nullptr ? pack_->view(position_, digits_) : tree_.element()->member();
}

double SortedSet::Cursor::score() const {
    if (pack_ == nullptr) return tree_.score();
    return *parse_score(pack_->get(pack_->next(position_)));
}

void SortedSet::Cursor::next() {
    if (pack_ == nullptr) return tree_.next();
    position_ = pack_->next(pack_->next(position_));
    ++rank_;
}

void SortedSet::Cursor::previous() {
    if (pack_ == nullptr) return tree_.previous();
    const auto score = pack_->previous(position_);
    position_ = score == Listpack::kNone ? Listpack::kNone : pack_->previous(score);
    --rank_;
}

// ---- Large ----

SortedSet::Large::Large(structures::AsVersion as_version, const Large& original)
    : traits(original.traits),
      table(traits),
      tree(as_version, original.tree),
      leftovers(std::make_unique<structures::Leftovers>()) {}

SortedSet::Large::~Large() {
    DCHECK(version == nullptr);
    if (leftovers != nullptr) return;
    for (auto cursor = tree.first(); cursor; cursor.next()) RankedElement::free(cursor.element());
}

RankedElement* SortedSet::Large::find(std::string_view member) const {
    const auto ref = table.find(traits.hash_member(member), member);
    return ref ? ref.element() : nullptr;
}

uint64_t SortedSet::fetch_place(std::string_view element) const {
    if (!is_large()) return 0;
    const uint64_t hash = large().traits.hash_member(element);
    large().table.prefetch_bucket(hash);
    return hash;
}

void SortedSet::fetch_element(uint64_t place) const {
    if (place != 0) large().table.prefetch_element(place);
}

void SortedSet::Large::add(double score, std::string_view member) {
    RankedElement* element = RankedElement::make(score, member);
    table.insert(traits.hash_member(member), element);
    tree.insert(element);
}

void SortedSet::Large::rescore(RankedElement* element, double score) {
    if (version == nullptr) [[likely]]
        return tree.rescore(element, score);
    RankedElement* const fresh = RankedElement::make(score, element->member());
    table.replace(table.find(traits.hash(*element), element->member()), fresh, 0);
    CHECK(tree.erase(element->score, element->member()) == element);
    tree.insert(fresh);
    give_up(element);
}

// The end of an element that has left the tree and the table.
void SortedSet::Large::give_up(RankedElement* element) {
    const bool is_shared = version != nullptr && version->tree.contains(*element);
    if (!is_shared) return RankedElement::free(element);
    version->leftovers->add(element, usable_bytes(element), [](void* left) {
        RankedElement::free(static_cast<RankedElement*>(left));
    });
}

// Takes an element that has left the tree out of the table too, and frees it.
void SortedSet::Large::forget(RankedElement* element) {
    const uint64_t hash = traits.hash(*element);
    table.erase(table.find(hash, element->member()), hash);
    give_up(element);
}

// ---- SortedSet ----

std::unique_ptr<SortedSet> SortedSet::of(const Limits& limits,
                                         const std::vector<ScoredMember>& elements) {
    Listpack pack;
    uint64_t longest = 0;
    size_t bytes = 0;
    for (const ScoredMember& element : elements) {
        longest = std::max<uint64_t>(longest, element.member.size());
        bytes += element.member.size() + kDoubleCharsMax;
    }
    if (limits.allow(elements.size(), longest) && pack.fits(bytes, elements.size() * 2)) {
        for (const ScoredMember& element : elements)
            append_element(pack, element.score, element.member);
        return std::make_unique<SortedSet>(std::move(pack));
    }
    auto large = std::make_unique<Large>(limits.seed);
    for (const ScoredMember& element : elements) large->add(element.score, element.member);
    return std::make_unique<SortedSet>(std::move(large));
}

Result<std::unique_ptr<SortedSet>> SortedSet::from_listpack(Listpack pack) {
    if (pack.size() % 2 != 0) return kBadListpack;
    std::unordered_set<std::string> members;
    double before_score = 0;
    std::string before_member;
    for (Position at = pack.first(); at != Listpack::kNone;) {
        char digits[24];
        std::string member(pack.view(at, digits));
        at = pack.next(at);
        const auto score = parse_score(pack.get(at));
        if (score && std::isnan(*score)) return kNanScore;
        if (!score) return is_nan(pack.get(at)) ? kNanScore : kBadListpack;
        if (!members.empty() &&
            !structures::ranked_before(before_score, before_member, *score, member))
            return kBadListpack;
        if (!members.insert(member).second) return kBadListpack;
        before_score = *score;
        before_member = std::move(member);
        at = pack.next(at);
    }
    return std::make_unique<SortedSet>(std::move(pack));
}

std::string_view SortedSet::encoding() const {
    return !is_large() ? "listpack" : "skiplist";
}

uint64_t SortedSet::size() const {
    return !is_large() ? pack().size() / 2 : large().tree.size();
}

size_t SortedSet::memory_bytes(size_t samples) const {
    if (!is_large()) return usable_bytes(this) + pack().memory_bytes();
    if (large().leftovers != nullptr) return large().leftovers->bytes();
    size_t bytes = usable_bytes(this);
    bytes += sizeof(Large) + large().tree.memory_bytes() + large().table.memory_bytes();
    const uint64_t wanted = samples == 0 ? size() : std::min<uint64_t>(samples, size());
    size_t sampled = 0;
    auto cursor = large().tree.first();
    for (uint64_t i = 0; i < wanted; ++i, cursor.next()) sampled += usable_bytes(cursor.element());
    if (wanted == 0) return bytes;
    return bytes + static_cast<size_t>(static_cast<double>(sampled) / static_cast<double>(wanted) *
                                       static_cast<double>(size()));
}

std::unique_ptr<Collection> SortedSet::clone() const {
    if (!is_large()) return std::make_unique<SortedSet>(pack().clone());
    auto copy = std::make_unique<Large>(large().traits.seed);
    for (auto cursor = large().tree.first(); cursor; cursor.next())
        copy->add(cursor.score(), cursor.element()->member());
    return std::make_unique<SortedSet>(std::move(copy));
}

std::unique_ptr<Collection> SortedSet::freeze() {
    if (!is_large()) return nullptr;
    CHECK(large().version == nullptr);
    auto frozen = std::make_unique<Large>(structures::AsVersion{}, large());
    large().version = frozen.get();
    large().tree.freeze(*frozen->leftovers);
    return std::make_unique<SortedSet>(std::move(frozen));
}

void SortedSet::thaw() {
    large().tree.thaw();
    large().version = nullptr;
}

size_t SortedSet::blocks() const {
    if (!is_large()) return 2;
    if (large().leftovers != nullptr) return 2 + large().leftovers->count();
    return 3 + large().tree.blocks() + large().tree.size();
}

void SortedSet::digest(keyspace::ValueDigest& digest) const {
    for (Cursor cursor = first(); cursor; cursor.next()) {
        keyspace::ValueDigest element;
        element.chain(cursor.member());
        char text[kDoubleCharsMax];
        element.chain({text, format_double_digits(text, cursor.score())});
        digest.add(element);
    }
}

// ---- looking ----

double SortedSet::score_at(Position member) const {
    return *parse_score(pack().get(pack().next(member)));
}

SortedSet::Position SortedSet::find_small(std::string_view member) const {
    return pack().empty() ? Listpack::kNone : pack().find(member, pack().first(), 1);
}

std::optional<double> SortedSet::score(std::string_view member) const {
    if (is_large()) {
        const RankedElement* element = large().find(member);
        if (element == nullptr) return std::nullopt;
        return element->score;
    }
    const Position at = find_small(member);
    if (at == Listpack::kNone) return std::nullopt;
    return score_at(at);
}

auto SortedSet::rank(std::string_view member) const -> std::optional<Ranked> {
    if (is_large()) {
        const RankedElement* element = large().find(member);
        if (element == nullptr) return std::nullopt;
        return Ranked{large().tree.rank(element->score, member), element->score};
    }
    const Position found = find_small(member);
    if (found == Listpack::kNone) return std::nullopt;
    uint64_t rank = 0;
    for (Position at = pack().first(); at != found; at = pack().next(pack().next(at))) ++rank;
    return Ranked{rank, score_at(found)};
}

auto SortedSet::at(uint64_t rank) const -> Cursor {
    if (rank >= size()) return {};
    if (is_large()) return Cursor(large().tree.at(rank));
    return {pack(), pack().at(static_cast<int64_t>(rank * 2)), rank};
}

// ---- changing ----

void SortedSet::enlarge(const SipKey& seed) {
    auto large = std::make_unique<Large>(seed);
    for (Cursor cursor = first(); cursor; cursor.next())
        large->add(cursor.score(), cursor.member());
    form_.become(std::move(large));
}

void SortedSet::insert_small(std::string_view member, double score) {
    char digits[24];
    Position at = pack().empty() ? Listpack::kNone : pack().first();
    while (at != Listpack::kNone) {
        const Position score_position = pack().next(at);
        const double other = *parse_score(pack().get(score_position));
        if (other > score) break;
        if (other == score && pack().view(at, digits) > member) break;
        at = pack().next(score_position);
    }
    if (at == Listpack::kNone) return append_element(pack(), score, member);
    const Position inserted = pack().insert(at, member);
    insert_score(pack(), pack().next(inserted), score);
}

auto SortedSet::put_large(std::string_view member, double score) -> Outcome {
    RankedElement* element = large().find(member);
    if (element == nullptr) {
        large().add(score, member);
        return Outcome::Added;
    }
    if (element->score == score) return Outcome::Same;
    large().rescore(element, score);
    return Outcome::Changed;
}

auto SortedSet::put(std::string_view member, double score, const Limits& limits) -> Outcome {
    DCHECK(!std::isnan(score));
    if (!is_large()) {
        const Position at = find_small(member);
        if (at != Listpack::kNone) {
            if (score_at(at) == score) return Outcome::Same;
            pack().erase(at, 2);
            insert_small(member, score);
            return Outcome::Changed;
        }
        const bool fits = limits.allow(size() + 1, member.size()) &&
                          pack().fits(member.size() + kDoubleCharsMax, 2);
        if (fits) {
            insert_small(member, score);
            return Outcome::Added;
        }
        enlarge(limits.seed);
    }
    return put_large(member, score);
}

bool SortedSet::erase(std::string_view member) {
    if (is_large()) {
        RankedElement* element = large().find(member);
        if (element == nullptr) return false;
        large().tree.erase(element->score, member);
        large().forget(element);
        return true;
    }
    const Position at = find_small(member);
    if (at == Listpack::kNone) return false;
    pack().erase(at, 2);
    return true;
}

void SortedSet::erase(Span span) {
    if (span.count == 0) return;
    DCHECK(span.first + span.count <= size());
    if (!is_large()) {
        pack().erase(pack().at(static_cast<int64_t>(span.first * 2)), span.count * 2);
        return;
    }
    for (uint64_t i = 0; i < span.count; ++i) large().forget(large().tree.erase_at(span.first));
}

void SortedSet::check_invariants() const {
    if (is_large()) {
        large().tree.check_invariants();
        large().table.check_invariants();
        CHECK(large().table.size() == large().tree.size());
        for (auto cursor = large().tree.first(); cursor; cursor.next())
            CHECK(large().find(cursor.element()->member()) == cursor.element());
        return;
    }
    pack().check_invariants();
    CHECK(pack().size() % 2 == 0);
    double before_score = 0;
    std::string before_member;
    for (Cursor cursor = first(); cursor; cursor.next()) {
        const bool in_order =
            cursor.rank() == 0 ||
            structures::ranked_before(before_score, before_member, cursor.score(), cursor.member());
        CHECK(in_order);
        before_score = cursor.score();
        before_member = cursor.member();
    }
}

}  // namespace millrace::values
