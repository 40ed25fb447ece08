// SPDX-License-Identifier: BSD-3-Clause
//
// PFADD, PFCOUNT, PFMERGE: counting different elements without keeping them.

#include "commands/support/sketches.h"

#include <string>
#include <utility>

#include "engine/command.h"
#include "structures/hyperloglog.h"

namespace millrace::commands::hyperloglog::sketches {
namespace {

using namespace engine;
using namespace support;
using keyspace::Entry;
using keyspace::ValueType;
using structures::hyperloglog::Histogram;
using structures::hyperloglog::Outcome;
using structures::hyperloglog::Registers;
namespace sketch = structures::hyperloglog;

Status pfadd(Call& call);
Status pfcount(Call& call);
Status pfmerge(Call& call);

constexpr KeySpec kAddKeys[] = {{.flags = kRW | kKeyInsert}};
constexpr KeySpec kCountKeys[] = {
    {.last = -1,
     .flags = kRW | kKeyAccess,
     .notes = "RW because it may change the internal representation of the key, and propagate to "
              "replicas"},
};
constexpr KeySpec kMergeKeys[] = {
    {.flags = kRW | kKeyAccess | kKeyInsert},
    {.first = 2, .last = -1, .flags = kRO | kKeyAccess},
};
constexpr Arg kAddArgs[] = {
    {"key", ArgType::Key, 0},
    {.name = "element", .flags = kOptional | kMultiple},
};
constexpr Arg kCountArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
};
constexpr Arg kMergeArgs[] = {
    {"destkey", ArgType::Key, 0},
    {.name = "sourcekey", .type = ArgType::Key, .key_spec = 1, .flags = kOptional | kMultiple},
};

constexpr CommandSpec kCommands[] = {
    {.name = "PFADD",
     .summary = "Counts elements in a HyperLogLog, which is made if there is none.",
     .since = "2.8.9",
     .group = Group::HyperLogLog,
     .complexity = "O(1) to add every element.",
     .arity = -2,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kAddKeys,
     .args = kAddArgs,
     .run = pfadd},
    {.name = "PFCOUNT",
     .summary = "Estimates how many different elements one or more HyperLogLogs have counted.",
     .since = "2.8.9",
     .group = Group::HyperLogLog,
     .complexity = "O(1) with a very small average constant time when called with a single key. "
                   "O(N) with N being the number of keys, and much bigger constant times, when "
                   "called with multiple keys.",
     .arity = -2,
     .flags = kReadOnly | kMayReplicate,
     .keys = kCountKeys,
     .args = kCountArgs,
     .run = pfcount},
    {.name = "PFMERGE",
     .summary = "Merges HyperLogLogs into one that has counted what any of them has.",
     .since = "2.8.9",
     .group = Group::HyperLogLog,
     .complexity = "O(N) to merge N HyperLogLogs, but with high constant times.",
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .keys = kMergeKeys,
     .args = kMergeArgs,
     .run = pfmerge},
};

// What PFADD does to a dense sketch: in place, and nothing at all if no register rises.
Status add_to_dense(Call& call, KeyEdit& edit) {
    char* bytes = nullptr;
    for (size_t at = 2; at < call.count(); ++at) {
        const sketch::Mark mark = sketch::mark_of(call.arg(at));
        if (bytes == nullptr) {
            if (!sketch::raises_dense(edit.entry()->string(), mark)) continue;
            bytes = edit.grow_string(sketch::kDenseBytes);
        }
        sketch::raise_dense(bytes, mark);
    }
    if (bytes != nullptr) {
        sketch::forget_count(bytes);
        edit.commit(EventClass::String, "pfadd");
    }
    call.reply().integer(bytes != nullptr ? 1 : 0);
    return done();
}

Status pfadd(Call& call) {
    KeyEdit edit = TRY(call.edit(1, ValueType::String));
    bool changed = !edit.exists();
    std::string text;
    if (changed) {
        text = sketch::empty_sketch();
    } else {
        const std::string_view old = TRY(sketch_of(*edit.entry()));
        if (sketch::is_dense(old)) return add_to_dense(call, edit);
        text = old;
        unembed_sketch(call, edit);
    }
    const uint64_t sparse_max = call.keyspace().encodings().hll_sparse_max_bytes;
    for (size_t at = 2; at < call.count(); ++at) {
        const sketch::Mark mark = sketch::mark_of(call.arg(at));
        const Outcome outcome = sketch::raise(text, mark, sparse_max);
        if (outcome == Outcome::Corrupt) return kCorruptSketch;
        changed |= outcome == Outcome::Changed;
    }
    if (changed) {
        sketch::forget_count(text.data());
        store_sketch(call, edit, text);
        edit.commit(EventClass::String, "pfadd");
    }
    call.reply().integer(changed ? 1 : 0);
    return done();
}

// The registers of all keys from argument `from` on, merged. `dense`: whether one of them was.
Status merge_keys(Call& call, size_t from, Registers& registers, bool& dense) {
    registers.fill(0);
    dense = false;
    for (size_t at = from; at < call.count(); ++at) {
        const Entry* entry = TRY(call.find(at, ValueType::String));
        if (entry == nullptr) continue;
        const std::string_view bytes = TRY(sketch_of(*entry));
        dense |= sketch::is_dense(bytes);
        if (!sketch::merge_into(registers, bytes)) return kCorruptSketch;
    }
    return done();
}

Status count_union(Call& call) {
    Registers registers;
    bool dense = false;
    TRY(merge_keys(call, 1, registers, dense));
    Histogram histogram{};
    sketch::count_registers(histogram, registers);
    call.reply().integer(static_cast<int64_t>(sketch::estimate(histogram)));
    return done();
}

// Compat: a count that had to be made is kept in the value, which is a change that replicas get.
Status pfcount(Call& call) {
    if (call.count() > 2) return count_union(call);
    const Entry* entry = TRY(call.find(1, ValueType::String));
    if (entry == nullptr) {
        call.reply().integer(0);
        return done();
    }
    const std::string_view bytes = TRY(sketch_of(*entry));
    if (entry->form() == keyspace::StringForm::Embedded) {
        KeyEdit edit = call.edit(1);
        unembed_sketch(call, edit);
    }
    auto count = sketch::cached_count(bytes);
    if (!count) {
        Histogram histogram{};
        if (!sketch::count_registers(histogram, bytes)) return kCorruptSketch;
        count = sketch::estimate(histogram);
        KeyEdit edit = call.edit(1);
        sketch::cache_count(edit.grow_string(0), *count);
        edit.commit(EventClass::String, "");
    }
    call.reply().integer(static_cast<int64_t>(*count));
    return done();
}

// What PFMERGE keeps where no sketch was dense; the old one is that of the key, if there was one.
std::string sparse_merged(Call& call, std::string sketch, const Registers& registers) {
    const uint64_t sparse_max = call.keyspace().encodings().hll_sparse_max_bytes;
    for (uint32_t at = 0; at < sketch::kRegisters; ++at) {
        if (registers[at] != 0) sketch::raise(sketch, {at, registers[at]}, sparse_max);
    }
    sketch::forget_count(sketch.data());
    return sketch;
}

Status pfmerge(Call& call) {
    Registers registers;
    bool dense = false;
    TRY(merge_keys(call, 1, registers, dense));

    KeyEdit edit = TRY(call.edit(1, ValueType::String));
    const std::string_view old = edit.exists() ? edit.entry()->string() : std::string_view();
    if (!old.empty() && sketch::is_dense(old)) {
        sketch::replace_dense(edit.grow_string(sketch::kDenseBytes), registers);
    } else {
        std::string text = old.empty() ? sketch::empty_sketch() : std::string(old);
        text = dense ? sketch::dense_sketch(text, registers)
                     : sparse_merged(call, std::move(text), registers);
        store_sketch(call, edit, text);
    }
    edit.commit(EventClass::String, "pfadd");
    call.reply().ok();
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::commands::hyperloglog::sketches
