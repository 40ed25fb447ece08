// SPDX-License-Identifier: BSD-3-Clause
#include "preamble.h"

#include <fmt/format.h>

#include "base/crc64.h"
#include "base/numbers.h"
#include "keyspace/settings.h"
#include "persistence/rdb/cursor.h"
#include "persistence/rdb/dataset_reader.h"
#include "persistence/rdb/value_reader.h"

namespace millrace::check_aof {
namespace {

namespace rdb = persistence::rdb;

class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes), in_(bytes) {}

    Result<size_t> run();

private:
    Status read_header();
    Status read_section(uint8_t code);
    Status read_end();
    Error wrong(std::string_view what) const {
        return Error(fmt::format("--- RDB ERROR DETECTED --- [offset {}] {}", in_.offset(), what));
    }

    std::string_view bytes_;
    rdb::Cursor in_;
    rdb::Scratch key_;
    rdb::Scratch value_;
    const SipKey seed_;
    int64_t version_ = 0;
    bool is_old_magic_ = false;
};

Status Reader::read_header() {
    const std::string_view header = in_.raw(rdb::kHeaderBytes);
    if (in_.failed()) return wrong("the header is cut off");
    is_old_magic_ = header.starts_with(rdb::kOldMagic);
    const size_t magic_bytes = is_old_magic_ ? rdb::kOldMagic.size() : rdb::kMagic.size();
    std::string_view digits = header.substr(magic_bytes);
    while (digits.size() > 1 && digits[0] == '0') digits.remove_prefix(1);
    const auto version = parse_integer(digits);
    if (!version || !rdb::is_known_version(static_cast<int>(*version), true)) {
        return wrong("unknown version");
    }
    version_ = *version;
    return done();
}

Status Reader::read_section(uint8_t code) {
    using rdb::Opcode;
    switch (static_cast<Opcode>(code)) {
        case Opcode::ExpireMilliseconds:
            (void)in_.little_endian_64();
            return done();
        case Opcode::ExpireSeconds:
            (void)in_.little_endian_32();
            return done();
        case Opcode::Frequency:
            (void)in_.byte();
            return done();
        case Opcode::Idle:
        case Opcode::SelectDatabase:
            (void)in_.length();
            return done();
        case Opcode::ResizeDatabase:
            (void)in_.length();
            (void)in_.length();
            return done();
        case Opcode::SlotInfo:
            for (int i = 0; i < 3; ++i) (void)in_.length();
            return done();
        case Opcode::Aux:
            (void)in_.string(key_);
            (void)in_.string(value_);
            return done();
        case Opcode::Function:
            (void)in_.string(value_);
            return done();
        default:
            return wrong(fmt::format("unknown type {}", code));
    }
}

Status Reader::read_end() {
    if (version_ < rdb::kVersionChecksummed) return done();
    const size_t summed = in_.offset();
    const uint64_t expected = in_.little_endian_64();
    if (in_.failed()) return wrong("the checksum is cut off");
    if (expected == 0 || expected == crc64(0, bytes_.substr(0, summed))) return done();
    return wrong("RDB CRC error");
}

Result<size_t> Reader::run() {
    TRY(read_header());
    const rdb::ReadRules rules{.growth = {keyspace::kDefaultEncodings, seed_}};
    for (;;) {
        const uint8_t code = in_.byte();
        if (in_.failed()) return wrong("the file is cut off");
        if (code == static_cast<uint8_t>(rdb::Opcode::End)) {
            TRY(read_end());
            return in_.offset();
        }
        if (rdb::is_value_type(code, is_old_magic_)) {
            (void)in_.string(key_);
            if (in_.failed()) return wrong("a key is damaged");
            const auto value = rdb::read_value(in_, code, rules, value_);
            if (!value.ok()) return wrong(value.error().text());
        } else {
            TRY(read_section(code));
        }
        if (in_.failed()) return wrong(in_.what());
    }
}

}  // namespace

Result<size_t> preamble_bytes(std::string_view bytes) {
    return Reader(bytes).run();
}

}  // namespace millrace::check_aof
