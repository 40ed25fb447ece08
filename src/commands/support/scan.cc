// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/scan.h"

#include <limits>
#include <string>

#include "base/bytes.h"
#include "base/glob.h"
#include "base/numbers.h"
#include "base/token.h"

namespace millrace::commands::support {

using namespace engine;
using keyspace::ValueType;

namespace {

constexpr ErrorText kInvalidCursor{"ERR invalid cursor"};
constexpr ErrorText kNoValuesElsewhere{"ERR NOVALUES option can only be used in HSCAN"};
constexpr ErrorText kNoScoresElsewhere{"ERR NOSCORES option can only be used in ZSCAN"};

Result<ValueType> parse_type(std::string_view name) {
    for (int number = 0; number < keyspace::kValueTypes; ++number) {
        const auto type = static_cast<ValueType>(number);
        if (is_token(name, keyspace::type_name(type))) return type;
    }
    return Error("ERR unknown type name '" + std::string(until_zero(name)) + "'");
}

}  // namespace

bool ScanOptions::wants(std::string_view name) const {
    return !pattern || glob_match(*pattern, name);
}

int64_t ScanOptions::steps_max() const {
    int64_t steps = 0;
    if (__builtin_mul_overflow(count, 10, &steps)) return std::numeric_limits<int64_t>::max();
    return steps;
}

std::optional<std::string_view> name_pattern(std::string_view argument) {
    if (argument == "*") return std::nullopt;
    return argument;
}

Result<uint64_t> parse_scan_cursor(const Call& call, size_t at) {
    const auto cursor = parse_unsigned_lenient(call.arg(at));
    if (!cursor) return kInvalidCursor;
    return *cursor;
}

Result<ScanOptions> parse_scan_options(const Call& call, size_t from, ScanKind kind) {
    ScanOptions options;
    for (size_t at = from; at < call.count(); ++at) {
        const bool has_next = at + 1 < call.count();
        if (has_next && call.arg_is(at, "COUNT")) {
            options.count = TRY(call.integer(++at));
            if (options.count < 1) return errors::kSyntax;
        } else if (has_next && call.arg_is(at, "MATCH")) {
            options.pattern = name_pattern(call.arg(++at));
        } else if (has_next && kind == ScanKind::Keys && call.arg_is(at, "TYPE")) {
            options.type = TRY(parse_type(call.arg(++at)));
        } else if (call.arg_is(at, "NOVALUES")) {
            if (kind != ScanKind::Hash) return kNoValuesElsewhere;
            options.no_values = true;
        } else if (call.arg_is(at, "NOSCORES")) {
            if (kind != ScanKind::SortedSet) return kNoScoresElsewhere;
            options.no_scores = true;
        } else {
            return errors::kSyntax;
        }
    }
    return options;
}

}  // namespace millrace::commands::support
