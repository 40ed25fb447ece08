#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How long writes to one large collection take while it is being saved.

    write_latency.py SERVER [ELEMENTS] [--seconds S] [--limit-ms L]

For each type it fills one key, and measures single writes to it before and during a BGSAVE that holds the key for
some seconds (rdb-key-save-delay). It prints the 99.9th percentile and the worst time of both; with a limit, a worst
time above it during the save is a failure. Works with any server of the kind, for comparison.
"""

import argparse
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from resp_client import Server  # noqa: E402

TYPES = {
    "zset": (lambda i: ("ZADD", "key", *[w for n in range(i, i + 100) for w in (n * 7 % 1000003, f"member:{n}")]),
             lambda r, n: ("ZADD", "key", r.randrange(1000003), f"member:{r.randrange(n)}")),
    "hash": (lambda i: ("HSET", "key", *[w for n in range(i, i + 100) for w in (f"field:{n}", f"value:{n}")]),
             lambda r, n: ("HSET", "key", f"field:{r.randrange(n)}", f"value:{r.random()}")),
    "set": (lambda i: ("SADD", "key", *[f"member:{n}" for n in range(i, i + 100)]),
            lambda r, n: (r.choice(["SADD", "SREM"]), "key", f"member:{r.randrange(n)}")),
    "list": (lambda i: ("RPUSH", "key", *[f"element:{n}" for n in range(i, i + 100)]),
             lambda r, n: ("LSET", "key", r.randrange(n), f"element:{r.random()}")),
    "stream": (lambda i: [("XADD", "key", f"{n + 1}-1", "field", f"value:{n}") for n in range(i, i + 100)],
               lambda r, n: r.choice([("XADD", "key", "*", "field", "value"), ("XDEL", "key", f"{r.randrange(n)}-1")])),
}


def fill(client, make, elements):
    for start in range(0, elements, 100):
        made = make(start)
        commands = made if isinstance(made, list) else [made]
        for words in commands:
            client.send(*words)
        for _ in commands:
            client.read()


def measure(client, change, elements, seconds, done=lambda: False):
    """Microseconds of each write."""
    chance = random.Random(1)
    times = []
    end = time.monotonic() + seconds
    while time.monotonic() < end and not (len(times) % 256 == 0 and done()):
        words = change(chance, elements)
        begin = time.perf_counter()
        client.command(*words)
        times.append((time.perf_counter() - begin) * 1e6)
    return sorted(times)


def shown(times):
    return f"{len(times):7} writes, 99.9 %: {times[len(times) * 999 // 1000]:8.0f} us, worst: {times[-1]:8.0f} us"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("elements", nargs="?", type=int, default=1000000)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--limit-ms", type=float)
    parser.add_argument("--types", default=",".join(TYPES))
    arguments = parser.parse_args()
    passed = failed = 0
    for name in arguments.types.split(","):
        make, change = TYPES[name]
        with Server(arguments.server, ["--save", "", "--enable-debug-command", "yes"]) as server:
            client = server.connect()
            fill(client, make, arguments.elements)
            print(f"{name:7} before: {shown(measure(client, change, arguments.elements, arguments.seconds))}")
            client.command("CONFIG", "SET", "rdb-key-save-delay", int(arguments.seconds * 1e6))
            client.command("BGSAVE")
            times = measure(client, change, arguments.elements, arguments.seconds)
            print(f"{name:7} during: {shown(times)}", flush=True)
            good = arguments.limit_ms is None or times[-1] < arguments.limit_ms * 1000
            passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
