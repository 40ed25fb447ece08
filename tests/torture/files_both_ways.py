#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""RDB files and AOFs of other servers in ours, and ours in theirs: DEBUG DIGEST must be equal.

    tests/torture/files_both_ways.py SERVER [--valkey VALKEY_SERVER] [--redis REDIS_SERVER]

Each server in turn gets keys of every type, small and large, with expiry, in two databases, and functions; it saves an
RDB file and writes an AOF, with a base in RDB form and in the form of commands; the others load that. Files of Redis 8
have a version that Valkey takes only with `rdb-version-check relaxed`, and Redis 7.2 and later take ours only if the
version is one of theirs, so that way is not tried. Ends in `N passed, N failed`.
"""
import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from resp_client import RespClient, ReplyError, free_port  # noqa: E402

LIBRARY = "#!lua name=lib\nredis.register_function('f', function() return 1 end)"


class Running:
    def __init__(self, server, folder, *options):
        self.port = free_port()
        self.log = open(os.path.join(folder, "server.log"), "ab")
        words = [server, "--port", str(self.port), "--dir", folder, "--save", "", "--enable-debug-command", "yes",
                 *options]
        self.process = subprocess.Popen(words, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.client = RespClient(port=self.port)
                self.client.command("PING")
                return
            except (OSError, ReplyError):
                time.sleep(0.02)
        raise RuntimeError("does not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()


def fill(client, seed):
    rng = random.Random(seed)
    send = client.command
    send("FUNCTION", "LOAD", "REPLACE", LIBRARY)
    for db in (0, 9):
        send("SELECT", db)
        for size in (1, 5, 150):
            name = f"{seed}:{db}:{size}"
            send("SET", f"text:{name}", "abc" * size)
            send("SET", f"random:{name}", bytes(rng.randrange(256) for _ in range(size)))
            send("SET", f"number:{name}", rng.randrange(-2 ** 63, 2 ** 63) >> rng.randrange(64))
            send("SETBIT", f"bits:{name}", size * 8, 1)
            send("PFADD", f"hll:{name}", *(f"e{n}" for n in range(size)))
            for n in range(size):
                text = f"element {n} " + "x" * rng.choice((0, 1, 30, 90))
                send("RPUSH", f"list:{name}", text)
                send("SADD", f"set:{name}", text)
                send("SADD", f"integers:{name}", n * rng.choice((1, 70000, 5000000000)))
                send("HSET", f"hash:{name}", f"field {n}", text)
                send("ZADD", f"zset:{name}", rng.choice((n, -n, n / 3, "inf", "-inf", 1e300)), text)
                send("GEOADD", f"geo:{name}", n % 180, n % 80, f"place {n}")
                send("XADD", f"stream:{name}", f"{n + 1}-{n % 3}", "field", text, "other", n)
            send("XGROUP", "CREATE", f"stream:{name}", "group", 0)
            send("XREADGROUP", "GROUP", "group", "reader", "COUNT", 3, "STREAMS", f"stream:{name}", ">")
            send("XACK", f"stream:{name}", "group", "1-0")
            send("XDEL", f"stream:{name}", "2-1")
            send("SET", f"expires:{name}", "x", "PXAT", 4102444800000 + size)
            send("SADD", f"expiring set:{name}", "x")
            send("PEXPIREAT", f"expiring set:{name}", 4102444800000)
    send("SELECT", 0)


def digest(running):
    return running.client.command("DEBUG", "DIGEST"), running.client.command("DBSIZE"), \
        len(running.client.command("FUNCTION", "LIST"))


def load(server, folder, options):
    with tempfile.TemporaryDirectory(prefix="millrace_files_") as copy:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        with Running(server, copy, *options) as running:
            return digest(running)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--valkey")
    parser.add_argument("--redis")
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    servers = {"ours": arguments.server, "valkey": arguments.valkey, "redis": arguments.redis}
    old_forms = ("--list-max-listpack-size", "3", "--hash-max-listpack-entries", "0", "--set-max-intset-entries", "2",
                 "--zset-max-listpack-value", "8", "--rdbcompression", "no")
    ways = [(maker, loader) for maker in servers for loader in servers
            if maker != loader and servers[maker] and servers[loader] and "ours" in (maker, loader)
            and loader != "redis"]
    passed = failed = 0
    for number in range(arguments.rounds):
        forms = old_forms if number % 2 else ()
        for maker, loader in ways:
            relaxed = ("--rdb-version-check", "relaxed") if maker == "redis" else ()
            for kind in ("rdb", "aof with a base in RDB form", "aof with a base of commands"):
                options = list(forms)
                if kind != "rdb":
                    options += ["--appendonly", "yes", "--aof-use-rdb-preamble", "yes" if "RDB" in kind else "no"]
                problem = None
                with tempfile.TemporaryDirectory(prefix="millrace_files_") as folder:
                    try:
                        with Running(servers[maker], folder, *options) as running:
                            fill(running.client, number)
                            if kind == "rdb":
                                running.client.command("SAVE")
                            else:
                                running.client.command("BGREWRITEAOF")
                                while "aof_rewrite_in_progress:1" in running.client.command("INFO", "persistence"):
                                    time.sleep(0.02)
                                fill(running.client, number + 100)
                            expected = digest(running)
                        found = load(servers[loader], folder, [*options, *relaxed])
                        if found != expected:
                            problem = f"{found} instead of {expected}"
                    except (RuntimeError, ReplyError, OSError) as error:
                        problem = f"{type(error).__name__}: {error}"
                passed += problem is None
                failed += problem is not None
                print(f"round {number}: {kind} of {maker} in {loader}: {problem or 'equal'}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
