// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/hash_fields.h"

#include <string>

#include "commands/support/text.h"

namespace millrace::commands::support {

using namespace engine;
using values::Hash;

namespace {

Error invalid_expiry(const Call& call) {
    return Error("ERR invalid expire time in '" + call.command().full_name() + "' command");
}

Result<FieldWords> words_after(const Call& call, size_t word, size_t width, ErrorText miscounted) {
    if (word + 1 >= call.count()) return miscounted;
    const int64_t stated = TRY(call.integer(word + 1));
    const size_t words = call.count() - word - 2;
    if (words == 0 || words % width != 0) return miscounted;
    // Compat: the product is of 64 bits, so that with pairs 1 - 2^63 counts as 1.
    if (static_cast<uint64_t>(stated) * width != words) return miscounted;
    return FieldWords{word, word + 2, words / width};
}

}  // namespace

Result<size_t> find_fields(const Call& call, size_t from) {
    size_t word = from;
    while (word < call.count() && !call.arg_is(word, "FIELDS")) ++word;
    if (word + 1 >= call.count()) return kBadFieldCount;
    return word;
}

Result<FieldWords> fields_behind(const Call& call, size_t word, size_t width) {
    return words_after(call, word, width, kBadFieldCount);
}

Result<FieldWords> field_words_at(const Call& call, size_t at, ErrorText miscounted) {
    if (!call.arg_is(at, "FIELDS")) return errors::kSyntax;
    return words_after(call, at, 1, miscounted);
}

Result<int64_t> field_moment(const Call& call, size_t at, TimeForm form) {
    const int64_t number = TRY(call.integer(at));
    if (number < 0) return invalid_expiry(call);
    return moment_argument(call, at, form);
}

void propagate_fields(Call& call, std::string_view name, std::string_view moment,
                      const std::vector<std::string_view>& names) {
    if (!call.propagates()) return;
    const IntegerText count(static_cast<int64_t>(names.size()));
    std::vector<std::string_view> words = {name, call.arg(1)};
    if (!moment.empty()) words.push_back(moment);
    words.push_back("FIELDS");
    words.push_back(count.view());
    words.insert(words.end(), names.begin(), names.end());
    call.propagate_as(words);
}

void expire_fields_at_once(Call& call, KeyEdit& edit, const std::vector<std::string_view>& names) {
    Hash& hash = *edit.value<Hash>();
    for (const std::string_view name : names) hash.erase(name);
    call.keyspace().counters().expired_members += names.size();
    edit.members_changed();
    edit.commit_or_remove(EventClass::Hash, "hexpired", names.size());
    if (names.empty()) return call.propagate_nothing();
    if (!call.propagates()) return;
    std::vector<std::string_view> words = {"HDEL", call.arg(1)};
    words.insert(words.end(), names.begin(), names.end());
    call.propagate_as(words);
}

void fields_were_due(Call& call, const KeyEdit& edit, size_t count) {
    call.keyspace().counters().expired_members += count;
    call.engine().emit(EventClass::Hash, "hexpired", edit.key(), call.db());
}

}  // namespace millrace::commands::support
