// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/rdb/dataset_reader.h"

#include <fmt/format.h>

#include <utility>

#include "base/crc64.h"
#include "base/log.h"
#include "base/numbers.h"

namespace millrace::persistence::rdb {

using keyspace::Entry;
using keyspace::ExpiryRoom;
using keyspace::kNoExpiry;

namespace {

constexpr size_t kProgressEvery = 1024;
constexpr uint64_t kEmptyNamed = 10;
// Smaller files are not worth a thread.
constexpr size_t kSummedBesideFrom = size_t{4} << 20;

bool has_expiring_fields(uint8_t type) {
    return type == static_cast<uint8_t>(Type::HashWithExpiries) ||
           type == static_cast<uint8_t>(Type::RedisHashWithExpiries) ||
           type == static_cast<uint8_t>(Type::RedisHashListpackWithExpiries);
}

bool is_foreign(int version) {
    return version >= kVersionForeignFirst && version <= kVersionForeignLast;
}

}  // namespace

bool is_known_version(int version, bool is_relaxed) {
    return version >= 1 && (is_relaxed || (version <= kVersion && !is_foreign(version)));
}

ReadRules DatasetReader::rules() const {
    return {.growth = {keyspace_.encodings(), keyspace_.seed()},
            .drop_fields_due_at_ms = options_.drops_expired ? keyspace_.now_ms() : kNoExpiry};
}

Status DatasetReader::damaged() const {
    return damaged(in_.failed() ? in_.what() : "bad data");
}

Status DatasetReader::damaged(std::string_view what) const {
    return Error(fmt::format("Internal error in RDB reading offset {}: {}", in_.offset(), what),
                 kDamaged);
}

Status DatasetReader::check_header() {
    std::string_view magic = in_.raw(kHeaderBytes);
    if (in_.failed())
        return Error("Short read or OOM loading DB. Unrecoverable error, aborting now.");
    is_old_magic_ = magic.starts_with(kOldMagic);
    const std::string_view digits = magic.substr(is_old_magic_ ? kOldMagic.size() : kMagic.size());
    std::optional<int64_t> version;
    if (is_old_magic_ || magic.starts_with(kMagic)) {
        const size_t zeros = std::min(digits.find_first_not_of('0'), digits.size() - 1);
        version = parse_integer(digits.substr(zeros));
    }
    if (!version)
        return Error(fmt::format("Wrong signature trying to load DB from file: {}", magic));
    version_ = static_cast<int>(*version);
    const bool fits_magic = is_old_magic_ == (version_ <= kVersionForeignLast);
    if (fits_magic && is_known_version(version_, options_.is_relaxed)) return done();
    return Error(fmt::format("Can't handle RDB format version {}", version_));
}

void DatasetReader::read_fact() {
    const std::string name(in_.string(key_scratch_));
    const std::string value(in_.string(value_scratch_));
    if (in_.failed()) return;
    const auto number = parse_integer(value);
    if (name == "valkey-ver") {
        log_notice("Loading RDB produced by Valkey version {}", value);
    } else if (name == "redis-ver") {
        log_notice("Loading RDB produced by Redis version {}", value);
    } else if (name == "ctime" && number) {
        log_notice("RDB age {} seconds", std::max<int64_t>(keyspace_.now_ms() / 1000 - *number, 0));
    } else if (name == "used-mem" && number) {
        log_notice("RDB memory usage when created {:.2f} Mb",
                   static_cast<double>(*number) / (1024 * 1024));
    } else if (name == "aof-base" && number == 1) {
        counts_.is_aof_base = true;
        log_notice("RDB is base AOF");
    }
}

Status DatasetReader::select_database() {
    const uint64_t number = in_.length();
    if (in_.failed()) return damaged();
    if (number >= static_cast<uint64_t>(keyspace_.database_count())) {
        return Error(fmt::format(
            "FATAL: Data file was created with a Valkey server configured to handle more than {} "
            "databases. Exiting",
            keyspace_.database_count()));
    }
    db_ = static_cast<int>(number);
    return done();
}

Status DatasetReader::read_library() {
    const std::string_view code = in_.string(value_scratch_);
    if (in_.failed()) return damaged();
    if (options_.libraries == nullptr) {
        return Error("The RDB file holds functions, which cannot be loaded");
    }
    const Status loaded = options_.libraries->load(code, options_.replaces);
    if (loaded.ok()) return done();
    return Error(fmt::format("Failed loading a library of functions: {}", loaded.error().text()));
}

// What stands between keys.
Status DatasetReader::read_section(uint8_t code) {
    if (is_old_magic_ && code >= kForeignCodeFirst && code <= kForeignCodeLast) {
        return Error(fmt::format("Can't handle foreign type or opcode {} in RDB with version {}",
                                 code, version_));
    }
    switch (static_cast<Opcode>(code)) {
        case Opcode::Aux:
            read_fact();
            break;
        case Opcode::SelectDatabase:
            return select_database();
        case Opcode::ResizeDatabase:
            (void)in_.length();
            (void)in_.length();
            break;
        case Opcode::SlotInfo:
            for (int i = 0; i < 3; ++i) (void)in_.length();
            break;
        case Opcode::Function:
            return read_library();
        case Opcode::FunctionOld:
            return Error("Pre-release function format not supported.");
        case Opcode::ModuleAux:
            return Error("The RDB file holds data of a module, which cannot be loaded");
        case Opcode::SlotImport:
            return Error("The RDB file holds a slot import, which cannot be loaded");
        default:
            return Error(
                "Unknown type or opcode when loading DB. Unrecoverable error, aborting now.");
    }
    return in_.failed() ? damaged() : done();
}

bool DatasetReader::read_prefix(uint8_t code, Prefix& prefix) {
    switch (static_cast<Opcode>(code)) {
        case Opcode::ExpireMilliseconds:
            prefix.expire_at_ms = static_cast<int64_t>(in_.little_endian_64());
            break;
        case Opcode::ExpireSeconds:
            prefix.expire_at_ms = static_cast<int32_t>(in_.little_endian_32()) * int64_t{1000};
            break;
        case Opcode::Idle:
            prefix.idle_seconds = static_cast<int64_t>(in_.length() & INT64_MAX);
            break;
        case Opcode::Frequency:
            prefix.frequency = in_.byte();
            break;
        default:
            return false;
    }
    return true;
}

void DatasetReader::mark_use(Entry& entry, const Prefix& prefix) {
    const keyspace::AccessClock& clock = keyspace_.access_clock();
    entry.set_access(clock.fresh());
    if (options_.use_marks == UseMarks::Frequency && prefix.frequency >= 0) {
        entry.set_access(clock.word_for_frequency(static_cast<uint8_t>(prefix.frequency)));
    } else if (options_.use_marks == UseMarks::Idle && prefix.idle_seconds >= 0) {
        entry.set_access(clock.word_for_idle(prefix.idle_seconds));
    }
}

void DatasetReader::build(std::string_view key, Value value, const Prefix& prefix) {
    keyspace::EntryBuilder& builder = keyspace_.builder();
    const bool expires = prefix.expire_at_ms != kNoExpiry;
    const ExpiryRoom room = expires ? ExpiryRoom::Yes : ExpiryRoom::No;
    Entry* entry = value.collection != nullptr
                       ? builder.collection(key, std::move(value.collection), room)
                       : builder.string(key, value.text, room);
    if (expires) entry->set_expire_at_ms(prefix.expire_at_ms);
    mark_use(*entry, prefix);
    const uint64_t hash = keyspace_.hash(key);
    keyspace_.database(db_).prefetch_bucket(hash);
    unlinked_[unlinked_count_++] = {entry, hash, db_};
}

Status DatasetReader::link(const Unlinked& unlinked) {
    keyspace::Database& database = keyspace_.database(unlinked.db);
    const auto position = database.find(unlinked.entry->key(), unlinked.hash);
    if (!position) {
        database.insert(unlinked.entry, unlinked.hash);
    } else if (options_.replaces) {
        keyspace_.before_change(database, position);
        Entry* old = position.element();
        database.replace(position, unlinked.entry, unlinked.hash);
        keyspace_.retire(old);
    } else {
        keyspace_.retire(unlinked.entry);
        return Error(fmt::format("RDB has duplicated key in DB {}", unlinked.db));
    }
    ++counts_.loaded;
    return done();
}

Status DatasetReader::link_all() {
    const size_t count = std::exchange(unlinked_count_, 0);
    Status first = done();
    for (size_t i = 0; i < count; ++i) {
        Status linked = link(unlinked_[i]);
        if (first.ok()) first = std::move(linked);
    }
    return first;
}

Status DatasetReader::load_key(uint8_t type, const Prefix& prefix) {
    const std::string_view key = in_.string(key_scratch_);
    if (in_.failed()) return damaged();
    auto value = read_value(in_, type, rules(), value_scratch_);
    if (!value.ok()) return damaged(value.error().text());
    delay_key(options_.key_delay_us, counts_.loaded + unlinked_count_ + 1);
    if (options_.drops_expired && prefix.expire_at_ms != kNoExpiry &&
        prefix.expire_at_ms < keyspace_.now_ms()) {
        ++counts_.expired;
        return done();
    }
    if (!value->is_empty) {
        build(key, std::move(value).value(), prefix);
        return unlinked_count_ == kUnlinkedMax ? link_all() : done();
    }
    if (has_expiring_fields(type)) {
        ++counts_.hashes_expired;
        return done();
    }
    // Compat: the first few are named.
    if (++counts_.empty <= kEmptyNamed) log_notice("Loading: skipping empty key: {}", key);
    return done();
}

uint64_t DatasetReader::sum_up_to(size_t end) {
    // What follows the end may be the rest of an AOF.
    if (!checksum_ || end + kChecksumBytes != bytes_.size()) return crc64(0, bytes_.substr(0, end));
    return checksum_->take();
}

Status DatasetReader::check_end() {
    if (version_ < kVersionChecksummed) return done();
    const size_t summed = in_.offset();
    const uint64_t expected = in_.little_endian_64();
    if (in_.failed()) return damaged();
    if (!options_.verify_checksum) return done();
    if (expected == 0) {
        log_notice("RDB file was saved with checksum disabled: no check performed.");
        return done();
    }
    const uint64_t actual = sum_up_to(summed);
    if (actual == expected) return done();
    return Error(fmt::format(
        "RDB CRC error: Wrong RDB checksum expected: ({:x}) but got ({:x}). Aborting now.",
        expected, actual));
}

Status DatasetReader::load() {
    const bool sums = options_.verify_checksum && version_ >= kVersionChecksummed &&
                      bytes_.size() >= kSummedBesideFrom;
    if (sums) checksum_.emplace(bytes_.substr(0, bytes_.size() - kChecksumBytes));
    Status loaded = load_all();
    Status linked = link_all();
    return loaded.ok() ? std::move(linked) : std::move(loaded);
}

Status DatasetReader::load_all() {
    for (;;) {
        Prefix prefix;
        uint8_t code = in_.byte();
        while (!in_.failed() && read_prefix(code, prefix)) code = in_.byte();
        if (in_.failed()) {
            return Error("Short read or OOM loading DB. Unrecoverable error, aborting now.");
        }
        if (code == static_cast<uint8_t>(Opcode::End)) return check_end();
        if (in_.offset() >= next_progress_ && options_.on_progress) [[unlikely]] {
            next_progress_ = in_.offset() + kProgressEvery;
            options_.on_progress(in_.offset());
        }
        if (is_value_type(code, is_old_magic_)) {
            TRY(load_key(code, prefix));
        } else {
            TRY(read_section(code));
        }
    }
}

}  // namespace millrace::persistence::rdb
