// SPDX-License-Identifier: BSD-3-Clause
//
// Accept, rewrite, accept: whatever text is a valid configuration is rewritten to a text that gives
// the same values, and rewriting that changes nothing.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "config/file.h"
#include "config/rewrite.h"

namespace millrace::config {
namespace {

enum class Color { Red, Green };
constexpr Choice<Color> kColors[] = {{"r", Color::Red}, {"g", Color::Green}, {"2", Color::Green}};
constexpr Choice<uint32_t> kWords[] = {{"d", 0}, {"s", 1}, {"n", 2}};

using Texts = std::vector<std::string>;

// Short names, so that random bytes hit them.
struct Sample {
    bool b = false;
    int64_t i = 3;
    uint64_t m = 1024;
    int64_t p = 0;
    int64_t o = 0;
    Color e = Color::Red;
    uint32_t f = 1;
    std::string t = "usual";
    std::string n;
    Texts s = {"x"};
    Registry registry;

    Sample() {
        registry.add_bool("b", b);
        registry.add_integer("i", i, {.min = -10, .max = 99, .alias = "j"});
        registry.add_unsigned("m", m, {.unit = Unit::Memory});
        registry.add_integer("p", p, {.unit = Unit::MemoryOrPercent});
        registry.add_integer("o", o, {.min = 0, .max = 0777, .unit = Unit::Octal});
        registry.add_enum("e", e, kColors);
        registry.add_flags("f", f, kWords);
        registry.add_text("t", t);
        registry.add_text("n", n, {.flags = kNullable});
        registry.add_custom<Texts>("s", s,
                                   {.parse = parse_texts,
                                    .print = print_texts,
                                    .write = write_texts,
                                    .flags = kMultiArgument | kAccumulates});
        registry.add_directive({.name = "x", .words_max = 1, .kept = false});
        registry.add_directive({.name = "y"});
    }

    static Result<Texts> parse_texts(Words words, const ParseContext<Texts>& context) {
        if (words.empty() || (words.size() == 1 && words[0].empty())) return Texts{};
        Texts texts;
        if (context.seen) texts = context.current;
        for (const std::string& word : words) {
            if (word.empty()) return Error("empty");
            texts.push_back(word);
        }
        return texts;
    }

    static std::string print_texts(const Texts& texts) {
        std::string out;
        for (const std::string& text : texts) out += quote(text);
        return out;
    }

    static Texts write_texts(const Texts& texts, const Texts& usual, bool complete) {
        if (texts == usual && !complete) return {};
        if (texts.empty()) return {"\"\""};
        std::string line;
        for (const std::string& text : texts) line += quote(text) + " ";
        // One word with blanks would be taken for several.
        if (texts.size() == 1 && texts[0].find(' ') != std::string::npos) return {};
        return {line};
    }

    std::string values() const {
        std::string out;
        for (const auto& setting : registry.settings()) out += setting->print() + "\n";
        return out;
    }
};

// A single text with blanks cannot be written on one line of a multi-argument setting.
bool can_be_written(const Sample& sample) {
    return sample.s.size() != 1 || sample.s[0].find(' ') == std::string::npos;
}

void check_round_trip(std::string_view text) {
    Sample first;
    if (load_text(first.registry, text)) return;
    if (!can_be_written(first)) return;

    for (const RewriteScope scope : {RewriteScope::Changed, RewriteScope::All}) {
        const std::string written = rewrite_text(first.registry, text, scope);
        Sample second;
        const auto refused = load_text(second.registry, written);
        CHECK(!refused);
        CHECK(first.values() == second.values());
        CHECK(rewrite_text(second.registry, written, scope) == written);
    }
}

}  // namespace
}  // namespace millrace::config

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    // No include may read the files of this machine.
    if (millrace::config::lower_case(text).find("inc") != std::string::npos) return 0;
    millrace::config::check_round_trip(text);
    return 0;
}
