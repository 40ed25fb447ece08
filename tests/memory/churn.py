#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Keys of all types, sizes and lives come and go, and clients with them: memory neither leaks nor falls apart.

    churn.py SERVER [--minutes M] [--io-threads N]

The resident set has no slope in the second half, and used_memory is after FLUSHALL exactly what it was after the
FLUSHALL before; with I/O threads, whose lists are as long as they had to be once, to within OWN_LISTS. The last line is
`N passed, N failed`.
"""

import argparse
import os
import random
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from resp_client import Server  # noqa: E402

NAMES = 1000
SAMPLES = 40  # In the time of the run.
SILENCE = 2.5  # Seconds.
LOOKS_AGAIN = 2
OWN_LISTS = 2048  # Bytes.
GROWTH_MAX = 1.03
GROWTH_MAX_SHORT = 1.15  # In a minute the server is still getting warm: this is two bytes a command.


def resident(server):
    with open(f"/proc/{server.process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def info(client):
    lines = client.command("INFO", "memory").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def command_for(chosen):
    name = f"{chosen.choice('shlzxue')}:{chosen.randrange(NAMES)}"
    value = "v" * int(chosen.paretovariate(0.7) * 20 % 4000)
    number = str(chosen.randrange(200))
    return {
        "s": ("SET", name, value),
        "h": ("HSET", name, "f" + number, value),
        "l": ("LPUSH", name, value),
        "z": ("ZADD", name, number, "m" + number),
        "u": ("SADD", name, value[:100] + number),
        "x": ("XADD", name, "MAXLEN", "100", "*", "f", value),
        "e": ("SET", name, value, "PX", str(chosen.randrange(1, 5000))),
    }[name[0]]


def churn_round(client, chosen):
    commands = []
    for _ in range(200):
        commands.append(command_for(chosen))
        if chosen.random() < 0.3:
            commands.append(("UNLINK", f"{chosen.choice('shlzxue')}:{chosen.randrange(NAMES)}"))
        if chosen.random() < 0.05:
            commands.append(("LTRIM", f"l:{chosen.randrange(NAMES)}", "0", "20"))
        if chosen.random() < 0.02:
            commands.append(("EVAL", "return redis.call('INCR', KEYS[1])", "1", f"n:{chosen.randrange(100)}"))
        if chosen.random() < 0.02:
            commands.append(("HEXPIRE", f"h:{chosen.randrange(NAMES)}", "2", "FIELDS", "1", "f1"))
    for each in commands:
        client.send(*each)
    for _ in commands:
        client.read()


def session(server, chosen):
    """A client comes, does this and that, and goes, sometimes in the middle of something."""
    client = server.connect(chosen.choice((2, 3)))
    kind = chosen.randrange(6)
    if kind == 0:
        client.command("CLIENT", "SETNAME", "n" * chosen.randrange(1, 100))
    elif kind == 1:
        client.command("SELECT", str(chosen.randrange(1, 4)))
    elif kind == 2:
        client.command("MULTI")
        client.command("SET", "s:queued", "v" * 1000)
    elif kind == 3:
        client.command("WATCH", *(f"s:{i}" for i in range(20)))
    if kind != 2:
        for _ in range(15):
            churn_round(client, chosen)
    if kind == 4:
        client.send("SUBSCRIBE", *(f"channel:{i}" for i in range(50)))
    if kind == 5:
        client.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\nxxx")
    client.close()


def used_when_empty(client):
    """After a silence, in which the server lets go of what it keeps to use it again: an answer takes memory itself, and
    how much depends on what is at hand."""
    client.command("FLUSHALL")
    client.command("SCRIPT", "FLUSH")
    last = None
    for _ in range(20):
        time.sleep(SILENCE)
        fields = info(client)
        used = int(fields["used_memory"])
        if used == last and fields["lazyfree_pending_objects"] == "0":
            break
        last = used
    return used


def run_for(server, chosen, seconds):
    """Resident sets, in the order of time."""
    sizes = []
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        session(server, chosen)
        if time.monotonic() - begin >= seconds * (len(sizes) + 1) / SAMPLES:
            sizes.append(resident(server))
    return sizes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--io-threads", type=int, default=1)
    args = parser.parse_args()
    chosen = random.Random(7)
    passed = 0
    options = ["--slowlog-log-slower-than", "-1"]  # On a busy machine the log fills by and by.
    if args.io_threads > 1:
        options += ["--io-threads", str(args.io_threads), "--io-threads-always-active", "yes"]
    with Server(args.server, options) as server:
        client = server.connect()
        run_for(server, chosen, args.minutes * 60 / 4)
        before = used_when_empty(client)
        sizes = run_for(server, chosen, args.minutes * 60 * 3 / 4)
        third, fourth = sizes[len(sizes) // 2:len(sizes) * 3 // 4], sizes[len(sizes) * 3 // 4:]
        growth = statistics.median(fourth) / statistics.median(third)
        print("resident MB:", " ".join(str(size >> 20) for size in sizes[::4]))
        print(f"fourth quarter over third: {growth:.3f}")
        after = used_when_empty(client)
        for _ in range(LOOKS_AGAIN):  # A list may have grown for good; what leaks grows each time.
            if after == before:
                break
            run_for(server, chosen, args.minutes * 60 / 4)
            before, after = after, used_when_empty(client)
        print(f"used_memory when empty: first {before}, last {after}, difference {after - before}")
        slack = OWN_LISTS if args.io_threads > 1 else 0
        growth_max = GROWTH_MAX if args.minutes >= 5 else GROWTH_MAX_SHORT
        passed = (growth < growth_max) + (abs(after - before) <= slack)
    print(f"{passed} passed, {2 - passed} failed")
    return 0 if passed == 2 else 1


if __name__ == "__main__":
    sys.exit(main())
