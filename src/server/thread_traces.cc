// SPDX-License-Identifier: BSD-3-Clause
#include "server/thread_traces.h"

#include <dirent.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/bytes.h"

namespace millrace::server {
namespace {

constexpr size_t kThreadsMax = 64;
constexpr int kFramesMax = 64;

struct Trace {
    std::atomic<pid_t> thread{0};  // Whom the slot is for.
    std::atomic<bool> taken{false};
    int frame_count = 0;
    void* frames[kFramesMax];
};
Trace traces[kThreadsMax];

pid_t thread_id() {
    return static_cast<pid_t>(syscall(SYS_gettid));
}

// Runs in the thread that was asked.
void on_ask(int) {
    const int saved_errno = errno;
    const pid_t self = thread_id();
    for (Trace& trace : traces) {
        if (trace.thread.load() != self || trace.taken.load()) continue;
        trace.frame_count = backtrace(trace.frames, kFramesMax);
        trace.taken.store(true);
        break;
    }
    errno = saved_errno;
}

// What the kernel writes for each entry of a directory: inode, offset, size of the entry, type,
// name.
constexpr long kEntryBytesAt = 16;
constexpr long kEntryNameAt = 19;

// The threads of the process, without opendir(), which asks for memory.
size_t list_threads(pid_t (&threads)[kThreadsMax]) {
    const int directory = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return 0;
    size_t count = 0;
    char buffer[4096];
    long bytes;
    while ((bytes = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < bytes;) {
            pid_t thread = 0;
            for (const char* c = buffer + at + kEntryNameAt; *c >= '0' && *c <= '9'; ++c) {
                thread = thread * 10 + (*c - '0');
            }
            at += load<uint16_t>(buffer + at + kEntryBytesAt);
            if (thread != 0 && count < kThreadsMax) threads[count++] = thread;
        }
    }
    close(directory);
    return count;
}

void ask_threads(const pid_t* threads, size_t count, pid_t self) {
    for (size_t i = 0; i < count; ++i) {
        traces[i].taken.store(threads[i] == self);
        traces[i].thread.store(threads[i]);
    }
    for (size_t i = 0; i < count; ++i) {
        if (threads[i] != self) syscall(SYS_tgkill, getpid(), threads[i], SIGUSR2);
    }
    constexpr int kWaitMilliseconds = 1000;
    for (int waited = 0; waited < kWaitMilliseconds; ++waited) {
        const auto has_answered = [](const Trace& trace) { return trace.taken.load(); };
        if (std::all_of(traces, traces + count, has_answered)) return;
        constexpr timespec kMillisecond{.tv_sec = 0, .tv_nsec = 1000000};
        nanosleep(&kMillisecond, nullptr);
    }
}

void write_thread_name(CrashWriter& out, pid_t thread, bool is_self) {
    char path[64] = "/proc/self/task/";
    char* at = path + std::strlen(path);
    char digits[12];
    int count = 0;
    for (pid_t rest = thread; rest > 0; rest /= 10)
        digits[count++] = static_cast<char>('0' + rest % 10);
    while (count > 0) *at++ = digits[--count];
    std::strcpy(at, "/comm");

    char name[32];
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t bytes = file < 0 ? 0 : read(file, name, sizeof name);
    if (file >= 0) close(file);
    while (bytes > 0 && name[bytes - 1] == '\n') --bytes;
    out.text("\n").decimal(thread).text(" ").text(
        {name, static_cast<size_t>(std::max<ssize_t>(bytes, 0))});
    out.text(is_self ? " *\n" : "\n");
}

void write_own_trace(CrashWriter& out, const void* instruction) {
    void* frames[kFramesMax];
    const int count = backtrace(frames, kFramesMax);
    void** const found = std::find(frames, frames + count, instruction);
    // Without the place of the crash: everything but this function.
    void** const first = found == frames + count ? frames + 1 : found;
    out.frames(first, static_cast<int>(frames + count - first));
}

}  // namespace

void install_thread_traces() {
    // The first call loads a library, which a signal handler must not.
    void* frames[1];
    backtrace(frames, 1);

    struct sigaction action {};
    action.sa_handler = on_ask;
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR2, &action, nullptr);
}

void write_thread_traces(CrashWriter& out, const void* instruction) {
    out.text("\n------ STACK TRACE ------\n");
    if (instruction != nullptr) {
        void* const frame[] = {const_cast<void*>(instruction)};
        out.text("EIP:\n").frames(frame, 1);
    }

    const pid_t self = thread_id();
    pid_t threads[kThreadsMax];
    size_t count = list_threads(threads);
    if (count == 0) threads[count++] = self;
    struct sigaction installed {};
    sigaction(SIGUSR2, nullptr, &installed);
    if (installed.sa_handler == on_ask) ask_threads(threads, count, self);

    int written = 0;
    for (size_t i = 0; i < count; ++i) {
        const bool is_self = threads[i] == self;
        if (!is_self && !traces[i].taken.load()) continue;
        write_thread_name(out, threads[i], is_self);
        ++written;
        if (is_self) {
            write_own_trace(out, instruction);
        } else {
            // The first two frames are those of being asked.
            const int hidden = std::min(2, traces[i].frame_count);
            out.frames(traces[i].frames + hidden, traces[i].frame_count - hidden);
        }
    }
    for (size_t i = 0; i < count; ++i) traces[i].thread.store(0);
    out.text("\n").decimal(written).text("/").decimal(static_cast<int64_t>(count));
    out.text(" expected stacktraces.\n\n------ STACK TRACE DONE ------\n");
    out.flush();
}

}  // namespace millrace::server
