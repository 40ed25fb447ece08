// SPDX-License-Identifier: BSD-3-Clause
//
// LCS: the longest common subsequence of two strings, its length, or where it lies in them.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "commands/support/shared_subsequence.h"
#include "commands/support/text.h"
#include "engine/command.h"

namespace millrace::commands::strings::lcs {
namespace {

using namespace engine;
using namespace support;
using keyspace::Entry;

Status lcs(Call& call);

constexpr KeySpec kLcsKeys[] = {{.first = 1, .last = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kLcsArgs[] = {
    {"key1", ArgType::Key, 0},
    {"key2", ArgType::Key, 0},
    {.name = "len", .type = ArgType::PureToken, .token = "LEN", .flags = kOptional},
    {.name = "idx", .type = ArgType::PureToken, .token = "IDX", .flags = kOptional},
    {.name = "min-match-len", .type = ArgType::Integer, .token = "MINMATCHLEN", .flags = kOptional},
    {.name = "withmatchlen",
     .type = ArgType::PureToken,
     .token = "WITHMATCHLEN",
     .flags = kOptional},
};

constexpr CommandSpec kCommands[] = {
    {.name = "LCS",
     .summary = "Finds the longest common subsequence of two strings.",
     .since = "7.0.0",
     .group = Group::String,
     .complexity = "O(N*M), N and M being the lengths of the two strings",
     .arity = -3,
     .flags = kReadOnly,
     .keys = kLcsKeys,
     .args = kLcsArgs,
     .run = lcs},
};

constexpr ErrorText kNotStrings{"ERR The specified keys must contain string values"};
constexpr ErrorText kLengthAndIndex{
    "ERR If you want both the length and indexes, please just use IDX."};
constexpr ErrorText kTooLong{"ERR String too long for LCS"};
constexpr ErrorText kTooMuchMemory{
    "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"};

struct Options {
    bool length = false;
    bool index = false;
    bool with_match_length = false;
    int64_t match_bytes_min = 0;
};

Result<Options> parse_options(const Call& call) {
    Options options;
    for (size_t at = 3; at < call.count(); ++at) {
        if (call.arg_is(at, "IDX")) {
            options.index = true;
        } else if (call.arg_is(at, "LEN")) {
            options.length = true;
        } else if (call.arg_is(at, "WITHMATCHLEN")) {
            options.with_match_length = true;
        } else if (call.arg_is(at, "MINMATCHLEN") && at + 1 < call.count()) {
            options.match_bytes_min = std::max<int64_t>(TRY(call.integer(++at)), 0);
        } else {
            return errors::kSyntax;
        }
    }
    if (options.length && options.index) return kLengthAndIndex;
    return options;
}

void reply_range(Call& call, size_t begin, size_t bytes) {
    call.reply().array(2);
    call.reply().integer(static_cast<int64_t>(begin));
    call.reply().integer(static_cast<int64_t>(begin + bytes - 1));
}

void reply_matches(Call& call, const SharedSubsequence& shared, const Options& options) {
    std::vector<SharedSubsequence::Match> matches = shared.matches();
    std::erase_if(matches, [&](const SharedSubsequence::Match& match) {
        return static_cast<int64_t>(match.bytes) < options.match_bytes_min;
    });
    call.reply().map(2);
    call.reply().bulk("matches");
    call.reply().array(matches.size());
    for (const SharedSubsequence::Match& match : matches) {
        call.reply().array(options.with_match_length ? 3 : 2);
        reply_range(call, match.first_begin, match.bytes);
        reply_range(call, match.second_begin, match.bytes);
        if (options.with_match_length) call.reply().integer(static_cast<int64_t>(match.bytes));
    }
    call.reply().bulk("len");
    call.reply().integer(shared.length());
}

// Compat: keys are looked up before options are read, and their types are reported together.
Status lcs(Call& call) {
    const Entry* first = call.find(1);
    const Entry* second = call.find(2);
    for (const Entry* entry : {first, second}) {
        if (entry != nullptr && !entry->is_string()) return kNotStrings;
    }
    const Options options = TRY(parse_options(call));

    std::optional<StringText> first_text;
    std::optional<StringText> second_text;
    if (first != nullptr) first_text.emplace(*first);
    if (second != nullptr) second_text.emplace(*second);
    SharedSubsequence shared(first_text ? first_text->view() : std::string_view(),
                             second_text ? second_text->view() : std::string_view());
    const auto table_bytes = shared.table_bytes();
    if (!table_bytes) return kTooLong;
    if (*table_bytes > call.settings().proto_max_bulk_bytes) return kTooMuchMemory;
    shared.build();

    if (options.index) {
        reply_matches(call, shared, options);
    } else if (options.length) {
        call.reply().integer(shared.length());
    } else {
        call.reply().bulk(shared.text());
    }
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::strings::lcs
