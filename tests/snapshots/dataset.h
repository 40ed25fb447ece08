// SPDX-License-Identifier: BSD-3-Clause
//
// A dataset as text, to be compared: every key with its value, however that is kept.
//
// Threads: one.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "keyspace/keyspace.h"

namespace millrace::test {

// By database and key.
using Dataset = std::map<std::pair<int, std::string>, std::string>;

// One key without its name; members of sets and fields of hashes in order.
std::string describe(const keyspace::Entry& entry);
Dataset describe(keyspace::Keyspace& keyspace);

}  // namespace millrace::test
