// SPDX-License-Identifier: BSD-3-Clause
//
// Stack traces of all threads, taken from inside a signal handler: each thread is sent a signal and
// notes its own.
//
// Owner:   the process: signal handlers get no argument, so this is one of the few places with
// state of their own. Threads: write_thread_traces() by one thread at a time. Limits:  64 threads
// and 64 frames of each; a thread that does not answer within a second is left out.
#pragma once

#include "server/crash_writer.h"

namespace millrace::server {

// Takes the signal with which threads are asked (SIGUSR2). Before that only the calling thread can
// be shown.
void install_thread_traces();

// Writes the traces under a line "STACK TRACE". The calling thread's begins at `instruction` if
// that is part of it.
void write_thread_traces(CrashWriter& out, const void* instruction);

}  // namespace millrace::server
