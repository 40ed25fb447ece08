// SPDX-License-Identifier: BSD-3-Clause
#include "scan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crc64.h"
#include "base/numbers.h"
#include "keyspace/collection.h"
#include "persistence/rdb/dataset_reader.h"
#include "values/hash.h"
#include "values/list.h"
#include "values/set.h"
#include "values/sorted_set.h"
#include "values/stream.h"

namespace millrace::check_rdb {

using keyspace::ValueType;
using persistence::rdb::Opcode;

namespace {

constexpr SipKey kSeed{.low = 1, .high = 2};

ValueType type_of(const persistence::rdb::Value& value) {
    return value.collection == nullptr ? ValueType::String : value.collection->type();
}

}  // namespace

bool Scan::fail(std::string what) {
    if (what.empty()) {
        const std::string_view said = in_.what();
        what = said == "cut off" ? "Unexpected EOF reading RDB file" : std::string(said);
    }
    problem_ = {.offset = in_.offset(),
                .what = std::move(what),
                .doing = std::string(doing_),
                .key = key_,
                .type = type_};
    return false;
}

bool Scan::run() {
    if (!read_header()) return false;
    for (bool ended = false; !ended;) {
        if (!read_next(ended)) return false;
    }
    return true;
}

bool Scan::read_header() {
    namespace rdb = persistence::rdb;
    const std::string_view magic = in_.raw(rdb::kHeaderBytes);
    if (in_.failed()) return fail({});
    old_magic_ = magic.starts_with(rdb::kOldMagic);
    if (!old_magic_ && !magic.starts_with(rdb::kMagic))
        return fail("Wrong signature trying to load DB from file");
    const std::string_view digits =
        magic.substr(old_magic_ ? rdb::kOldMagic.size() : rdb::kMagic.size());
    const size_t zeros = std::min(digits.find_first_not_of('0'), digits.size() - 1);
    const auto version = parse_integer(digits.substr(zeros));
    version_ = static_cast<int>(version.value_or(0));
    const bool fits_magic = old_magic_ == (version_ <= rdb::kVersionForeignLast);
    if (!version || version_ < 1 || !fits_magic)
        return fail(fmt::format("Unknown RDB format version: {}", digits));
    if (rdb::is_known_version(version_, false)) return true;
    origin_ = version_ > rdb::kVersion ? Origin::Future : Origin::Foreign;
    listener_.on_note(in_.offset(),
                      fmt::format("{} RDB version {} detected",
                                  origin_ == Origin::Future ? "Future" : "Foreign", version_));
    return true;
}

bool Scan::is_known(uint8_t code) const {
    namespace rdb = persistence::rdb;
    if (rdb::is_value_type(code, old_magic_)) return true;
    if (old_magic_ && code >= rdb::kForeignCodeFirst && code <= rdb::kForeignCodeLast) return false;
    return rdb::is_value_type(code) || code >= static_cast<uint8_t>(Opcode::SlotImport);
}

bool Scan::read_next(bool& ended) {
    Prefix prefix;
    type_ = -1;
    key_.clear();
    for (;;) {
        doing_ = "read-type";
        const uint8_t code = in_.byte();
        if (in_.failed()) return fail({});
        if (!is_known(code)) {
            const std::string_view whose = origin_ == Origin::Future    ? " with future version"
                                           : origin_ == Origin::Foreign ? " with foreign version"
                                                                        : "";
            return whose.empty() ? fail(fmt::format("Invalid object type: {}", code))
                                 : fail(fmt::format("Unknown object type {} in RDB file{} {}", code,
                                                    whose, version_));
        }
        switch (static_cast<Opcode>(code)) {
            case Opcode::ExpireMilliseconds:
                doing_ = "read-expire";
                prefix.expire_at_ms = static_cast<int64_t>(in_.little_endian_64());
                break;
            case Opcode::ExpireSeconds:
                doing_ = "read-expire";
                prefix.expire_at_ms = static_cast<int32_t>(in_.little_endian_32()) * int64_t{1000};
                break;
            case Opcode::Idle:
                (void)in_.length();
                break;
            case Opcode::Frequency:
                (void)in_.byte();
                break;
            case Opcode::End:
                ended = true;
                return read_end();
            default:
                return persistence::rdb::is_value_type(code, old_magic_) ? read_key(code, prefix)
                                                                         : read_section(code);
        }
        if (in_.failed()) return fail({});
    }
}

bool Scan::read_fact() {
    doing_ = "read-aux";
    const std::string name(in_.string(name_));
    const std::string_view value = in_.string(text_);
    if (in_.failed()) return fail({});
    listener_.on_note(in_.offset(), fmt::format("AUX FIELD {} = '{}'", name, value));
    return true;
}

bool Scan::read_section(uint8_t code) {
    switch (static_cast<Opcode>(code)) {
        case Opcode::Aux:
            return read_fact();
        case Opcode::SelectDatabase:
            doing_ = "read-len";
            db_ = static_cast<int>(std::min<uint64_t>(in_.length(), INT32_MAX));
            if (in_.failed()) return fail({});
            listener_.on_note(in_.offset(), fmt::format("Selecting DB ID {}", db_));
            return true;
        case Opcode::ResizeDatabase:
            doing_ = "read-len";
            (void)in_.length();
            (void)in_.length();
            return go_on();
        case Opcode::SlotInfo:
            doing_ = "read-len";
            for (int i = 0; i < 3; ++i) (void)in_.length();
            return go_on();
        case Opcode::Function:
            doing_ = "read-function";
            (void)in_.string(text_);
            if (!in_.failed()) listener_.on_function();
            return go_on();
        case Opcode::FunctionOld:
            return fail("Pre-release function format not supported.");
        case Opcode::ModuleAux:
            return fail("Data of a module, which this program cannot read");
        case Opcode::SlotImport:
            return fail("A slot import, which this program cannot read");
        default:
            return fail(fmt::format("Invalid object type: {}", code));
    }
}

bool Scan::read_key(uint8_t type, const Prefix& prefix) {
    type_ = type;
    doing_ = "read-key";
    const uint64_t begin = in_.offset();
    key_ = in_.string(name_);
    if (in_.failed()) return fail({});
    doing_ = "read-object-value";
    const auto value = persistence::rdb::read_value(
        in_, type, {.growth = {keyspace::kDefaultEncodings, kSeed}}, text_);
    if (!value.ok()) return fail({});
    measure(*value);
    listener_.on_key({.db = db_,
                      .name = key_,
                      .type = type_of(*value),
                      .file_bytes = in_.offset() - begin,
                      .expire_at_ms = prefix.expire_at_ms,
                      .elements = elements_});
    return true;
}

void Scan::measure(const persistence::rdb::Value& value) {
    elements_.clear();
    switch (type_of(value)) {
        case ValueType::String:
            elements_.push_back(value.text.size());
            return;
        case ValueType::List: {
            const auto& list = static_cast<const values::List&>(*value.collection);
            values::ListRoom room;
            uint64_t left = list.size();
            for (auto at = list.first(); left > 0; at = list.next(at, room), --left) {
                elements_.push_back(list.view(at, room).size());
            }
            return;
        }
        case ValueType::Set:
            static_cast<const values::Set&>(*value.collection)
                .for_each([this](std::string_view member) { elements_.push_back(member.size()); });
            return;
        case ValueType::SortedSet: {
            const auto& set = static_cast<const values::SortedSet&>(*value.collection);
            for (auto at = set.first(); at; at.next()) {
                char score[kDoubleCharsMax];
                elements_.push_back(at.member().size() + format_double(score, at.score()));
            }
            return;
        }
        case ValueType::Hash:
            static_cast<const values::Hash&>(*value.collection)
                .for_each(values::Hash::kAnyTime,
                          [this](std::string_view field, std::string_view text) {
                              elements_.push_back(field.size() + text.size());
                          });
            return;
        case ValueType::Stream: {
            const auto& stream = static_cast<const values::Stream&>(*value.collection);
            stream.for_each_block(
                [this](const values::StreamId&, const values::Stream::Pack& pack) {
                    elements_.push_back(pack.bytes());
                });
            return;
        }
    }
}

bool Scan::read_end() {
    if (version_ < persistence::rdb::kVersionChecksummed) return true;
    doing_ = "check-sum";
    const uint64_t summed = in_.offset();
    const uint64_t expected = in_.little_endian_64();
    if (in_.failed()) return fail({});
    if (expected == 0) {
        listener_.on_note(in_.offset(),
                          "RDB file was saved with checksum disabled: no check performed.");
        return true;
    }
    if (crc64(0, file_.substr(0, summed)) != expected) return fail("RDB CRC error");
    listener_.on_note(in_.offset(), "Checksum OK");
    return true;
}

}  // namespace millrace::check_rdb
