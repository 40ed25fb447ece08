// SPDX-License-Identifier: BSD-3-Clause
#include "engine/command_registry.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace::engine {
namespace {

constexpr KeySpec kOneKey[] = {{.first = 1, .flags = kKeyReadOnly | kKeyAccess}};
constexpr KeySpec kCounted[] = {{.first = 2, .find = KeyFind::KeyNumber, .flags = kKeyReadWrite}};
constexpr KeySpec kChannel[] = {{.first = 1, .flags = kKeyNotKey}};

constexpr CommandSpec kConfigSubcommands[] = {
    {.name = "GET", .group = Group::Server, .arity = -3, .flags = kAdmin | kLoading},
    {.name = "HELP", .group = Group::Server, .arity = 2},
};
constexpr CommandSpec kRegistered[] = {
    {.name = "GET",
     .group = Group::String,
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = kOneKey},
    {.name = "SET", .group = Group::String, .arity = -3, .flags = kWrite, .keys = kOneKey},
    {.name = "EVAL", .group = Group::Scripting, .arity = -3, .flags = kNoScript, .keys = kCounted},
    {.name = "EVAL_RO",
     .group = Group::Scripting,
     .arity = -3,
     .flags = kReadOnly,
     .keys = kCounted},
    {.name = "SORT",
     .group = Group::Generic,
     .flags = kWrite,
     .acl = kAclSet | kAclList | kAclDangerous},
    {.name = "KEYS", .group = Group::Generic, .flags = kReadOnly, .acl = kAclDangerous},
    {.name = "SPUBLISH", .group = Group::PubSub, .arity = 3, .flags = kPubSub, .keys = kChannel},
    {.name = "CONFIG", .group = Group::Server, .arity = -2, .subcommands = kConfigSubcommands},
    {.name = "RESTORE-ASKING", .group = Group::Server, .arity = -4},
    {.name = "GEORADIUSBYMEMBER", .group = Group::Geo, .arity = -5},
    {.name = "GEORADIUSBYMEMBER_RO", .group = Group::Geo, .arity = -5},
};
constexpr CommandTable kTable{kRegistered};
constexpr const CommandTable* kTables[] = {&kTable};

const Command* resolve(const CommandRegistry& registry, std::vector<std::string_view> words) {
    return registry.resolve(words);
}

TEST(CommandRegistry, FindsEveryNameInAnyCase) {
    const CommandRegistry registry(kTables);
    for (const CommandSpec& spec : kRegistered) {
        std::string name(spec.name);
        ASSERT_NE(registry.find(name), nullptr) << name;
        EXPECT_EQ(&registry.find(name)->spec(), &spec);
        for (size_t i = 0; i < name.size(); i += 2)
            name[i] = static_cast<char>(std::tolower(name[i]));
        EXPECT_EQ(&registry.find(name)->spec(), &spec) << name;
    }
}

TEST(CommandRegistry, RefusesWhatOnlyLooksLikeAName) {
    const CommandRegistry registry(kTables);
    using namespace std::string_view_literals;
    for (std::string_view name : {""sv, "g"sv, "ge"sv, "get "sv, "gett"sv, "get\0"sv, "g\0t"sv,
                                  "ge\x54\x00\x00\x00\x00\x00"sv,
                                  "restore\x0d"
                                  "asking"sv,
                                  "eval\x7fro"sv, "georadiusbymember_rx"sv, "georadixxymember_ro"sv,
                                  "georadiusbymembe"sv}) {
        EXPECT_EQ(registry.find(name), nullptr) << name;
    }
}

TEST(CommandRegistry, ReadsOnlyTheNameItself) {
    const CommandRegistry registry(kTables);
    // Exactly sized allocations, so that the address sanitizer sees a read beyond them.
    for (const CommandSpec& spec : kRegistered) {
        const std::vector<char> name(spec.name.begin(), spec.name.end());
        EXPECT_NE(registry.find(std::string_view(name.data(), name.size())), nullptr);
    }
}

TEST(CommandRegistry, ResolvesSubcommands) {
    const CommandRegistry registry(kTables);
    EXPECT_EQ(resolve(registry, {"Config", "Get", "port"})->full_name(), "config|get");
    EXPECT_EQ(resolve(registry, {"config", "get", "port"})->parent(), registry.find("config"));
    EXPECT_EQ(resolve(registry, {"config", "nosuch"})->full_name(), "config");
    EXPECT_EQ(resolve(registry, {"config"})->full_name(), "config");
    EXPECT_EQ(resolve(registry, {"get", "help"})->full_name(), "get");
    EXPECT_EQ(resolve(registry, {"config|get"}), nullptr);
    EXPECT_EQ(resolve(registry, {}), nullptr);
}

TEST(CommandRegistry, CountsSubcommandsAndSortsNames) {
    const CommandRegistry registry(kTables);
    EXPECT_EQ(registry.size(), std::size(kRegistered) + 2);
    EXPECT_EQ(registry.commands().size(), std::size(kRegistered));
    EXPECT_EQ(registry.commands().front()->full_name(), "config");
    for (uint32_t id = 0; id < registry.size(); ++id) EXPECT_EQ(registry.by_id(id).id(), id);
}

TEST(CommandRegistry, DerivesCategories) {
    const CommandRegistry registry(kTables);
    const auto acl = [&](std::string_view name) { return registry.find(name)->acl_categories(); };
    EXPECT_EQ(acl("get"), kAclRead | kAclString | kAclFast);
    EXPECT_EQ(acl("set"), kAclWrite | kAclString | kAclSlow);
    EXPECT_EQ(acl("eval_ro"), kAclScripting | kAclSlow);
    EXPECT_EQ(acl("sort"), kAclWrite | kAclSet | kAclList | kAclDangerous | kAclSlow);
    EXPECT_EQ(acl("keys"), kAclKeyspace | kAclRead | kAclDangerous | kAclSlow);
    EXPECT_EQ(acl("config"), uint32_t{kAclSlow});
    EXPECT_EQ(resolve(registry, {"config", "get"})->acl_categories(),
              kAclAdmin | kAclDangerous | kAclSlow);
}

TEST(CommandRegistry, DerivesMovableKeysAndTheFirstKey) {
    const CommandRegistry registry(kTables);
    EXPECT_FALSE(registry.find("get")->has(kMovableKeys));
    EXPECT_TRUE(registry.find("eval")->has(kMovableKeys));
    EXPECT_EQ(registry.find("get")->first_key(), 1);
    EXPECT_EQ(registry.find("eval")->first_key(), 0);
    EXPECT_EQ(registry.find("spublish")->first_key(), 0);
    EXPECT_EQ(registry.find("config")->first_key(), 0);
}

TEST(CommandRegistry, MatchesArity) {
    const CommandRegistry registry(kTables);
    EXPECT_TRUE(registry.find("get")->arity_matches(2));
    EXPECT_FALSE(registry.find("get")->arity_matches(3));
    EXPECT_FALSE(registry.find("set")->arity_matches(2));
    EXPECT_TRUE(registry.find("set")->arity_matches(30));
}

TEST(CommandRegistry, Renames) {
    CommandRegistry registry(kTables);
    EXPECT_TRUE(registry.rename("get", "Fetch-The-Value-Of").ok());
    EXPECT_EQ(registry.find("get"), nullptr);
    EXPECT_EQ(registry.find("FETCH-the-value-OF")->full_name(), "get");
    EXPECT_EQ(registry.rename("get", "x").error().text(), "No such command in rename-command");
    EXPECT_EQ(registry.rename("set", "eval").error().text(), "Target command name already exists");
    EXPECT_TRUE(registry.rename("set", "get").ok());
    EXPECT_EQ(registry.find("get")->full_name(), "set");
    EXPECT_TRUE(registry.rename("config", "").ok());
    EXPECT_EQ(registry.find("config"), nullptr);
    EXPECT_EQ(registry.commands().size(), std::size(kRegistered) - 1);
    EXPECT_TRUE(registry.rename("fetch-the-value-of", "").ok());
    EXPECT_EQ(registry.find("fetch-the-value-of"), nullptr);
}

}  // namespace
}  // namespace millrace::engine
