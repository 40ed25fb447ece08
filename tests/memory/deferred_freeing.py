#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Memory that is given up but not free yet costs no further keys: maxmemory is lowered by 100 MB during a slow BGSAVE.

    deferred_freeing.py SERVER

What is evicted stays in memory until the snapshot has written it. No more keys may go than make up for the 100 MB and
for the second copy of the tables that the snapshot keeps, neither meanwhile nor afterwards. The last line is
`N passed, N failed`.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from resp_client import Server  # noqa: E402

KEYS = 200000
VALUE = "v" * 1000
OVER = 100 << 20


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, good, seen):
        print(f"{'ok' if good else 'FAILED'}: {what} ({seen})", flush=True)
        if good:
            self.passed += 1
        else:
            self.failed += 1


def info(client, field):
    for line in client.command("INFO", "everything").splitlines():
        if line.startswith(field + ":"):
            return int(line.split(":", 1)[1])
    raise KeyError(field)


# What the asking connection's own buffers may come and go by, in bytes.
OWN_BUFFERS = 64 << 10


def settled(client, field):
    """The value of a field once it has been the same for half a second."""
    slack = OWN_BUFFERS if field == "used_memory" else 0
    before = -1 - slack
    for _ in range(240):
        value = info(client, field)
        if abs(value - before) <= slack:
            return value
        before = value
        time.sleep(0.5)
    raise RuntimeError(f"{field} does not come to rest")


def tables(client):
    """What the tables of database 0 take, in bytes."""
    stats = client.command("MEMORY", "STATS")
    stats = dict(zip(stats[::2], stats[1::2]))
    database = stats["db.0"]
    return sum(database[1::2])


def run(server, checks, policy):
    client = server.connect()
    client.command("FLUSHALL", "SYNC")
    client.command("CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", policy)
    client.command("CONFIG", "RESETSTAT")
    for begin in range(0, KEYS, 1000):
        for i in range(begin, begin + 1000):
            client.send("SET", f"key:{i}", VALUE, "EX", "100000")
        for _ in range(1000):
            client.read()
    used = settled(client, "used_memory")
    client.command("CONFIG", "SET", "rdb-key-save-delay", "60")
    client.command("BGSAVE")
    time.sleep(0.3)
    # The tables keep their size. The snapshot's thread has its buffers by now; they count, and so does each part of a
    # table that is copied because the snapshot holds it.
    saving = settled(client, "used_memory")
    key = client.command("MEMORY", "USAGE", f"key:{KEYS - 1}")
    expected = (saving - (used - OVER)) / key
    copied = tables(client) / key
    client.command("CONFIG", "SET", "maxmemory", str(used - OVER))
    during = settled(client, "evicted_keys")
    checks.check(f"{policy}: the save is under way", info(client, "rdb_bgsave_in_progress") == 1, "")
    checks.check(f"{policy}: as much goes as must", during >= 0.98 * expected, f"{during} of {expected:.0f} keys")
    checks.check(f"{policy}: and no more", during <= 1.02 * expected + copied,
                 f"{during} of {expected:.0f} and {copied:.0f} keys")
    client.command("CONFIG", "SET", "rdb-key-save-delay", "0")
    while info(client, "rdb_bgsave_in_progress") == 1:
        time.sleep(0.1)
    after = settled(client, "evicted_keys")
    checks.check(f"{policy}: nothing goes afterwards", after <= 1.01 * during, f"{after - during} keys more")
    left = settled(client, "used_memory") - (used - OVER)
    checks.check(f"{policy}: the limit is kept", left <= 0, f"{left} bytes above it")
    client.close()


def main():
    checks = Checks()
    with Server(sys.argv[1]) as server:
        for policy in ("allkeys-lru", "volatile-ttl"):
            run(server, checks, policy)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
