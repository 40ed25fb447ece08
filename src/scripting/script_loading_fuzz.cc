// SPDX-License-Identifier: BSD-3-Clause
//
// Bytes of any kind as a script, a library of functions and the first line of either: they are
// loaded or refused, and a library that was loaded is loaded again from the code that was kept.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "engine/engine.h"
#include "scripting/script_engine.h"
#include "scripting/shebang.h"
#include "structures/slab_pool.h"

using namespace millrace;
using namespace millrace::scripting;

namespace {

constexpr SipKey kSeed{.low = 1, .high = 2};

// Time stands still, but for code that is loaded: it has half a second, which is a few looks here.
class FuzzedTime final : public engine::TimeSource {
public:
    int64_t wall_microseconds() const override { return now_ns_ / 1000; }
    int64_t monotonic_nanoseconds() const override { return now_ns_ += 100'000'000; }

private:
    mutable int64_t now_ns_ = 1'700'000'000'000'000'000;
};

class FuzzedEntropy final : public engine::EntropySource {
public:
    uint64_t next() override { return state_ += 0x9e3779b97f4a7c15; }

private:
    uint64_t state_ = 1;
};

struct World {
    engine::Settings settings;
    config::Registry config;
    FuzzedTime time;
    FuzzedEntropy entropy;
    observe::ServerState state;
    observe::CommandLog command_log;
    observe::LatencyMonitor latency;
    observe::InfoRegistry info;
    structures::SlabHeapPool heaps;
    engine::CommandRegistry commands{std::span<const engine::CommandTable* const>()};
    keyspace::Keyspace keyspace{1, kSeed, heaps};
    engine::Engine engine{{.commands = commands,
                           .keyspace = keyspace,
                           .settings = settings,
                           .config = config,
                           .command_log = command_log,
                           .latency = latency,
                           .info = info,
                           .server = state,
                           .time = time,
                           .entropy = entropy}};
};

void check_shebangs(std::string_view text) {
    if (auto script = parse_shebang(text); script.ok()) {
        CHECK(text.ends_with(script->code));
    }
    if (auto library = parse_library_shebang(text); library.ok()) {
        CHECK(text.ends_with(library->code));
    }
}

void load(ScriptEngine& scripts, std::string_view text) {
    auto name = scripts.load_library(text, false);
    if (!name.ok()) {
        CHECK(scripts.libraries().empty());
        return;
    }
    CHECK(scripts.libraries().size() == 1);
    const Library& library = scripts.libraries().begin()->second;
    CHECK(library.name == *name);
    CHECK(is_good_name(library.name));
    CHECK(library.code == text);
    CHECK(scripts.function_count() == library.functions.size());
    for (const Function& function : library.functions) {
        CHECK(is_good_name(function.name));
        CHECK(scripts.has_function(function.name));
    }
    const size_t functions = library.functions.size();
    CHECK(functions > 0);
    CHECK(!scripts.load_library(text, false).ok());
    CHECK(scripts.delete_library(*name));
    CHECK(scripts.function_count() == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_shebangs(text);
    check_shebangs("#!lua" + std::string(text));
    World world;
    ScriptEngine& scripts = ScriptEngine::of(world.engine);
    if (auto sha = scripts.load(text); sha.ok()) CHECK(*scripts.body_of(*sha) == text);
    load(scripts, text);
    load(scripts, "#!lua" + std::string(text));
    load(scripts, "#!lua name=fuzz\n" + std::string(text));
    load(scripts,
         "#!lua name=fuzz\nlocal f = function() end\nserver.register_function" + std::string(text));
    return 0;
}
