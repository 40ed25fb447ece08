// SPDX-License-Identifier: BSD-3-Clause
//
// The last words of a process that crashes: which signal or assertion, where, what every thread was
// doing, and what the parts of the server have to add. It goes to the log, between two lines that
// tools look for.
//
// Owner:   the process: signal handlers get no argument, so this is one of the few places with
// state of their own. Threads: installed on the main thread; a crash may happen on any. The first
// to crash writes, the others wait for the end. Limits:  paths below 4 KiB, 16 sections.
#pragma once

#include <string_view>

#include "server/crash_writer.h"

namespace millrace::server {

struct CrashReportOptions {
    std::string_view version;   // "Millrace 0.1.0"
    std::string_view log_path;  // Absolute; empty: standard output.
    std::string_view pid_path;  // A file to remove; empty: none.
    bool exit_after = false;    // `use-exit-on-panic`: exit(1) rather than die of the signal.
};

// Takes SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT, and failed assertions. May be called again
// with other options.
void install_crash_report(const CrashReportOptions& options);
// `crash-log-enabled no`: signals do again what they did before. Assertions are still reported.
void remove_crash_handlers();

// Part of the report, after the stack traces. `write` may do what signal handlers must not: if it
// crashes in turn, a shorter report follows.
struct CrashSection {
    const char* title;
    void (*write)(void* context, CrashWriter& out);
    void* context;
};
void add_crash_section(const CrashSection& section);
// Forgets all sections; whoever they ask is about to go.
void clear_crash_sections();

// Ends the process with a report.
[[noreturn]] void panic(std::string_view message, const char* file, int line);

// DEBUG SEGFAULT, ASSERT and PANIC: `what` in lower case. Comes back only if it is none of these.
void crash_on_purpose(std::string_view what);

// Lets signal handlers of the calling thread run when its stack is exhausted. One for each thread,
// as long as it runs.
class SignalStack {
public:
    SignalStack();
    ~SignalStack();
    SignalStack(const SignalStack&) = delete;
    SignalStack& operator=(const SignalStack&) = delete;

private:
    char* memory_;
};

}  // namespace millrace::server
