#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""BGSAVE under writes over sockets: what the file holds is what DEBUG DIGEST said at the cut.

    bgsave_stress.py SERVER [ROUNDS] [SEED] [--load-with OTHER_SERVER]

Writers change everything all the time. For a moment they are paused, the digest is taken and BGSAVE begins; then they
go on while the file is written, some rounds slowly. The file must load with the same digest, in the server itself and
in OTHER_SERVER (a real Valkey). The last line is `N passed, N failed`.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from resp_client import Server  # noqa: E402

KEYS = 4000
DATABASES = 4


class Writer(threading.Thread):
    """Random commands on few keys, in pipelines; errors (wrong types, missing keys) are part of it."""

    def __init__(self, server, seed, stop):
        super().__init__()
        self.random = random.Random(seed)
        self.client = server.connect()
        self.stop = stop
        self.failed = None

    def key(self):
        return f"key:{self.random.randrange(KEYS)}"

    def text(self):
        return self.random.choice("abcdefgh") * self.random.randrange(1, 400)

    def large_command(self):
        """A change of a collection of some ten thousand elements, of those it has or of new ones."""
        number, text = self.random.randrange(40000), self.text()
        field, member, score = f"field {number}", f"member {number}", self.random.randrange(30000)
        middle = self.random.randrange(60000) - 30000
        return self.random.choice([
            ("HSET", "large hash", field, text), ("HSET", "large hash", field, number), ("HDEL", "large hash", field),
            ("HEXPIRE", "large hash", "10000", "FIELDS", "1", field),
            ("HPERSIST", "large hash", "FIELDS", "1", field),
            ("SADD", "large set", field), ("SREM", "large set", field), ("SPOP", "large set"),
            ("ZADD", "large zset", score, member), ("ZINCRBY", "large zset", "1", member),
            ("ZREM", "large zset", member),
            ("ZPOPMIN", "large zset"), ("ZREMRANGEBYRANK", "large zset", score, score + 3),
            ("ZADD", "large zset", score, text),
            ("LPUSH", "large list", text), ("RPUSH", "large list", text), ("LPOP", "large list"),
            ("RPOP", "large list", "3"),
            ("LSET", "large list", middle, text), ("LSET", "large list", middle, text * 30),
            ("LINSERT", "large list", "BEFORE", field, text), ("LREM", "large list", "-1", field),
            ("XADD", "large stream", "*", "field", text), ("XADD", "large stream", "*", "other", text),
            ("XTRIM", "large stream", "MAXLEN", "25000"), ("XDEL", "large stream", f"{number}-1"),
            ("XREADGROUP", "GROUP", "group", f"consumer {number % 3}", "COUNT", "3", "STREAMS", "large stream", ">"),
            ("XACK", "large stream", "group", f"{number}-1"),
        ])

    def command(self):
        if self.random.randrange(4) == 0:
            return self.large_command()
        pick, key, text = self.random.randrange(100), self.key(), self.text()
        small = str(self.random.randrange(50))
        large = self.random.randrange(20) == 0
        table = [
            (25, ("SET", key, text)), (30, ("SET", key, text, "EX", "10000")), (34, ("APPEND", key, text)),
            (38, ("INCR", f"counter:{small}")), (42, ("EXPIRE", key, "20000")), (45, ("DEL", key, self.key())),
            (48, ("RENAME", key, self.key())), (51, ("COPY", key, self.key(), "REPLACE")),
            (54, ("MOVE", key, self.random.randrange(DATABASES))),
            (60, ("HSET", "large hash" if large else key, small, text)),
            (66, ("RPUSH", "large list" if large else key, text)), (70, ("LPOP", "large list" if large else key)),
            (76, ("SADD", "large set" if large else key, text)),
            (82, ("ZADD", "large zset" if large else key, small, text)),
            (86, ("XADD", f"stream:{small}", "*", "field", text)),
            (88, ("XTRIM", f"stream:{small}", "MAXLEN", "20")),
            (90, ("GETDEL", key)), (93, ("SETRANGE", key, small, text)), (95, ("PERSIST", key)),
            (97, ("SELECT", self.random.randrange(DATABASES))), (98, ("SWAPDB", "0", self.random.randrange(DATABASES))),
            (100, ("HDEL", "large hash", small)),
        ]
        return next(words for limit, words in table if pick < limit)

    def run(self):
        try:
            flush_in = self.random.randrange(2000, 20000)
            while not self.stop.is_set():
                commands = [self.command() for _ in range(self.random.randrange(1, 40))]
                flush_in -= len(commands)
                if flush_in < 0:
                    commands.append(("FLUSHDB",))
                    flush_in = self.random.randrange(20000, 60000)
                for words in commands:
                    self.client.send(*words)
                for _ in commands:
                    self.client.read()
        except (OSError, ValueError) as problem:
            self.failed = problem


