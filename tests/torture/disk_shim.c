// SPDX-License-Identifier: BSD-3-Clause
//
// A shim before the disk for torture tests, to be preloaded into a server:
//
//     MILLRACE_KILL_AT=n       the process dies right before the n-th call that changes what a restart finds
//     MILLRACE_KILL_AFTER=1    or right after it
//     MILLRACE_SYNC_DELAY_MS   each fsync and fdatasync takes so much longer
//     MILLRACE_SYNC_FAILS_AT   the n-th fdatasync fails with EIO, once
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;
static atomic_long syncs;

static long setting(const char *name) {
    const char *text = getenv(name);
    return text == NULL ? 0 : atol(text);
}

static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

#define STEP(name, result_type, parameters, arguments)                              \
    result_type name parameters {                                                   \
        static result_type(*real) parameters;                                       \
        if (real == NULL) real = (result_type(*) parameters)dlsym(RTLD_NEXT, #name); \
        const int now = setting("MILLRACE_KILL_AT") != 0 &&                          \
                        atomic_fetch_add(&calls, 1) + 1 == setting("MILLRACE_KILL_AT"); \
        if (now && setting("MILLRACE_KILL_AFTER") == 0) die();                       \
        result_type result = real arguments;                                        \
        if (now) die();                                                             \
        return result;                                                              \
    }

STEP(rename, int, (const char *from, const char *to), (from, to))
STEP(unlink, int, (const char *path), (path))
STEP(renameat, int, (int from_at, const char *from, int to_at, const char *to), (from_at, from, to_at, to))
STEP(unlinkat, int, (int at, const char *path, int flags), (at, path, flags))
STEP(ftruncate, int, (int fd, off_t size), (fd, size))

static int sync_with(const char *name, int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    const long delay = setting("MILLRACE_SYNC_DELAY_MS");
    if (delay > 0) usleep((useconds_t)delay * 1000);
    const int now = setting("MILLRACE_KILL_AT") != 0 &&
                    atomic_fetch_add(&calls, 1) + 1 == setting("MILLRACE_KILL_AT");
    if (now && setting("MILLRACE_KILL_AFTER") == 0) die();
    if (setting("MILLRACE_SYNC_FAILS_AT") != 0 &&
        atomic_fetch_add(&syncs, 1) + 1 == setting("MILLRACE_SYNC_FAILS_AT")) {
        errno = EIO;
        return -1;
    }
    const int result = real(fd);
    if (now) die();
    return result;
}

int fsync(int fd) { return sync_with("fsync", fd); }
int fdatasync(int fd) { return sync_with("fdatasync", fd); }
