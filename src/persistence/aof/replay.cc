// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/aof/replay.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crc64.h"
#include "base/log.h"
#include "base/numbers.h"
#include "engine/transaction.h"

namespace millrace::persistence::aof {

using engine::Request;

namespace {

constexpr std::string_view kAdvice =
    "make a backup of your AOF file, then use millrace-check-aof --fix <filename.manifest>";

}  // namespace

bool has_preamble(std::string_view bytes) {
    return bytes.starts_with("REDIS") || bytes.starts_with("VALKEY");
}

Error Replay::bad_format() const {
    return Error(fmt::format("Bad file format reading the append only file at offset {}: {}; {}",
                             reader_.where(), reader_.what(), kAdvice));
}

// "#CRC:<bytes>:<sum>" covers that many bytes in front of it.
Status Replay::check_sum(std::string_view annotation) {
    constexpr std::string_view kName = "#CRC:";
    if (!annotation.starts_with(kName)) return done();
    const std::string_view rest = annotation.substr(kName.size());
    const size_t colon = rest.find(':');
    const auto count = parse_integer(rest.substr(0, colon));
    const bool fits = colon != std::string_view::npos && count && *count >= 0 &&
                      static_cast<uint64_t>(*count) <= reader_.began();
    if (fits) {
        const auto bytes = static_cast<size_t>(*count);
        const uint64_t sum = crc64(0, bytes_.substr(reader_.began() - bytes, bytes));
        has_sums_ = true;
        // A length that is damaged may have swallowed the lines that would have told.
        const size_t covered = reader_.began() - bytes;
        const size_t behind = std::min(summed_, covered);
        const bool swallowed =
            bytes_.substr(behind, covered - behind).find("\n#CRC:") != std::string_view::npos;
        summed_ = reader_.began();
        if (!swallowed && fmt::format("{:016x}", sum) == rest.substr(colon + 1)) return done();
    }
    return Error(fmt::format("Wrong checksum reading the append only file before offset {}; {}",
                             reader_.began(), kAdvice));
}

Status Replay::run_command() {
    const auto words = reader_.words();
    Request request;
    request.command = engine_.commands().resolve(words);
    request.words = words.data();
    request.word_count = static_cast<uint32_t>(words.size());
    request.client = session_.slot();
    if (request.command == nullptr) {
        return Error(fmt::format("Unknown command reading the append only file: unknown command "
                                 "'{}'",
                                 words[0].substr(0, 128)));
    }
    const engine::Command& command = *request.command;
    if (!command.spec().subcommands.empty() && words.size() > 1) {
        return Error(fmt::format("Unknown command reading the append only file: unknown "
                                 "subcommand '{}'",
                                 words[1].substr(0, 128)));
    }
    if (!command.arity_matches(words.size())) {
        return Error(fmt::format("Error reading the append only file: wrong number of arguments "
                                 "for '{}' command",
                                 command.full_name()));
    }
    const auto key_at = static_cast<size_t>(command.first_key());
    if (key_at > 0 && key_at < words.size()) {
        request.key_hash = engine_.keyspace().hash(words[key_at]);
    }
    engine_.keyspace().set_now_ms(0);
    engine_.execute(session_, request, replies_);
    replies_.clear();
    return done();
}

Result<Replay::End> Replay::run(const std::string& name, std::string_view bytes) {
    bytes_ = bytes;
    sound_ = 0;
    has_sums_ = false;
    summed_ = 0;
    size_t begin = 0;
    session_.database = 0;
    if (has_preamble(bytes)) {
        log_notice("Reading RDB base file on AOF loading...");
        auto length = preamble_(bytes, progress_);
        if (!length.ok()) {
            return Error(fmt::format("Error reading the RDB preamble of the AOF file {}, AOF "
                                     "loading aborted: {}",
                                     name, length.error().text()));
        }
        begin = *length;
        if (begin < bytes.size()) log_notice("Reading the remaining AOF tail...");
    }
    sound_ = begin;
    summed_ = begin;
    reader_ = CommandReader(bytes);
    reader_.skip(begin);
    for (;;) {
        switch (reader_.next()) {
            case CommandReader::Outcome::Command:
                TRY(run_command());
                break;
            case CommandReader::Outcome::Annotation:
                TRY(check_sum(reader_.text()));
                break;
            case CommandReader::Outcome::End:
                if (session_.is(engine::kInMulti)) return end_cut_off(name);
                return End::Whole;
            case CommandReader::Outcome::CutOff:
                return end_cut_off(name);
            case CommandReader::Outcome::Bad:
                if (!reader_.ends_in_zeros()) return bad_format();
                log_warning("The AOF file {} ends in zeros from offset {} on, as after a power cut",
                            name, reader_.where());
                return end_cut_off(name);
        }
        if (!session_.is(engine::kInMulti)) sound_ = reader_.offset();
        progress_.at(reader_.offset());
    }
}

// A checksum ends a write. Where a whole one follows, what stands before it did not get lost while
// it was written: it is damaged.
bool Replay::is_complete_behind(size_t offset) const {
    constexpr std::string_view kLine = "\r\n#CRC:";
    const size_t line = bytes_.find(kLine, offset);
    return line != std::string_view::npos &&
           bytes_.find("\r\n", line + kLine.size()) != std::string_view::npos;
}

Result<Replay::End> Replay::end_cut_off(const std::string& name) {
    if (has_sums_ && is_complete_behind(reader_.offset())) return bad_format();
    if (session_.is(engine::kInMulti)) {
        log_warning("Revert incomplete MULTI/EXEC transaction in AOF file {}", name);
        engine::end_transaction(session_);
    }
    return End::CutOff;
}

}  // namespace millrace::persistence::aof
