// SPDX-License-Identifier: BSD-3-Clause
//
// What a collection must know when something is added to it: when to leave its compact encoding,
// and the seed of the hash table that it may become.
//
// Owner:   whoever changes the collection makes one for the time of the change.
// Threads: main thread.
#pragma once

#include "base/siphash.h"
#include "keyspace/settings.h"

namespace millrace::values {

struct GrowthRules {
    const keyspace::EncodingSettings& encodings;
    const SipKey& seed;
};

}  // namespace millrace::values