def fill(client):
    for database in range(DATABASES):
        client.command("SELECT", database)
        for key in range(0, KEYS, 2):
            client.send("SET", f"key:{key}", "v" * (key % 300))
        for _ in range(0, KEYS, 2):
            client.read()
    client.command("SELECT", 0)
    for start in range(0, 30000, 100):
        pairs = [word for i in range(start, start + 100) for word in (f"field {i}", f"value {i}" * 3)]
        client.command("HSET", "large hash", *pairs)
        client.command("RPUSH", "large list", *pairs)
        client.command("SADD", "large set", *pairs)
        client.command("ZADD", "large zset", *[word for i in range(start, start + 100) for word in (i, f"member {i}")])
        for i in range(start, start + 100):
            client.send("XADD", "large stream", f"{i + 1}-1", "field", f"value {i}")
        for _ in range(100):
            client.read()
    client.command("XGROUP", "CREATE", "large stream", "group", "0")


def wait_for_save(client):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        info = client.command("INFO", "persistence")
        if "rdb_bgsave_in_progress:0" in info:
            assert "rdb_last_bgsave_status:ok" in info, info
            return
        time.sleep(0.02)
    raise AssertionError("BGSAVE does not end")


def digest_of_file(program, path):
    with tempfile.TemporaryDirectory(prefix="millrace_load_") as folder:
        shutil.copy(path, os.path.join(folder, "dump.rdb"))
        with Server(program, ["--dir", folder, "--enable-debug-command", "yes"]) as server:
            client = server.connect()
            for _ in range(600):
                if "loading:0" in client.command("INFO", "persistence"):
                    break
                time.sleep(0.1)
            return client.command("DEBUG", "DIGEST")


def one_round(server, client, programs, slow):
    client.command("CONFIG", "SET", "rdb-key-save-delay", "20" if slow else "0")
    client.command("CLIENT", "PAUSE", "60000", "WRITE")
    time.sleep(0.05)
    before = client.command("DEBUG", "DIGEST")
    client.command("BGSAVE")
    time.sleep(0.01)
    client.command("CLIENT", "UNPAUSE")
    wait_for_save(client)
    path = os.path.join(server.folder.name, "dump.rdb")
    for program in programs:
        after = digest_of_file(program, path)
        if after != before and os.environ.get("MILLRACE_KEEP"):
            shutil.copy(path, os.environ["MILLRACE_KEEP"])
        assert after == before, f"{program}: the file has the digest {after}, the cut had {before}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("rounds", nargs="?", type=int, default=6)
    parser.add_argument("seed", nargs="?", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--load-with", action="append", default=[])
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    passed = failed = 0
    with Server(arguments.server, ["--enable-debug-command", "yes"]) as server:
        client = server.connect()
        fill(client)
        stop = threading.Event()
        writers = [Writer(server, arguments.seed + i, stop) for i in range(4)]
        for writer in writers:
            writer.start()
        for number in range(arguments.rounds):
            time.sleep(0.2)
            try:
                one_round(server, client, [arguments.server, *arguments.load_with], number % 2 == 1)
                passed += 1
            except (AssertionError, OSError) as problem:
                print(f"round {number}: {problem}", flush=True)
                failed += 1
                if server.process.poll() is not None:
                    print(server.log()[-4000:])
                    break
        stop.set()
        for writer in writers:
            writer.join()
            failed += writer.failed is not None
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
