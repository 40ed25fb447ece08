// SPDX-License-Identifier: BSD-3-Clause
//
// What commands on the expiry of fields share: the words FIELDS n a b c, times, and what happens to
// fields whose new time has passed.
//
// Threads: main thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "commands/support/expiry.h"
#include "engine/call.h"
#include "values/hash.h"

namespace millrace::commands::support {

inline constexpr ErrorText kBadFieldCount{
    "ERR numfields should be greater than 0 and match the provided number of fields"};

// Where the words stand: FIELDS at `word`, `count` fields from `first` to the end of the arguments.
struct FieldWords {
    size_t word;
    size_t first;
    size_t count;
};

// Where FIELDS stands, from argument `from` on. Compat: the options before it are looked at before
// what is behind it, unless nothing is.
Result<size_t> find_fields(const engine::Call& call, size_t from);
// What is behind FIELDS; each field comes with `width` words (2: its value).
Result<FieldWords> fields_behind(const engine::Call& call, size_t word, size_t width);
// FIELDS is argument `at`, else a syntax error.
Result<FieldWords> field_words_at(const engine::Call& call, size_t at, ErrorText miscounted);

// A moment for fields; unlike that of a key it may be this very one.
Result<int64_t> field_moment(const engine::Call& call, size_t at, TimeForm form);

// A command about the fields `names`: "NAME key [moment] FIELDS n names...".
void propagate_fields(engine::Call& call, std::string_view name, std::string_view moment,
                      const std::vector<std::string_view>& names);

// Erases fields as expired, and commits; propagated as their deletion.
void expire_fields_at_once(engine::Call& call, engine::KeyEdit& edit,
                           const std::vector<std::string_view>& names);

// Notes that writing to fields has ended `count` whose time was over; to be told before the commit.
void fields_were_due(engine::Call& call, const engine::KeyEdit& edit, size_t count);

}  // namespace millrace::commands::support
