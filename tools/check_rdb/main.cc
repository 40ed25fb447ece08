// SPDX-License-Identifier: BSD-3-Clause
//
// millrace-check-rdb: whether an RDB file is sound, and what is in it. Called as valkey-check-rdb
// is, it prints what that prints; `--report text` and `--report json` are our own.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "persistence/disk.h"
#include "report.h"
#include "scan.h"
#include "statistics.h"

namespace millrace::check_rdb {
namespace {

enum class ReportForm : uint8_t { None, Text, Json };

struct Options {
    std::string file;
    std::string output;  // Of statistics and report; empty: where everything else goes.
    Format format = Format::Table;
    bool statistics = false;
    ReportForm report = ReportForm::None;
};

constexpr std::string_view kUsage =
    "Usage: millrace-check-rdb <rdb-file-name> [--format table|info|csv] [--stats] "
    "[--output <file>] [--report text|json]\n";

bool parse_word(std::string_view word, std::string_view value, Options& options) {
    if (word == "--format") {
        options.format = value == "info"  ? Format::Info
                         : value == "csv" ? Format::Csv
                                          : Format::Table;
        return value == "info" || value == "csv" || value == "table" || value == "form";
    }
    if (word == "--report") {
        options.report = value == "json" ? ReportForm::Json : ReportForm::Text;
        return value == "json" || value == "text";
    }
    if (word != "--output") return false;
    options.output = value;
    return !value.empty();
}

bool parse(int count, char** words, Options& options) {
    if (count < 2) return false;
    options.file = words[1];
    for (int i = 2; i < count; ++i) {
        const std::string_view word = words[i];
        if (word == "--stats") {
            options.statistics = true;
        } else if (i + 1 == count || !parse_word(word, words[i + 1], options)) {
            return false;
        } else {
            ++i;
        }
    }
    return true;
}

int64_t now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

class Printer final : public Listener {
public:
    explicit Printer(const Options& options)
        : options_(options), now_ms_(now_ms()), statistics_(now_ms_), report_(now_ms_) {}

    void on_note(uint64_t offset, std::string_view text) override {
        fmt::print("[offset {}] {}\n", offset, text);
    }
    void on_key(const Key& key) override {
        ++keys_;
        if (key.expire_at_ms != keyspace::kNoExpiry) ++expiring_;
        if (key.expire_at_ms != keyspace::kNoExpiry && key.expire_at_ms < now_ms_) ++expired_;
        if (options_.statistics) statistics_.add(key);
        if (options_.report != ReportForm::None) report_.add(key);
    }
    void on_function() override {
        ++functions_;
        report_.add_function();
    }

    void print_counts() const {
        fmt::print("[info] {} keys read\n[info] {} expires\n[info] {} already expired\n", keys_,
                   expiring_, expired_);
        fmt::print("[info] {} functions\n", functions_);
    }
    // False: the file for it cannot be written.
    bool print_figures() const {
        std::string text;
        if (options_.statistics) text += statistics_.text(options_.format);
        if (options_.report == ReportForm::Text) text += report_.text();
        if (options_.report == ReportForm::Json) text += report_.json();
        if (options_.output.empty()) {
            fmt::print("{}", text);
            return true;
        }
        std::FILE* file = std::fopen(options_.output.c_str(), "w");
        if (file == nullptr) return false;
        const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
        return std::fclose(file) == 0 && written;
    }

private:
    const Options& options_;
    const int64_t now_ms_;
    Statistics statistics_;
    Report report_;
    uint64_t keys_ = 0;
    uint64_t expiring_ = 0;
    uint64_t expired_ = 0;
    uint64_t functions_ = 0;
};

void print_problem(const Problem& problem) {
    fmt::print("--- RDB ERROR DETECTED ---\n[offset {}] {}\n", problem.offset, problem.what);
    fmt::print("[additional info] While doing: {}\n", problem.doing);
    if (!problem.key.empty()) fmt::print("[additional info] Reading key '{}'\n", problem.key);
    if (problem.type >= 0) fmt::print("[additional info] Reading type {}\n", problem.type);
}

int check(const Options& options) {
    fmt::print("[offset 0] Checking RDB file {}\n", options.file);
    persistence::MappedFile file;
    const Status opened = file.open(options.file);
    if (!opened.ok()) {
        fmt::print("Cannot open the file: {}\n", opened.error().text());
        fmt::print("[offset 0] Check RDB returned error code 1 (0 means success)\n");
        return 1;
    }
    Printer printer(options);
    Scan scan(file.bytes(), printer);
    const bool sound = scan.run();
    if (!sound) {
        print_problem(scan.problem());
        printer.print_counts();
    }
    fmt::print("[offset {}] Check RDB returned error code {} (0 means success)\n", scan.offset(),
               sound ? 0 : 1);
    if (!sound) return 1;
    fmt::print("[offset {}] \\o/ RDB looks OK{}\n", scan.offset(),
               scan.origin() == Origin::Known
                   ? "! \\o/"
                   : ", but loading requires config 'rdb-version-check relaxed'");
    printer.print_counts();
    if (printer.print_figures()) return 0;
    fmt::print("Cannot write {}\n", options.output);
    return 1;
}

}  // namespace
}  // namespace millrace::check_rdb

int main(int count, char** words) {
    millrace::check_rdb::Options options;
    if (!millrace::check_rdb::parse(count, words, options)) {
        std::fputs(millrace::check_rdb::kUsage.data(), stderr);
        return 1;
    }
    return millrace::check_rdb::check(options);
}
