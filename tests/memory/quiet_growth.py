#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What tables have grown out of goes back to the system as soon as hardly anybody asks for anything.

    quiet_growth.py SERVER

Growing leaves pages with a few segments each, how many depends on where it ends; with so many keys as here it is an
eighth of all and more. SECONDS later little of that is left, without activedefrag. The same of the table of one large
set, which the general allocator has. The last line is `N passed, N failed`.
"""

import argparse
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from resp_client import Server  # noqa: E402

KEYS = 1000000
STEP = 1000
SECONDS = 5
WASTE_AT_LAST = 0.05


def pages(client):
    """The bytes of active pages, and how much of them is empty."""
    fields = dict(line.split(":", 1) for line in client.command("INFO", "memory").splitlines() if ":" in line)
    active = int(fields["allocator_active"])
    return active, active - int(fields["allocator_allocated"])


def waste(client, before):
    """The share of pages in which nothing is, of those that have come since."""
    active, empty = pages(client)
    return (empty - before[1]) / (active - before[0])


def keys(begin, end):
    return b"".join(b"*3\r\n$3\r\nSET\r\n$11\r\nkey:%07d\r\n$1\r\nv\r\n" % key for key in range(begin, end))


def members(begin, end):
    return b"".join(b"*3\r\n$4\r\nSADD\r\n$3\r\nset\r\n$7\r\n%07d\r\n" % member for member in range(begin, end))


def is_given_back(server, what, commands):
    client = server.connect()
    before = pages(client)
    for begin in range(0, KEYS, STEP):
        client.send_raw(commands(begin, begin + STEP))
        for _ in range(STEP):
            client.read()
    first = waste(client, before)
    begin = time.monotonic()
    last = first
    while last > WASTE_AT_LAST and time.monotonic() - begin < SECONDS:
        time.sleep(0.25)
        last = waste(client, before)
    good = last <= WASTE_AT_LAST
    print(f"{'ok' if good else 'FAILED'}: what the growth of {what} leaves is given back ({first:.3f} of the pages is "
          f"empty, {last:.3f} at last)", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    args = parser.parse_args()
    results = []
    for what, commands in (("a database", keys), ("a set", members)):
        with Server(args.server, ()) as server:
            results.append(is_given_back(server, what, commands))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
