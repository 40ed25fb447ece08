#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Kills the server before and after each single step that the AOF takes on disk, and cuts the log at every byte.

    tests/torture/append_only_steps.py SERVER [--steps N]

First the steps: the server writes, rewrites the AOF twice and switches it off and on, while each rename, unlink,
ftruncate and fsync in turn is its last deed. Then the bytes: the last file of an AOF is cut at each of its bytes, and
each time the server must start with a state that is a prefix of the history, MULTI units whole or absent.
Ends in `N passed, N failed`.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from resp_client import RespClient, ReplyError, free_port  # noqa: E402

KEYS = 30


class Dead(Exception):
    pass


def start(server, folder, environment=None, options=()):
    port = free_port()
    words = [server, "--port", str(port), "--save", "", "--dir", folder, "--appendonly", "yes", *options]
    with open(os.path.join(folder, "server.log"), "ab") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                   env={**os.environ, **(environment or {})})
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            client = RespClient(port=port, timeout=10)
            client.command("PING")
            return process, client
        except (OSError, ConnectionError, ReplyError):
            time.sleep(0.01)
    process.kill()
    process.wait()
    raise Dead()


def stop(process):
    process.kill()
    process.wait()


def wait_for_rewrite(client):
    for _ in range(1000):
        if "aof_rewrite_in_progress:1" not in client.command("INFO", "persistence"):
            return
        time.sleep(0.005)
    raise RuntimeError("the rewrite does not end")


class History:
    """What was sent and what was acknowledged: keys k1, k2, ... in order, and pairs of keys in units."""

    def __init__(self):
        self.sent = self.acknowledged = 0

    def write(self, client, count):
        for _ in range(count):
            self.sent += 1
            client.command("SET", f"k{self.sent}", self.sent)
            self.acknowledged = self.sent
            for words in (("MULTI",), ("SET", "a", self.sent), ("SET", "b", self.sent), ("EXEC",)):
                client.command(*words)

    def check(self, client):
        size = sum(client.command("EXISTS", f"k{n}") for n in range(1, self.sent + 1))
        if any(client.command("GET", f"k{n}") != str(n) for n in range(1, size + 1)):
            return "the keys are no prefix"
        if size < self.acknowledged:
            return f"{size} keys, {self.acknowledged} acknowledged"
        if client.command("GET", "a") != client.command("GET", "b"):
            return "half of a unit"
        return None


def work(client, history):
    history.write(client, KEYS)
    for _ in range(2):
        client.command("BGREWRITEAOF")
        history.write(client, KEYS)
        wait_for_rewrite(client)
    client.command("CONFIG", "SET", "appendonly", "no")
    client.command("CONFIG", "SET", "appendonly", "yes")
    wait_for_rewrite(client)
    history.write(client, KEYS)


def one_step(server, shim, number, after, rdb):
    """None: the server has lived through its work; else what was wrong, or an empty text."""
    history = History()
    with tempfile.TemporaryDirectory(prefix="millrace_steps_") as folder:
        environment = {"LD_PRELOAD": shim, "MILLRACE_KILL_AT": str(number), "MILLRACE_KILL_AFTER": str(int(after))}
        options = ("--aof-use-rdb-preamble", rdb, "--appendfsync", "always")
        survived = False
        process = None
        try:
            process, client = start(server, folder, environment, options)
            work(client, history)
            survived = True
        except (Dead, OSError, ConnectionError):
            pass
        if process is not None:
            stop(process)
        try:
            process, client = start(server, folder, options=options)
        except Dead:
            with open(os.path.join(folder, "server.log"), errors="replace") as log:
                return "does not start again:\n" + "".join(log.readlines()[-6:])
        problem = history.check(client)
        if problem is None:
            client.command("BGREWRITEAOF")
            wait_for_rewrite(client)
            if "aof_last_bgrewrite_status:ok" not in client.command("INFO", "persistence"):
                problem = "cannot rewrite afterwards"
        stop(process)
        return None if survived and problem is None else problem or ""


def cut_everywhere(server):
    """Yields what is wrong with each cut of the last file, or None."""
    with tempfile.TemporaryDirectory(prefix="millrace_cuts_") as folder:
        process, client = start(server, folder)
        history = History()
        history.write(client, 4)
        client.command("LPUSH", "list", "x" * 40)
        stop(process)
        log_folder = os.path.join(folder, "appendonlydir")
        last = max(name for name in os.listdir(log_folder) if ".incr." in name)
        with open(os.path.join(log_folder, last), "rb") as file:
            whole = file.read()
        history.acknowledged = 0
        for size in range(len(whole) + 1):
            with tempfile.TemporaryDirectory(prefix="millrace_cut_") as copy:
                shutil.copytree(log_folder, os.path.join(copy, "appendonlydir"))
                with open(os.path.join(copy, "appendonlydir", last), "wb") as file:
                    file.write(whole[:size])
                try:
                    process, client = start(server, copy)
                except Dead:
                    yield f"cut at {size}: does not start"
                    continue
                problem = history.check(client)
                keys = client.command("DBSIZE")
                client.command("SET", "later", "x")
                stop(process)
                process, client = start(server, copy)
                if client.command("DBSIZE") != keys + 1:
                    problem = problem or "what was written after the cut is lost"
                stop(process)
                yield f"cut at {size}: {problem}" if problem else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--steps", type=int, default=1000, help="at most so many steps")
    parser.add_argument("--skip-cuts", action="store_true")
    arguments = parser.parse_args()
    passed = failed = 0

    def count(problem, what):
        nonlocal passed, failed
        passed += problem is None
        failed += problem is not None
        if problem is not None:
            print(f"{what}: {problem}", flush=True)

    here = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory(prefix="millrace_shim_") as folder:
        shim = os.path.join(folder, "disk_shim.so")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", os.path.join(here, "disk_shim.c"), "-o", shim, "-ldl"],
                       check=True)
        for after in (False, True):
            for number in range(1, arguments.steps + 1):
                result = one_step(arguments.server, shim, number, after, "no" if number % 2 else "yes")
                if result is None:
                    break
                count(result or None, f"step {number}, {'after' if after else 'before'}")
    if not arguments.skip_cuts:
        for problem in cut_everywhere(arguments.server):
            count(problem, "cut")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
