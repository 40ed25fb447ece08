// SPDX-License-Identifier: BSD-3-Clause
//
// A sink that can still copy a collection which it has announced with Capture::freeze().
//
// Owner:   whoever takes snapshots.
// Threads: main thread.
#pragma once

#include "keyspace/capture.h"

namespace millrace::keyspace {

class RootSink : public CaptureSink {
public:
    // The frozen collection is about to change. True: it has been copied, and nobody will read it;
    // false: that is too late.
    virtual bool take_back(const Collection& root) = 0;
};

}  // namespace millrace::keyspace
