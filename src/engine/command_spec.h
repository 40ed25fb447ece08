// SPDX-License-Identifier: BSD-3-Clause
//
// The declaration of a command: everything that anyone needs to know about it, beside its handler.
//
// COMMAND INFO, DOCS and GETKEYS, ACL categories, key extraction, arity checks and the hints of the
// I/O threads are all derived from it. Specs are constants; they name their parts by field, so that
// a reader never counts commas.
//
// Threads: constants, read anywhere.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace::engine {

class Call;

enum class Group : uint8_t {
    Generic,
    String,
    List,
    Set,
    SortedSet,
    Hash,
    PubSub,
    Transactions,
    Connection,
    Server,
    Scripting,
    HyperLogLog,
    Cluster,
    Sentinel,
    Geo,
    Stream,
    Bitmap,
    Module,
};

// What a command is allowed to do and when it may run. Names follow COMMAND INFO.
enum CommandFlag : uint64_t {
    kWrite = 1ull << 0,
    kReadOnly = 1ull << 1,
    kDenyOom = 1ull << 2,
    kAdmin = 1ull << 3,
    kPubSub = 1ull << 4,
    kNoScript = 1ull << 5,
    kBlocking = 1ull << 6,
    kLoading = 1ull << 7,
    kStale = 1ull << 8,
    kSkipMonitor = 1ull << 9,
    kSkipCommandLog = 1ull << 10,
    kAsking = 1ull << 11,
    kFast = 1ull << 12,
    kNoAuth = 1ull << 13,
    kMayReplicate = 1ull << 14,
    kNoAsyncLoading = 1ull << 15,
    kNoMulti = 1ull << 16,
    kMovableKeys = 1ull << 17,  // Derived by the registry from the key specs.
    kAllowBusy = 1ull << 18,
    kNoMandatoryKeys = 1ull << 19,
    kProtected = 1ull << 20,
    kTouchesArbitraryKeys = 1ull << 21,
    kAllDbs = 1ull << 22,
    kSentinel = 1ull << 23,
    kOnlySentinel = 1ull << 24,
    // Ours: parsing of the same client stops after it until it has run (it may change how bytes are
    // read).
    kBarrier = 1ull << 40,
    kNotQueued = 1ull << 41,        // Ours: runs at once inside of MULTI.
    kWhileSubscribed = 1ull << 42,  // Ours: RESP2 clients may send it while they are subscribed.
};

enum AclCategory : uint32_t {
    kAclKeyspace = 1u << 0,
    kAclRead = 1u << 1,
    kAclWrite = 1u << 2,
    kAclSet = 1u << 3,
    kAclSortedSet = 1u << 4,
    kAclList = 1u << 5,
    kAclHash = 1u << 6,
    kAclString = 1u << 7,
    kAclBitmap = 1u << 8,
    kAclHyperLogLog = 1u << 9,
    kAclGeo = 1u << 10,
    kAclStream = 1u << 11,
    kAclPubSub = 1u << 12,
    kAclAdmin = 1u << 13,
    kAclFast = 1u << 14,
    kAclSlow = 1u << 15,
    kAclBlocking = 1u << 16,
    kAclDangerous = 1u << 17,
    kAclConnection = 1u << 18,
    kAclTransaction = 1u << 19,
    kAclScripting = 1u << 20,
};

enum DocFlag : uint8_t { kDeprecated = 1, kSysCmd = 2 };

// --- keys ---

enum KeyFlag : uint32_t {
    // Exactly one of these four.
    kKeyReadOnly = 1u << 0,
    kKeyReadWrite = 1u << 1,
    kKeyOverwrite = 1u << 2,
    kKeyRemove = 1u << 3,
    // What happens to the data of the key.
    kKeyAccess = 1u << 4,
    kKeyUpdate = 1u << 5,
    kKeyInsert = 1u << 6,
    kKeyDelete = 1u << 7,
    // Other.
    kKeyNotKey = 1u << 8,
    kKeyIncomplete = 1u << 9,
    kKeyVariableFlags = 1u << 10,
};

enum class KeySearch : uint8_t { Index, Keyword, Unknown };
enum class KeyFind : uint8_t { Range, KeyNumber, Unknown };

