// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/write_options.h"

#include "engine/errors.h"

namespace millrace::commands::support {

using namespace engine;
using Condition = WriteOptions::Condition;
using Expiry = WriteOptions::Expiry;

namespace {

class Parser {
public:
    Parser(const Call& call, uint32_t words) : call_(call), words_(words) {}

    // Takes the option at `at` and moves behind it; false if it is none that may stand here.
    bool take(size_t& at) {
        if (takes(kWordNxXx, at, "NX")) return take_condition(at, Condition::Missing);
        if (takes(kWordNxXx, at, "XX")) return take_condition(at, Condition::Exists);
        if (takes(kWordIfeq, at, "IFEQ")) return take_comparison(at);
        if (takes(kWordKeepttl, at, "KEEPTTL")) return take_expiry(at, Expiry::Keep);
        if (takes(kWordPersist, at, "PERSIST")) return take_expiry(at, Expiry::Persist);
        if (takes(kWordGet, at, "GET")) {
            options.get = true;
            ++at;
            return true;
        }
        return take_time(at);
    }

    WriteOptions options;

private:
    bool takes(uint32_t word, size_t at, std::string_view name) const {
        return (words_ & word) != 0 && call_.arg_is(at, name);
    }

    // Compat: an option may be repeated, but not contradicted.
    bool take_condition(size_t& at, Condition condition) {
        if (options.condition != Condition::None && options.condition != condition) return false;
        options.condition = condition;
        ++at;
        return true;
    }

    bool take_comparison(size_t& at) {
        if (options.condition != Condition::None) return false;
        if (at + 1 >= call_.count()) return false;
        options.condition = Condition::Equal;
        options.comparison_at = at + 1;
        at += 2;
        return true;
    }

    bool take_expiry(size_t& at, Expiry expiry) {
        if (options.expiry != Expiry::Unsaid && options.expiry != expiry) return false;
        options.expiry = expiry;
        ++at;
        return true;
    }

    bool take_time(size_t& at) {
        const auto form = time_form(call_, at);
        if (!form) return false;
        if (at + 1 >= call_.count()) return false;
        if (options.expiry == Expiry::Set && options.time != *form) return false;
        const size_t time_at = at + 1;
        if (!take_expiry(at, Expiry::Set)) return false;
        options.time = *form;
        options.time_at = time_at;
        at = time_at + 1;
        return true;
    }

    const Call& call_;
    uint32_t words_;
};

}  // namespace

Result<WriteOptions> parse_write_options(const Call& call, size_t from, uint32_t words) {
    Parser parser(call, words);
    for (size_t at = from; at < call.count();) {
        if (!parser.take(at)) return errors::kSyntax;
    }
    WriteOptions& options = parser.options;
    if (options.expiry == Expiry::Set) {
        options.expire_at_ms = TRY(expiry_argument(call, options.time_at, options.time));
    }
    return options;
}

}  // namespace millrace::commands::support
