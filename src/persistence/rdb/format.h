// SPDX-License-Identifier: BSD-3-Clause
//
// The numbers of the RDB format.
//
// Threads: constants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::persistence::rdb {

// What is written. Older ones up to 11 carry the magic of Redis; 12 to 79 are those of others.
inline constexpr int kVersion = 80;
inline constexpr int kVersionForeignFirst = 12;
inline constexpr int kVersionForeignLast = 79;
inline constexpr int kVersionChecksummed = 5;
inline constexpr std::string_view kMagic = "VALKEY";
inline constexpr std::string_view kOldMagic = "REDIS";
inline constexpr size_t kHeaderBytes = 9;  // Magic and version.
// DUMP: the version and the checksum behind the value.
inline constexpr size_t kFooterBytes = 10;
inline constexpr size_t kChecksumBytes = 8;

enum class Type : uint8_t {
    String = 0,
    List = 1,
    Set = 2,
    SortedSetText = 3,
    Hash = 4,
    SortedSet = 5,
    HashZipmap = 9,
    ListZiplist = 10,
    SetIntset = 11,
    SortedSetZiplist = 12,
    HashZiplist = 13,
    ListZiplists = 14,
    Stream1 = 15,
    HashListpack = 16,
    SortedSetListpack = 17,
    ListListpacks = 18,
    Stream2 = 19,
    SetListpack = 20,
    Stream3 = 21,
    HashWithExpiries = 22,
    // Those of Redis 7.4 and later, in files with the old magic.
    RedisHashWithExpiries = 24,
    RedisHashListpackWithExpiries = 25,
};

enum class Opcode : uint8_t {
    SlotImport = 243,
    SlotInfo = 244,
    Function = 245,
    FunctionOld = 246,
    ModuleAux = 247,
    Idle = 248,
    Frequency = 249,
    Aux = 250,
    ResizeDatabase = 251,
    ExpireMilliseconds = 252,
    ExpireSeconds = 253,
    SelectDatabase = 254,
    End = 255,
};
// From the type or opcode first to the last of these a file with the old magic has none.
inline constexpr uint8_t kForeignCodeFirst = 22;
inline constexpr uint8_t kForeignCodeLast = 243;

// How the blocks of a list stand in ListListpacks.
inline constexpr uint64_t kBlockPlain = 1;
inline constexpr uint64_t kBlockPacked = 2;

// The first byte of a length: two bits of form, or a whole byte for the long ones.
inline constexpr uint8_t kLength14 = 0x40;
inline constexpr uint8_t kLength32 = 0x80;
inline constexpr uint8_t kLength64 = 0x81;
inline constexpr uint8_t kEncoded = 0xc0;

// Strings that are not their bytes.
inline constexpr uint8_t kEncodedInt8 = 0;
inline constexpr uint8_t kEncodedInt16 = 1;
inline constexpr uint8_t kEncodedInt32 = 2;
inline constexpr uint8_t kEncodedLzf = 3;

// Shorter strings are not worth a try.
inline constexpr size_t kCompressedFrom = 21;
inline constexpr size_t kCompressionGainMin = 4;
// No longer text is an integer that has an encoding.
inline constexpr size_t kEncodedDigitsMax = 11;

}  // namespace millrace::persistence::rdb