// Where keys stand among the arguments; the two steps are those of COMMAND INFO's key
// specifications.
struct KeySpec {
    KeySearch search = KeySearch::Index;
    int first = 1;                  // Index: position of the first key.
    std::string_view keyword = {};  // Keyword: the word after which keys begin,
    int keyword_from = 0;           //   searched from this position on, negative from the end.

    KeyFind find = KeyFind::Range;
    int last =
        0;  // Range: the last key, relative to the first; negative from the end of the arguments.
    int step = 1;
    int limit = 0;  // Range with last -1: only the first 1/limit of what is left.
    int number_at =
        0;  // KeyNumber: where the count stands, and where the keys begin, relative to the first.
    int keys_from = 1;

    uint32_t flags = 0;
    std::string_view notes = {};
};

// --- arguments, for COMMAND DOCS ---

enum class ArgType : uint8_t {
    String,
    Integer,
    Double,
    Key,
    Pattern,
    UnixTime,
    PureToken,
    OneOf,
    Block,
};

enum ArgFlag : uint8_t { kOptional = 1, kMultiple = 2, kMultipleToken = 4 };

struct Arg {
    std::string_view name;
    ArgType type = ArgType::String;
    int key_spec = -1;  // For keys: which of the command's specs finds it.
    std::string_view token = {};
    uint8_t flags = 0;
    std::span<const Arg> children = {};  // Of OneOf and Block.
    std::string_view since = {};
    std::string_view deprecated_since = {};
    std::string_view summary = {};
    std::string_view display = {};  // display_text where it differs from the name.
};

struct HistoryEntry {
    std::string_view version;
    std::string_view change;
};

// --- the command ---

using Handler = Status (*)(Call&);

// One key position found in a request.
struct KeyPosition {
    int at;
    uint32_t flags;
};

// For commands whose keys no spec can find (SORT, EVAL-like ones have specs): appends their
// positions to the list.
class KeyPositions;
using KeyFinder = bool (*)(std::span<const std::string_view> arguments, KeyPositions& found);

// What a command does with the channels that its arguments name; access control asks.
enum class ChannelUse : uint8_t {
    None,
    Publish,           // To argument 1.
    Subscribe,         // To all arguments.
    SubscribePattern,  // To the patterns that all arguments are.
};

// For commands whose flags depend on their arguments: what this one may do.
class Engine;
struct Request;
using FlagFinder = uint64_t (*)(Engine& engine, const Request& request);

// For commands that work on databases which arguments name: appends where these arguments stand.
using DatabaseFinder = void (*)(std::span<const std::string_view> arguments,
                                std::vector<size_t>& found);

struct CommandSpec {
    std::string_view name;  // Upper case; of a subcommand only its own word.
    std::string_view summary;
    std::string_view since;
    Group group = Group::Generic;
    std::string_view complexity = {};
    int arity = 0;  // Exact number of words, command name included; negative: at least as many.
    uint64_t flags = 0;
    uint32_t acl = 0;  // Categories besides those that follow from group and flags.
    std::span<const KeySpec> keys = {};
    std::span<const Arg> args = {};
    std::span<const std::string_view> tips = {};
    std::span<const HistoryEntry> history = {};
    uint8_t doc_flags = 0;
    std::string_view deprecated_since = {};
    std::string_view replaced_by = {};
    std::span<const CommandSpec> subcommands = {};
    KeyFinder find_keys = nullptr;
    ChannelUse channels = ChannelUse::None;
    DatabaseFinder find_databases = nullptr;
    FlagFinder find_flags = nullptr;
    // A plain string write: argument 1 is the key and this one the value, so the I/O side builds
    // the entry. 0: it is not.
    int prebuilt_value = 0;
    // The argument that names an element of the first key's collection, which is fetched before the
    // command runs; of several the first one. 0: none does.
    int element = 0;
    Handler run = nullptr;  // Null for a container, which only answers through its subcommands.
};

// What one source file declares; command_index.cmake collects them.
class CommandTable {
public:
    template <size_t N>
    constexpr CommandTable(const CommandSpec (&commands)[N]) : commands_(commands) {}  // NOLINT
    std::span<const CommandSpec> commands() const { return commands_; }

private:
    std::span<const CommandSpec> commands_;
};

}  // namespace millrace::engine
