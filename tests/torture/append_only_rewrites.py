#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What rewrites of the AOF that succeed and fail leave: manifest, files, and the same data after kill -9.

    tests/torture/append_only_rewrites.py SERVER

The tests of Valkey's integration/aof-multi-part that kill the child process of a rewrite, for a server without one: a
rewrite fails here since a folder stands where its temporary file would be. Ends in `N passed, N failed`.
"""
import argparse
import os
import re
import sys
import tempfile
import time

from append_only_steps import start, stop

OPTIONS = ("--auto-aof-rewrite-percentage", "0", "--enable-debug-command", "yes")


class Server:
    def __init__(self, program, folder):
        self.program, self.folder, self.written = program, folder, 0
        self.begin()

    def begin(self):
        self.process, self.client = start(self.program, self.folder, options=OPTIONS)

    def write(self, count=20):
        for _ in range(count):
            self.written += 1
            self.client.command("SET", f"key:{self.written % 50}", self.written)
            self.client.command("RPUSH", "list", self.written)

    def field(self, name):
        return re.search(rf"{name}:(\S+)", self.client.command("INFO", "persistence")).group(1)

    def wait_until(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError("waited too long")
            time.sleep(0.01)

    def rewrite(self):
        self.client.command("BGREWRITEAOF")
        self.wait_until(lambda: self.field("aof_rewrite_in_progress") == "0")
        return self.field("aof_last_bgrewrite_status")

    def block(self, is_blocked):
        path = os.path.join(self.folder, f"temp-rewriteaof-bg-{self.process.pid}.aof")
        if is_blocked:
            os.mkdir(path)
        else:
            os.rmdir(path)

    def manifest(self):
        """As `base 2, incr 2, incr 3`, history in brackets."""
        with open(os.path.join(self.folder, "appendonlydir", "appendonly.aof.manifest")) as file:
            lines = re.findall(r"file appendonly\.aof\.(\d+)\.(base|incr)\.\w+ seq (\d+) type (\w)", file.read())
        assert all(number == sequence for number, _, sequence, _ in lines), lines
        return ", ".join(f"({kind} {number})" if of == "h" else f"{kind} {number}" for number, kind, _, of in lines)

    def files(self):
        """The same of what is in the folder, in order."""
        found = [re.match(r"appendonly\.aof\.(\d+)\.(base|incr)\.", name)
                 for name in os.listdir(os.path.join(self.folder, "appendonlydir"))]
        return ", ".join(f"{match[2]} {match[1]}" for match in
                         sorted((match for match in found if match), key=lambda match: (match[2], int(match[1]))))

    def digest(self):
        return self.client.command("DEBUG", "DIGEST")

    def log(self):
        with open(os.path.join(self.folder, "server.log"), errors="replace") as file:
            return file.read()

    def comes_back(self):
        """Whether DEBUG LOADAOF, and a start after kill -9, give the same data."""
        before = self.digest()
        self.client.command("DEBUG", "LOADAOF")
        loaded = self.digest()
        stop(self.process)
        self.begin()
        return before == loaded == self.digest()


def failures(server):
    server.write()
    yield "a rewrite", server.rewrite(), "ok"
    yield "its files", server.manifest(), "base 2, incr 2"
    server.block(True)
    for number in range(3):
        server.write()
        yield f"one that fails, {number + 1}", server.rewrite(), "err"
    server.write()
    yield "each has opened a file", server.manifest(), "base 2, incr 2, incr 3, incr 4, incr 5"
    yield "which is there", server.files(), "base 2, incr 2, incr 3, incr 4, incr 5"
    server.client.command("CONFIG", "SET", "auto-aof-rewrite-min-size", 100)
    server.client.command("CONFIG", "SET", "auto-aof-rewrite-percentage", 1)
    server.wait_until(lambda: "repeatedly failed and triggered the limit" in server.log())
    server.write()
    time.sleep(0.5)
    yield "then none comes by itself", server.manifest(), "base 2, incr 2, incr 3, incr 4, incr 5"
    server.client.command("CONFIG", "SET", "auto-aof-rewrite-percentage", 0)
    server.block(False)
    yield "the data comes back", server.comes_back(), True
    server.write()
    yield "one that succeeds", server.rewrite(), "ok"
    yield "takes the place of all", server.manifest(), "base 3, incr 6"
    yield "in the folder, too", server.files(), "base 3, incr 6"
    yield "the data comes back then", server.comes_back(), True


def off_and_on(server):
    server.write()
    server.client.command("CONFIG", "SET", "appendonly", "no")
    yield "a rewrite while it is off", server.rewrite(), "ok"
    yield "leaves a base alone", server.manifest(), "base 2"
    server.client.command("CONFIG", "SET", "appendonly", "yes")
    server.client.command("SET", "before it is on", 1)
    yield "who waits before it is on is told", server.client.command("WAITAOF", 1, 0, 5000), [1, 0]
    server.wait_until(lambda: server.field("aof_rewrite_in_progress") == "0")
    server.write()
    yield "on again", server.manifest(), "base 3, incr 1"
    yield "the data comes back", server.comes_back(), True
    yield "the numbers go on behind a start", (server.rewrite(), server.manifest()), ("ok", "base 4, incr 2")


def asked_for_while_another_is_given_up(server):
    """A rewrite that was asked for then is under way until it is over: there is no moment in between."""
    client = server.client
    passed = []
    for number in range(10):
        client.command("CONFIG", "SET", "appendonly", "yes")
        server.wait_until(lambda: server.field("aof_rewrite_in_progress") == "0")
        client.command("CONFIG", "SET", "rdb-key-save-delay", "100000")
        client.command("BGREWRITEAOF")
        time.sleep(0.05)
        at_once = (("CONFIG", "SET", "appendonly", "no", "rdb-key-save-delay", "0"), ("SET", "not logged", number),
                   ("BGREWRITEAOF",))
        for words in at_once:
            client.send(*words)
        for _ in at_once:
            client.read()
        server.wait_until(lambda: server.field("aof_rewrite_in_progress") == "0")
        digest = server.digest()
        client.command("DEBUG", "LOADAOF")
        passed.append(server.digest() == digest)
    client.command("CONFIG", "SET", "appendonly", "yes")
    server.wait_until(lambda: server.field("aof_rewrite_in_progress") == "0")
    yield "a rewrite asked for while another is given up follows at once", all(passed), True


def history(server):
    server.client.command("CONFIG", "SET", "aof-disable-auto-gc", "yes")
    for _ in range(2):
        server.write()
        server.rewrite()
    yield "history stays", server.manifest(), "base 3, (incr 2), (base 2), (incr 1), (base 1), incr 3"
    yield "with its files", server.files(), "base 1, base 2, base 3, incr 1, incr 2, incr 3"
    server.client.command("CONFIG", "SET", "aof-disable-auto-gc", "no")
    server.wait_until(lambda: server.files() == "base 3, incr 3")
    yield "and goes when it may", server.manifest(), "base 3, incr 3"
    yield "the data comes back", server.comes_back(), True


def first_base_fails(server):
    server.write()
    server.client.command("CONFIG", "SET", "appendonly", "no")
    server.write()
    server.block(True)
    server.client.command("CONFIG", "SET", "appendonly", "yes")
    server.wait_until(lambda: server.field("aof_last_bgrewrite_status") == "err")
    server.write()
    yield "what a start would find is as before", server.manifest(), "base 1, incr 1"
    server.block(False)
    server.wait_until(lambda: server.files() == server.manifest() == "base 2, incr 2", 90)
    server.write()
    yield "the data comes back", server.comes_back(), True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server")
    options = parser.parse_args()
    passed = failed = 0
    for case in (failures, off_and_on, asked_for_while_another_is_given_up, history, first_base_fails):
        with tempfile.TemporaryDirectory(prefix="millrace_rewrites_") as folder:
            server = Server(options.server, folder)
            try:
                for what, seen, expected in case(server):
                    passed += seen == expected
                    failed += seen != expected
                    if seen != expected:
                        print(f"{case.__name__}: {what}: {seen}, not {expected}", flush=True)
            except RuntimeError as error:
                failed += 1
                print(f"{case.__name__}: {error}", flush=True)
            finally:
                stop(server.process)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
