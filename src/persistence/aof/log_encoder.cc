// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/aof/log_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/numbers.h"

namespace millrace::persistence::aof {
namespace {

// "*3\r\n": a kind, a number, a line end.
char* put_header(char* at, char kind, uint64_t number) {
    *at++ = kind;
    at += format_integer(at, static_cast<int64_t>(number));
    *at++ = '\r';
    *at++ = '\n';
    return at;
}

constexpr size_t kHeaderBytesMax = 24;

}  // namespace

void append_command(ByteBuffer& out, std::span<const std::string_view> words) {
    size_t room = kHeaderBytesMax;
    for (std::string_view word : words) room += kHeaderBytesMax + word.size() + 2;
    char* const begin = out.prepare(room);
    char* at = put_header(begin, '*', words.size());
    for (std::string_view word : words) {
        at = put_header(at, '$', word.size());
        if (!word.empty()) std::memcpy(at, word.data(), word.size());
        at += word.size();
        *at++ = '\r';
        *at++ = '\n';
    }
    out.commit(static_cast<size_t>(at - begin));
}

void LogEncoder::begin_file() {
    db_ = -1;
    last_timestamp_ = 0;
}

void LogEncoder::add_effect(const engine::Effect& effect) {
    if (effect.db != db_) {
        char digits[kIntegerCharsMax];
        const std::string_view number(digits, format_integer(digits, effect.db));
        append_command(bytes_, std::array<std::string_view, 2>{"SELECT", number});
        db_ = effect.db;
    }
    append_command(bytes_, effect.words);
}

bool LogEncoder::add(std::span<const engine::Effect> effects, int64_t unix_seconds) {
    const auto counts = [](const engine::Effect& each) { return !each.for_replicas_only; };
    const auto count = std::count_if(effects.begin(), effects.end(), counts);
    if (count == 0) return false;
    if (timestamps_ && unix_seconds > last_timestamp_) {
        bytes_.append(fmt::format("#TS:{}\r\n", unix_seconds));
        last_timestamp_ = unix_seconds;
    }
    // Compat: SELECT stands inside of the transaction.
    if (count > 1) append_command(bytes_, std::array<std::string_view, 1>{"MULTI"});
    for (const engine::Effect& effect : effects) {
        if (counts(effect)) add_effect(effect);
    }
    if (count > 1) append_command(bytes_, std::array<std::string_view, 1>{"EXEC"});
    return true;
}

ByteBuffer LogEncoder::take(ByteBuffer fresh) {
    taken_ += bytes_.size();
    return std::exchange(bytes_, std::move(fresh));
}

}  // namespace millrace::persistence::aof
