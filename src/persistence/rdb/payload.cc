// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/rdb/payload.h"

#include "base/bytes.h"
#include "base/crc64.h"
#include "persistence/rdb/dataset_reader.h"
#include "persistence/rdb/value_writer.h"

namespace millrace::persistence::rdb {
namespace {

constexpr ErrorText kBadFooter{"ERR DUMP payload version or checksum are wrong"};
constexpr ErrorText kBadData{"ERR Bad data format"};

}  // namespace

void write_payload(ByteSink& sink, const keyspace::Entry& entry, bool compress) {
    Writer writer(sink, {.compress = compress});
    writer.type(type_of(entry));
    write_value(writer, entry);
    char version[2];
    store_little_endian<uint16_t>(version, kVersion);
    writer.raw({version, sizeof version});
    (void)writer.flush();
    writer.little_endian(writer.checksum());
    (void)writer.flush();
}

Result<std::string_view> open_payload(std::string_view payload, const PayloadRules& rules) {
    if (payload.size() < kFooterBytes) return kBadFooter;
    const std::string_view summed = payload.substr(0, payload.size() - kChecksumBytes);
    ByteReader footer(payload.substr(payload.size() - kFooterBytes));
    const int version = footer.read_little_endian<uint16_t>();
    const uint64_t checksum = footer.read_little_endian<uint64_t>();
    if (!is_known_version(version, rules.is_relaxed)) return kBadFooter;
    if (rules.verify_checksum && crc64(0, summed) != checksum) return kBadFooter;
    return payload.substr(0, payload.size() - kFooterBytes);
}

// Compat: what stands behind the value does not matter.
Result<Value> read_payload(std::string_view body, const ReadRules& rules, Scratch& scratch) {
    Cursor cursor(body);
    const uint8_t type = cursor.byte();
    if (cursor.failed() || !is_value_type(type)) return kBadData;
    auto value = read_value(cursor, type, rules, scratch);
    if (!value.ok() || value->is_empty) return kBadData;
    return value;
}

}  // namespace millrace::persistence::rdb
