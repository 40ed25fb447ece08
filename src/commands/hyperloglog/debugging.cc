// SPDX-License-Identifier: BSD-3-Clause
//
// PFDEBUG, PFSELFTEST: what a HyperLogLog is made of.

#include <string>

#include "base/token.h"
#include "commands/support/sketches.h"
#include "engine/command.h"
#include "structures/hyperloglog.h"

namespace millrace::commands::hyperloglog::debugging {
namespace {

using namespace engine;
using namespace support;
using keyspace::ValueType;
using structures::hyperloglog::Registers;
namespace sketch = structures::hyperloglog;

Status pfdebug(Call& call);
Status pfselftest(Call& call);

constexpr KeySpec kDebugKeys[] = {{.first = 2, .flags = kRW | kKeyAccess}};
constexpr Arg kDebugArgs[] = {{"subcommand"}, {"key", ArgType::Key, 0}};

constexpr CommandSpec kCommands[] = {
    {.name = "PFDEBUG",
     .summary = "Shows what a HyperLogLog is made of.",
     .since = "2.8.9",
     .group = Group::HyperLogLog,
     .complexity = "N/A",
     .arity = 3,
     .flags = kWrite | kDenyOom | kAdmin,
     .keys = kDebugKeys,
     .args = kDebugArgs,
     .doc_flags = kSysCmd,
     .run = pfdebug},
    {.name = "PFSELFTEST",
     .summary = "Checks the arithmetic of HyperLogLogs.",
     .since = "2.8.9",
     .group = Group::HyperLogLog,
     .complexity = "N/A",
     .arity = 1,
     .flags = kAdmin,
     .doc_flags = kSysCmd,
     .run = pfselftest},
};

constexpr ErrorText kNoKey{"ERR The specified key does not exist"};
constexpr ErrorText kNotSparse{"ERR HLL encoding is not sparse"};
constexpr ErrorText kOnOrOff{"ERR Argument must be ON or OFF"};

// Makes the sketch dense if it is not; whether it changed.
Result<bool> make_dense(Call& call, KeyEdit& edit) {
    std::string text(edit.entry()->string());
    if (sketch::is_dense(text)) return false;
    if (!sketch::to_dense(text)) return kCorruptSketch;
    store_sketch(call, edit, text);
    edit.commit(EventClass::String, "");
    return true;
}

Status reply_registers(Call& call, KeyEdit& edit) {
    TRY(make_dense(call, edit));
    Registers registers{};
    sketch::merge_into(registers, edit.entry()->string());
    call.reply().array(registers.size());
    for (const uint8_t rank : registers) call.reply().integer(rank);
    return done();
}

Status pfdebug(Call& call) {
    if (call.arg_is(1, "SIMD")) {  // Ours are not switched; the words are for tests.
        if (call.arg_is(2, "ON")) {
            call.reply().simple("enabled");
        } else if (call.arg_is(2, "OFF")) {
            call.reply().simple("disabled");
        } else {
            return kOnOrOff;
        }
        return done();
    }
    KeyEdit edit = call.edit(2);
    if (!edit.exists()) return kNoKey;
    if (!edit.entry()->is_string()) return errors::kWrongType;
    const std::string_view bytes = TRY(sketch_of(*edit.entry()));
    unembed_sketch(call, edit);

    if (call.arg_is(1, "GETREG")) return reply_registers(call, edit);
    if (call.arg_is(1, "DECODE")) {
        if (sketch::is_dense(bytes)) return kNotSparse;
        call.reply().bulk(sketch::describe_runs(bytes));
        return done();
    }
    if (call.arg_is(1, "ENCODING")) {
        call.reply().simple(sketch::is_dense(bytes) ? "dense" : "sparse");
        return done();
    }
    if (call.arg_is(1, "TODENSE")) {
        call.reply().integer(TRY(make_dense(call, edit)) ? 1 : 0);
        return done();
    }
    return Error("ERR Unknown PFDEBUG subcommand '" + std::string(until_zero(call.arg(1))) + "'");
}

// Counts what it has put in, by every way there is: dense, sparse, merged.
bool counts_well(uint64_t elements) {
    std::string sparse = sketch::empty_sketch();
    std::string dense = sketch::empty_sketch();
    sketch::to_dense(dense);
    for (uint64_t each = 0; each < elements; ++each) {
        const sketch::Mark mark = sketch::mark_of("element:" + std::to_string(each));
        sketch::raise(sparse, mark, sketch::kDenseBytes);
        sketch::raise_dense(dense.data(), mark);
    }
    Registers of_sparse{};
    Registers of_dense{};
    if (!sketch::merge_into(of_sparse, sparse) || !sketch::merge_into(of_dense, dense)) {
        return false;
    }
    if (of_sparse != of_dense) return false;
    sketch::Histogram histogram{};
    sketch::count_registers(histogram, of_dense);
    const auto counted = static_cast<double>(sketch::estimate(histogram));
    const auto wanted = static_cast<double>(elements);
    constexpr double kErrorMax = 5 * 0.0081;  // Five times the standard error.
    return counted >= wanted * (1 - kErrorMax) - 1 && counted <= wanted * (1 + kErrorMax) + 1;
}

Status pfselftest(Call& call) {
    for (const uint64_t elements : {0, 1, 100, 1000, 20000, 300000}) {
        if (!counts_well(elements)) {
            return Error("ERR A sketch of " + std::to_string(elements) + " elements is wrong");
        }
    }
    call.reply().ok();
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::commands::hyperloglog::debugging
