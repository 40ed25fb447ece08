// SPDX-License-Identifier: BSD-3-Clause
#include "server/settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>

#include "base/numbers.h"
#include "config/checks.h"
#include "server/process_title.h"

namespace millrace::server {
namespace {

using namespace config;  // The kinds and flags of settings.

constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();
constexpr int64_t kHzMin = 1;
constexpr int64_t kHzMax = 500;
constexpr int64_t kWatchdogPeriodMin = 200;
constexpr int64_t kOomScoreLimit = 2000;

constexpr Choice<Supervised> kSupervised[] = {
    {"upstart", Supervised::Upstart},
    {"systemd", Supervised::Systemd},
    {"auto", Supervised::Auto},
    {"no", Supervised::No},
};

constexpr Choice<OomScoreAdj> kOomScoreAdj[] = {
    {"no", OomScoreAdj::No},
    {"yes", OomScoreAdj::Relative},
    {"relative", OomScoreAdj::Relative},
    {"absolute", OomScoreAdj::Absolute},
};

constexpr Choice<uint32_t> kShutdownWords[] = {
    {"default", kShutdownDefault},   {"save", kShutdownSave},   {"nosave", kShutdownNosave},
    {"now", kShutdownNow},           {"force", kShutdownForce}, {"safe", kShutdownSafe},
    {"failover", kShutdownFailover},
};

Status validate_shutdown(const uint32_t& words) {
    if ((words & kShutdownSave) != 0 && (words & kShutdownNosave) != 0) {
        return Error("shutdown options SAVE and NOSAVE can't be used simultaneously");
    }
    return done();
}

Error reason_of(int code) {
    return Error(std::strerror(code), code);
}

std::string working_directory() {
    char path[PATH_MAX];
    return ::getcwd(path, sizeof path) != nullptr ? path : "";
}

// The folder as an absolute path, so that going there twice is harmless.
Result<std::string> parse_directory(Words words, const ParseContext<std::string>&) {
    TRY(not_empty("dir")(words[0]));
    char path[PATH_MAX];
    if (::realpath(words[0].c_str(), path) == nullptr) return reason_of(errno);
    return std::string(path);
}

// Compat: relative paths in later lines of the file start from the new directory.
Status change_directory(const std::string& path) {
    if (::chdir(path.c_str()) != 0) return reason_of(errno);
    return done();
}

CustomOptions<std::string> directory_options() {
    return {.parse = parse_directory,
            .print = [](const std::string& path) { return path; },
            .write = [](const std::string& path, const std::string&,
                        bool) { return std::vector<std::string>{quote(path)}; },
            .apply = change_directory,
            .flags = kProtected | kDenyLoading};
}

std::optional<int64_t> parse_signed_lenient(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const auto magnitude = parse_unsigned_lenient(text);
    if (!magnitude || *magnitude > static_cast<uint64_t>(kIntMax)) return std::nullopt;
    const auto value = static_cast<int64_t>(*magnitude);
    return negative ? -value : value;
}

Result<OomScores> parse_oom_scores(Words words, const ParseContext<OomScores>&) {
    OomScores scores{};
    if (words.size() != scores.size()) return kWrongNumberOfArguments;
    for (size_t i = 0; i < scores.size(); ++i) {
        const auto score = parse_signed_lenient(words[i]);
        if (!score || *score < -kOomScoreLimit || *score > kOomScoreLimit) {
            return Error(
                fmt::format("Invalid oom-score-adj-values, elements must be between {} and {}.",
                            -kOomScoreLimit, kOomScoreLimit));
        }
        scores[i] = *score;
    }
    return scores;
}

std::string print_oom_scores(const OomScores& scores) {
    return fmt::format("{} {} {}", scores[0], scores[1], scores[2]);
}

Status validate_title_template(const std::string& text) {
    // With an empty title, so that a title made of it alone, and thus possibly empty, is refused.
    const TitleValues values{.title = "",
                             .listen_address = "x",
                             .server_mode = "x",
                             .port = "0",
                             .tls_port = "0",
                             .unix_socket = "x",
                             .config_file = "x"};
    const auto title = expand_title(text, values);
    if (title && !title->empty()) return done();
    return Error("template format is invalid or contains unknown variables");
}

Status validate_locale(const std::string& name) {
    const locale_t locale = ::newlocale(LC_COLLATE_MASK, name.c_str(), locale_t{});
    if (locale == locale_t{}) return Error("Invalid locale name");
    ::freelocale(locale);
    return done();
}

void register_process(Registry& registry, Settings& settings) {
    settings.dir = working_directory();
    registry.add_custom("dir", settings.dir, directory_options());
    registry.add_bool("daemonize", settings.daemonize, {.flags = kImmutable});
    registry.add_text("pidfile", settings.pidfile, {.flags = kImmutable | kNullable});
    registry.add_enum("supervised", settings.supervised, kSupervised, {.flags = kImmutable});
    registry.add_bool("set-proc-title", settings.set_proc_title, {.flags = kImmutable});
    registry.add_text("proc-title-template", settings.proc_title_template,
                      {.validate = validate_title_template});
    registry.add_bool("always-show-logo", settings.always_show_logo, {.flags = kImmutable});
    registry.add_text("availability-zone", settings.availability_zone);
    registry.add_text("locale-collate", settings.locale_collate, {.validate = validate_locale});
    registry.add_text("ignore-warnings", settings.ignore_warnings);
    registry.add_text("debug-context", settings.debug_context, {.flags = kHidden});
}

void register_crash(Registry& registry, Settings& settings) {
    registry.add_bool("crash-log-enabled", settings.crash_log_enabled);
    registry.add_bool("crash-memcheck-enabled", settings.crash_memcheck_enabled);
    registry.add_bool("use-exit-on-panic", settings.use_exit_on_panic, {.flags = kHidden});
    registry.add_bool("enable-debug-assert", settings.enable_debug_assert,
                      {.flags = kHidden | kImmutable});
    const auto adjust_period = [](int64_t period) {
        return period == 0 ? period : std::max(period, kWatchdogPeriodMin);
    };
    registry.add_integer("watchdog-period", settings.watchdog_period,
                         {.min = 0, .max = kIntMax, .flags = kHidden, .adjust = adjust_period});
}

void register_scheduling(Registry& registry, Settings& settings) {
    const auto adjust_hz = [](int64_t hz) { return std::clamp(hz, kHzMin, kHzMax); };
    registry.add_integer("hz", settings.hz, {.min = 0, .max = kIntMax, .adjust = adjust_hz});
    registry.add_bool("disable-thp", settings.disable_thp, {.flags = kImmutable});
    registry.add_enum("oom-score-adj", settings.oom_score_adj, kOomScoreAdj);
    registry.add_custom<OomScores>(
        "oom-score-adj-values", settings.oom_score_adj_values,
        {.parse = parse_oom_scores, .print = print_oom_scores, .flags = kMultiArgument});
    registry.add_text("server-cpulist", settings.server_cpulist,
                      {.alias = "server_cpulist", .flags = kImmutable | kNullable});
    registry.add_text("bio-cpulist", settings.bio_cpulist,
                      {.alias = "bio_cpulist", .flags = kImmutable | kNullable});
    registry.add_text("aof-rewrite-cpulist", settings.aof_rewrite_cpulist,
                      {.alias = "aof_rewrite_cpulist", .flags = kImmutable | kNullable});
    registry.add_text("bgsave-cpulist", settings.bgsave_cpulist,
                      {.alias = "bgsave_cpulist", .flags = kImmutable | kNullable});
}

void register_shutdown(Registry& registry, Settings& settings) {
    registry.add_integer("shutdown-timeout", settings.shutdown_timeout, {.min = 0, .max = kIntMax});
    registry.add_flags("shutdown-on-sigint", settings.shutdown_on_sigint, kShutdownWords,
                       {.validate = validate_shutdown});
    registry.add_flags("shutdown-on-sigterm", settings.shutdown_on_sigterm, kShutdownWords,
                       {.validate = validate_shutdown});
}

}  // namespace

void register_settings(Registry& registry, Settings& settings) {
    register_process(registry, settings);
    register_crash(registry, settings);
    register_scheduling(registry, settings);
    register_shutdown(registry, settings);
}

}  // namespace millrace::server
