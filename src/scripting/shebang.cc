// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/shebang.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/quote.h"
#include "scripting/registration.h"

namespace millrace::scripting {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const size_t end = std::min(text.find(separator), text.size());
        if (end > 0) parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

Result<uint32_t> parse_flags(std::string_view list) {
    uint32_t flags = 0;
    for (const std::string_view word : split(list, ',')) {
        const auto* found =
            std::ranges::find(kFlagNames, word, [](const FlagName& f) { return f.name; });
        if (found == std::end(kFlagNames)) {
            return Error(fmt::format("ERR Unexpected flag in script shebang: {}", word));
        }
        flags |= found->flag;
    }
    return flags;
}

// The first word is "#!" and the name.
std::string_view engine_of(const std::vector<std::string>& words) {
    return std::string_view(words[0]).substr(2);
}

Status check_engine(std::string_view name) {
    if (name == "lua" || name == "LUA" || name == "Lua") return done();
    return Error(fmt::format("ERR Could not find scripting engine '{}'", name));
}

}  // namespace

Result<Shebang> parse_shebang(std::string_view body) {
    if (!body.starts_with("#!")) return Shebang{.flags = kUnflagged, .code = body};
    const size_t end = body.find('\n');
    if (end == std::string_view::npos) return ErrorText{"ERR Invalid script shebang"};
    const auto words = split_arguments(body.substr(0, end));
    if (!words.ok()) return ErrorText{"ERR Invalid engine in script shebang"};
    Shebang shebang{.code = body.substr(end)};
    for (size_t at = 1; at < words.value().size(); ++at) {
        constexpr std::string_view kFlags = "flags=";
        const std::string_view word = words.value()[at];
        if (!word.starts_with(kFlags)) {
            return Error(fmt::format("ERR Unknown lua shebang option: {}", word));
        }
        shebang.flags |= TRY(parse_flags(word.substr(kFlags.size())));
    }
    TRY(check_engine(engine_of(words.value())));
    return shebang;
}

Result<LibraryShebang> parse_library_shebang(std::string_view body) {
    const size_t end = body.find('\n');
    if (!body.starts_with("#!")) return ErrorText{"ERR Missing library metadata"};
    const auto words = split_arguments(body.substr(0, end));
    if (end == std::string_view::npos || !words.ok()) {
        return ErrorText{"ERR Invalid library metadata"};
    }
    LibraryShebang shebang{.name = {}, .code = body.substr(end)};
    bool named = false;
    for (size_t at = 1; at < words.value().size(); ++at) {
        constexpr std::string_view kName = "name=";
        const std::string_view word = words.value()[at];
        if (!word.starts_with(kName)) {
            return Error(fmt::format("ERR Invalid metadata value given: {}", word));
        }
        if (named) {
            return ErrorText{"ERR Invalid metadata value, name argument was given multiple times"};
        }
        named = true;
        shebang.name = word.substr(kName.size());
    }
    if (!named) return ErrorText{"ERR Library name was not given"};
    const std::string_view engine = engine_of(words.value());
    if (!check_engine(engine).ok()) {
        return Error(fmt::format("ERR Engine '{}' not found", engine));
    }
    return shebang;
}

}  // namespace millrace::scripting
