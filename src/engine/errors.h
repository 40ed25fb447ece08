// SPDX-License-Identifier: BSD-3-Clause
//
// What clients see when something is wrong, byte for byte as Valkey sends it (without the leading
// '-').
//
// An error that only one command can give stands beside that command.
//
// Threads: constants, read anywhere.
#pragma once

#include "base/result.h"

namespace millrace::engine::errors {

inline constexpr ErrorText kSyntax{"ERR syntax error"};
inline constexpr ErrorText kWrongType{
    "WRONGTYPE Operation against a key holding the wrong kind of value"};
inline constexpr ErrorText kNotInteger{"ERR value is not an integer or out of range"};
inline constexpr ErrorText kNotFloat{"ERR value is not a valid float"};
inline constexpr ErrorText kOutOfRange{"ERR value is out of range"};
inline constexpr ErrorText kNotPositive{"ERR value is out of range, must be positive"};
inline constexpr ErrorText kNoSuchKey{"ERR no such key"};
inline constexpr ErrorText kSameObject{"ERR source and destination objects are the same"};
inline constexpr ErrorText kIndexOutOfRange{"ERR index out of range"};
inline constexpr ErrorText kNoAuth{"NOAUTH Authentication required."};
inline constexpr ErrorText kInvalidDatabase{"ERR invalid DB index"};
inline constexpr ErrorText kDatabaseOutOfRange{"ERR DB index is out of range"};
inline constexpr ErrorText kCounterOverflow{"ERR increment or decrement would overflow"};
inline constexpr ErrorText kDecrementOverflow{"ERR decrement would overflow"};
inline constexpr ErrorText kLoading{"LOADING Valkey is loading the dataset in memory"};
inline constexpr ErrorText kOutOfMemory{"OOM command not allowed when used memory > 'maxmemory'."};

inline constexpr ErrorText kBusy{
    "BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."};
inline constexpr ErrorText kExecAbort{
    "EXECABORT Transaction discarded because of previous errors."};

}  // namespace millrace::engine::errors
