// SPDX-License-Identifier: BSD-3-Clause
#include "engine/command_registry.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "base/token.h"

namespace millrace::engine {
namespace {

// --- what follows from a declaration ---

uint32_t category_of(Group group) {
    switch (group) {
        case Group::Generic:
            return kAclKeyspace;
        case Group::String:
            return kAclString;
        case Group::List:
            return kAclList;
        case Group::Set:
            return kAclSet;
        case Group::SortedSet:
            return kAclSortedSet;
        case Group::Hash:
            return kAclHash;
        case Group::Transactions:
            return kAclTransaction;
        case Group::Connection:
            return kAclConnection;
        case Group::Scripting:
            return kAclScripting;
        case Group::HyperLogLog:
            return kAclHyperLogLog;
        case Group::Geo:
            return kAclGeo;
        case Group::Stream:
            return kAclStream;
        case Group::Bitmap:
            return kAclBitmap;
        case Group::PubSub:  // Follows from the flag: PUBSUB HELP has neither.
        case Group::Server:
        case Group::Cluster:
        case Group::Sentinel:
        case Group::Module:
            break;
    }
    return 0;
}

uint32_t acl_categories_of(const CommandSpec& spec) {
    uint32_t acl = spec.acl;
    // Compat: a container has no category of its own group. A command that names the category of
    // another group stands there instead (SORT, WAIT); what it names besides are only these two.
    constexpr uint32_t kNoGroups = kAclAdmin | kAclDangerous;
    if (spec.subcommands.empty() && (spec.acl & ~kNoGroups) == 0) acl |= category_of(spec.group);

    if ((spec.flags & kWrite) != 0) acl |= kAclWrite;
    // Compat: a script that promises to read only is not a read.
    if ((spec.flags & kReadOnly) != 0 && spec.group != Group::Scripting) acl |= kAclRead;
    if ((spec.flags & kAdmin) != 0) acl |= kAclAdmin | kAclDangerous;
    if ((spec.flags & kPubSub) != 0) acl |= kAclPubSub;
    if ((spec.flags & kBlocking) != 0) acl |= kAclBlocking;
    acl |= (spec.flags & kFast) != 0 ? kAclFast : kAclSlow;
    return acl;
}

uint64_t flags_of(const CommandSpec& spec) {
    const bool fixed = std::ranges::all_of(spec.keys, [](const KeySpec& each) {
        return each.search == KeySearch::Index && each.find == KeyFind::Range;
    });
    return fixed ? spec.flags : spec.flags | kMovableKeys;
}

bool is_on_collections(Group group) {
    switch (group) {
        case Group::List:
        case Group::Set:
        case Group::SortedSet:
        case Group::Hash:
        case Group::Stream:
        case Group::Geo:
            return true;
        default:
            return false;
    }
}

int first_key_of(const CommandSpec& spec) {
    if (spec.keys.empty()) return 0;
    const KeySpec& first = spec.keys.front();
    if ((first.flags & kKeyNotKey) != 0) return 0;
    if (first.search != KeySearch::Index || first.find != KeyFind::Range) return 0;
    return first.first;
}

std::string full_name_of(const CommandSpec& spec, const Command* parent) {
    const std::string name = to_lower(spec.name);
    return parent == nullptr ? name : parent->full_name() + "|" + name;
}

// --- names as numbers ---

// Lower case for eight bytes at once; only 'A' to 'Z' change.
uint64_t lower_eight(uint64_t word) {
    constexpr uint64_t kOnes = 0x0101010101010101;
    const uint64_t low_bits = word & (kOnes * 0x7f);
    const uint64_t above_z = low_bits + kOnes * (0x7f - 'Z');
    const uint64_t from_a = low_bits + kOnes * (0x80 - 'A');
    const uint64_t is_upper = (from_a ^ above_z) & ~word & (kOnes * 0x80);
    return word | is_upper >> 2;
}

struct NameWords {
    uint64_t first;
    uint64_t last;
};

// The first and the last eight bytes of a name as they are; shorter names are filled with zeros.
// Never reads outside.
NameWords words_of(std::string_view name) {
    const char* bytes = name.data();
    const size_t count = name.size();
    if (count >= 8) return {load<uint64_t>(bytes), load<uint64_t>(bytes + count - 8)};
    if (count >= 4) {
        const uint64_t high = load<uint32_t>(bytes + count - 4);
        const uint64_t word = load<uint32_t>(bytes) | high << (8 * (count - 4));
        return {word, word};
    }
    if (count == 0) return {0, 0};
    const auto at = [&](size_t i) {
        return uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    };
    const uint64_t word = at(0) | at(count / 2) | at(count - 1);
    return {word, word};
}

// The same for both cases of a letter. Setting that bit everywhere makes some other names meet,
// which only costs a comparison, and is quicker than telling letters apart first. So the rotation
// is by whole bytes.
size_t hash_of(const NameWords& words) {
    constexpr uint64_t kCaseBits = 0x2020202020202020;
    const uint64_t mixed =
        ((words.first ^ std::rotl(words.last, 24)) | kCaseBits) * 0x9e3779b97f4a7c15;
    return static_cast<size_t>(mixed >> 32);
}

bool equals_lower(const char* lower, const char* name, size_t count) {
    for (size_t at = 8; at + 8 < count; at += 8) {
        if (load<uint64_t>(lower + at) != lower_eight(load<uint64_t>(name + at))) return false;
    }
    return true;
}

}  // namespace

const Command* Command::subcommand(std::string_view name) const {
    for (const Command* each : subcommands_) {
        if (is_token(name, each->spec().name)) return each;
    }
    return nullptr;
}

CommandRegistry::CommandRegistry(std::span<const CommandTable* const> tables) {
    for (const CommandTable* table : tables) {
        for (const CommandSpec& spec : table->commands()) {
            Command& command = add(spec, nullptr);
            for (const CommandSpec& child : spec.subcommands)
                command.subcommands_.push_back(&add(child, &command));
            top_level_.push_back(&command);
        }
    }
    std::ranges::sort(top_level_, {}, &Command::full_name);
    const auto same_name = [](const Command* a, const Command* b) {
        return a->full_name() == b->full_name();
    };
    CHECK(std::ranges::adjacent_find(top_level_, same_name) == top_level_.end());
    rebuild_index();
}

Command& CommandRegistry::add(const CommandSpec& spec, const Command* parent) {
    auto command = std::make_unique<Command>();
    command->spec_ = &spec;
    command->parent_ = parent;
    command->full_name_ = full_name_of(spec, parent);
    command->id_ = static_cast<uint32_t>(all_.size());
    command->acl_ = acl_categories_of(spec);
    command->flags_ = flags_of(spec);
    command->first_key_ = first_key_of(spec);
    command->works_on_collections_ = is_on_collections(spec.group);
    all_.push_back(std::move(command));
    return *all_.back();
}

void CommandRegistry::rebuild_index() {
    slots_.assign(std::bit_ceil(2 * (top_level_.size() + 1)), Slot{});
    names_.clear();
    for (const Command* command : top_level_) {
        const auto renamed =
            std::ranges::find(renamed_, command, &std::pair<std::string, const Command*>::second);
        index(*command, renamed == renamed_.end() ? command->full_name() : renamed->first);
    }
}

void CommandRegistry::index(const Command& command, std::string_view name) {
    const NameWords words = words_of(name);
    const size_t mask = slots_.size() - 1;
    size_t at = hash_of(words) & mask;
    while (slots_[at].command != nullptr) at = (at + 1) & mask;
    slots_[at] = {.first = words.first,
                  .last = words.last,
                  .command = &command,
                  .bytes = static_cast<uint32_t>(name.size()),
                  .name_at = static_cast<uint32_t>(names_.size())};
    names_ += name;
}

const Command* CommandRegistry::find(std::string_view name) const {
    const NameWords words = words_of(name);
    const NameWords lower = {lower_eight(words.first), lower_eight(words.last)};
    const size_t mask = slots_.size() - 1;
    for (size_t at = hash_of(words) & mask; slots_[at].command != nullptr; at = (at + 1) & mask) {
        const Slot& slot = slots_[at];
        if (slot.first != lower.first || slot.last != lower.last || slot.bytes != name.size())
            continue;
        if (equals_lower(names_.data() + slot.name_at, name.data(), name.size()))
            return slot.command;
    }
    return nullptr;
}

const Command* CommandRegistry::resolve(std::span<const std::string_view> arguments) const {
    if (arguments.empty()) return nullptr;
    const Command* command = find(arguments[0]);
    if (command == nullptr || command->subcommands().empty() || arguments.size() < 2)
        return command;
    const Command* subcommand = command->subcommand(arguments[1]);
    return subcommand == nullptr ? command : subcommand;
}

Status CommandRegistry::rename(std::string_view old_name, std::string_view new_name) {
    const Command* command = find(old_name);
    if (command == nullptr) return ErrorText{"No such command in rename-command"};
    if (!new_name.empty() && find(new_name) != nullptr)
        return ErrorText{"Target command name already exists"};
    std::erase_if(renamed_, [&](const auto& each) { return each.second == command; });
    if (new_name.empty()) {
        std::erase(top_level_, command);
    } else {
        renamed_.emplace_back(to_lower(new_name), command);
    }
    rebuild_index();
    return done();
}

}  // namespace millrace::engine
