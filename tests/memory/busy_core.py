#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""`maxmemory` is kept on a core that others keep busy: it is lowered by half while new keys are written in pipelines.

    busy_core.py SERVER [--io-threads N]

The server shares its core with two endless loops, so the system takes it away in the middle of most slices of eviction.
A second later memory is at the limit, and stays there; no write is refused, and no client hangs. A second is what the
server gets of its core in one when nobody else is there, a third of it, so that a busy machine changes little. The
last line is `N passed, N failed`.
"""

import argparse
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from resp_client import ReplyError, Server  # noqa: E402

KEYS = 100000
VALUE = b"v" * 512
WRITERS = 8
PIPELINE = 16
LOOPS = 2
SHARE = 1 / (LOOPS + 1)
SECONDS = 5  # Of such time; and of any:
SECONDS_MAX = 60
HANGS = 20
# What is condemned is not free at once, and each client may have a pipeline under way.
TOLERANCE = 1.03


class Writer(threading.Thread):
    """Writes new keys for ever."""

    def __init__(self, number, server):
        super().__init__(daemon=True)
        self.number, self.server = number, server
        self.stopped = False
        self.written = 0
        self.slowest = 0.0
        self.problem = None

    def run(self):
        try:
            with_keys = self.server.connect()
            while not self.stopped:
                self.write(with_keys)
            with_keys.close()
        except (OSError, ReplyError) as error:
            self.problem = f"writer {self.number}: {error}"

    def write(self, client):
        requests = b"".join(b"*3\r\n$3\r\nSET\r\n$15\r\nnew:%02d:%08d\r\n$%d\r\n%s\r\n" %
                            (self.number, self.written + i, len(VALUE), VALUE) for i in range(PIPELINE))
        begin = time.monotonic()
        client.send_raw(requests)
        for _ in range(PIPELINE):
            reply = client.read()
            if reply.value != b"OK":
                raise ReplyError(reply.value.decode())
        self.slowest = max(self.slowest, time.monotonic() - begin)
        self.written += PIPELINE


def used(client):
    for line in client.command("INFO", "memory").splitlines():
        if line.startswith("used_memory:"):
            return int(line.split(":", 1)[1])
    raise KeyError("used_memory")


def fill(client):
    for begin in range(0, KEYS, 1000):
        for i in range(begin, begin + 1000):
            client.send("SET", f"old:{i:011}", VALUE)
        for _ in range(1000):
            client.read()


def start_on_one_core(program, options):
    """The server and the loops, on a core on which this process is not, if there are two."""
    cores = os.sched_getaffinity(0)
    core = min(cores)
    os.sched_setaffinity(0, {core})
    server = Server(program, options)
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(LOOPS)]
    os.sched_setaffinity(0, cores - {core} or cores)
    return server, loops


def seconds_of(process):
    """What the main thread has had of its core, in seconds of its share."""
    with open(f"/proc/{process.pid}/task/{process.pid}/schedstat") as file:
        return int(file.read().split()[0]) / 1e9 / SHARE


def watch(server, client, limit):
    """Use over the limit, as (seconds, ratio)."""
    begin, first = time.monotonic(), seconds_of(server.process)
    seen = []
    while (not seen or seen[-1][0] < SECONDS) and time.monotonic() - begin < SECONDS_MAX:
        ratio = used(client) / limit
        seen.append((seconds_of(server.process) - first, ratio))
        time.sleep(0.05)
    return seen


def run(server, checks):
    client = server.connect()
    fill(client)
    full = used(client)
    client.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory", full)
    writers = [Writer(i, server) for i in range(WRITERS)]
    for writer in writers:
        writer.start()
    time.sleep(1)
    client.command("CONFIG", "SET", "maxmemory", full // 2)
    seen = watch(server, client, full // 2)
    for writer in writers:
        writer.stopped = True
    for writer in writers:
        writer.join(HANGS)
    late = max((ratio for seconds, ratio in seen if seconds >= 1), default=0)
    kept = next((f"{seconds:.2f} s" for seconds, ratio in seen if ratio <= TOLERANCE), "never")
    checks("the limit is kept from one second on", 0 < late <= TOLERANCE,
           f"at most {late:.3f} of it; first after {kept}")
    slowest = max(writer.slowest for writer in writers)
    hang = sum(writer.is_alive() for writer in writers)
    checks("no client hangs", hang == 0, f"slowest pipeline {slowest * 1000:.0f} ms")
    problems = [writer.problem for writer in writers if writer.problem]
    written = sum(writer.written for writer in writers)
    checks("every write is taken", not problems, problems[0] if problems else f"{written} keys")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--io-threads", type=int, default=1)
    args = parser.parse_args()
    results = []

    def checks(what, good, seen):
        print(f"{'ok' if good else 'FAILED'}: {what} ({seen})", flush=True)
        results.append(good)

    options = ("--io-threads", str(args.io_threads), "--io-threads-always-active", "yes")
    server, loops = start_on_one_core(args.server, options if args.io_threads > 1 else ())
    try:
        with server:
            run(server, checks)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
