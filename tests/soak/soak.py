#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Load with everything that disturbs it: pipelines of all lengths, values of all sizes, clients that hang up in the
middle, CLIENT KILL storms, I/O threads that come and go, snapshots and rewritten logs; and beside that scripts,
pub/sub, transactions, tracking and blocking commands, see roles.py.

    soak.py SERVER [SECONDS] [SEED]

Each worker has keys of its own, so it knows every reply; a wrong one, a lost connection that nobody killed, a server
that ends or says anything of a sanitizer is a failure. The last line is `N passed, N failed`.
"""

import os
import random
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from resp_client import ReplyError, Server  # noqa: E402
from roles import start_roles  # noqa: E402

WORKERS = 12
SIZES = (0, 1, 16, 500, 5000, 40000, 300000)


def encode(words):
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        word = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(parts)


def bulk(value):
    return b"$-1\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value), value)


class Worker(threading.Thread):
    """Knows what its keys hold, and checks every byte of every reply."""

    def __init__(self, number, server, seed, deadline):
        super().__init__(daemon=True)
        self.number, self.server, self.deadline = number, server, deadline
        self.random = random.Random(seed * 1000 + number)
        self.model = {}
        self.batches = self.lost = self.connections = 0
        self.problem = None

    def request(self):
        key = b"w%d:%d:%d" % (self.number, self.connections, self.random.randrange(20))
        kind = self.random.random()
        if kind < 0.4:
            value = bytes([self.random.randrange(97, 123)]) * self.random.choice(SIZES[:-1])
            if self.random.random() < 0.01:
                value = b"L" * SIZES[-1]
            self.model[key] = value
            return encode(["SET", key, value]), b"+OK\r\n"
        if kind < 0.8:
            return encode(["GET", key]), bulk(self.model.get(key))
        if kind < 0.9:
            existed = self.model.pop(key, None) is not None
            return encode(["DEL", key]), b":%d\r\n" % existed
        value = self.model.get(key, b"") + b"+"
        self.model[key] = value
        return encode(["APPEND", key, "+"]), b":%d\r\n" % len(value)

    def run(self):
        try:
            while time.time() < self.deadline and self.problem is None:
                self.serve_one_connection()
        except OSError as error:
            self.problem = f"worker {self.number}: cannot connect: {error}"

    def serve_one_connection(self):
        connection = socket.create_connection(("127.0.0.1", self.server.port), 60)
        # What a killed connection had asked for may happen or not, and later than this; so each has keys of its own.
        self.model = {}
        self.connections += 1
        try:
            while time.time() < self.deadline:
                pairs = [self.request() for _ in range(self.random.choice((1, 1, 5, 40)))]
                expected = b"".join(reply for _, reply in pairs)
                threading.Thread(target=self.send, args=(connection, b"".join(r for r, _ in pairs))).start()
                if self.random.random() < 0.005:
                    return
                got = bytearray()
                while len(got) < len(expected):
                    piece = connection.recv(1 << 20)
                    if not piece:
                        raise ConnectionError
                    got += piece
                if got != expected:
                    at = next(i for i, (a, b) in enumerate(zip(got, expected)) if a != b)
                    self.problem = (f"worker {self.number}: at {at} of {len(expected)}: "
                                    f"{bytes(got[at:at + 60])} is not {expected[at:at + 60]}")
                    return
                self.batches += 1
        except ConnectionError:
            self.lost += 1
        finally:
            connection.close()

    @staticmethod
    def send(connection, data):
        try:
            connection.sendall(data)
        except OSError:
            pass


def kill_somebody(client, source):
    """How many clients that ended."""
    lines = client.command("CLIENT", "LIST").splitlines()
    number = source.choice(lines).split()[0].partition("=")[2]
    return client.command("CLIENT", "KILL", "ID", number, "SKIPME", "yes")


def unblock_somebody(client, source):
    blocked = [line for line in client.command("CLIENT", "LIST").splitlines() if " flags=b " in line]
    if blocked:
        number = source.choice(blocked).split()[0].partition("=")[2]
        client.command("CLIENT", "UNBLOCK", number, source.choice(("TIMEOUT", "ERROR")))
    return 0


def kill_most(client, _):
    return client.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def commands(*choices):
    """One of them, drawn anew each time."""
    def run(client, source):
        client.command(*source.choice(choices))
        return 0
    return run


# What disturbs, and how often.
DISTURBANCES = {
    kill_most: 2, kill_somebody: 4, unblock_somebody: 4,
    commands(*(("CONFIG", "SET", "io-threads", count) for count in range(1, 6))): 4,
    commands(*(("CONFIG", "SET", "io-threads-always-active", each) for each in ("yes", "no"))): 2,
    commands(*(("CONFIG", "SET", "appendonly", each) for each in ("yes", "no"))): 1,
    commands(("BGSAVE",), ("BGREWRITEAOF",)): 3,
    commands(("CLIENT", "KILL", "TYPE", "pubsub")): 1,
    commands(("HOTKEYS", "GET"), ("HOTKEYS", "GET", "BY", "CPU"), ("HOTKEYS", "RESET"), ("BIGKEYS", "GET")): 2,
    commands(("INFO", "everything"), ("MEMORY", "STATS"), ("SLOWLOG", "GET"), ("CLIENT", "LIST"),
             ("LATENCY", "HISTOGRAM"), ("CONFIG", "RESETSTAT"), ("MEMORY", "PURGE"), ("PUBSUB", "NUMPAT")): 3,
    commands(("SCRIPT", "FLUSH"), ("SCRIPT", "FLUSH", "ASYNC"), ("FUNCTION", "FLUSH", "ASYNC")): 1,
    commands(("CLIENT", "PAUSE", 30, "WRITE"), ("CLIENT", "PAUSE", 20, "ALL"), ("CLIENT", "UNPAUSE")): 1,
}


def disturb(server, deadline, seed):
    """Kills clients, changes the number of threads, saves and looks; how many were killed."""
    source = random.Random(seed)
    client = server.connect()
    client.socket.settimeout(120)
    killed = 0
    while time.time() < deadline:
        time.sleep(source.random() * 0.1)
        what = source.choices(list(DISTURBANCES), weights=DISTURBANCES.values())[0]
        try:
            killed += what(client, source)
        except ReplyError as error:
            if not any(words in str(error) for words in ("in progress", "is active", "No such client")):
                raise
    return killed


def ask_to_end(process):
    """Again and again: a server that writes the first base of a log refuses."""
    for _ in range(12):
        process.terminate()
        try:
            return process.wait(5)
        except subprocess.TimeoutExpired:
            pass
    return process.wait(1)


def main():
    program = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 30
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    print(f"soak: {seconds:.0f} s, seed {seed}")
    problems = []
    with Server(program, ["--io-threads", "4", "--io-threads-always-active", "yes", "--save", ""]) as server:
        deadline = time.time() + seconds
        workers = [Worker(i, server, seed, deadline) for i in range(WORKERS)]
        for worker in workers:
            worker.start()
        roles = start_roles(server, seed, deadline)
        try:
            killed = disturb(server, deadline, seed)
            for worker in workers + [role for role in roles if not role.waits_for_others]:
                worker.join(90)
                if worker.is_alive():
                    problems.append(f"{type(worker).__name__} {worker.number} hangs")
            problems += [worker.problem for worker in workers + roles if worker.problem]
            client = server.connect()
            if client.command("PING") != "PONG":
                problems.append("the server does not answer")
            print(f"{sum(w.batches for w in workers)} batches, {killed} killed, {sum(w.lost for w in workers)} lost")
            print(", ".join(f"{role.name_of_role()} {role.steps}/{role.connections}" for role in roles))
        except (OSError, ReplyError) as error:
            problems.append(f"the server is gone: {error}")
        try:
            if ask_to_end(server.process) != 0:
                problems.append(f"the server ended with {server.process.returncode}")
        except subprocess.TimeoutExpired:
            problems.append("the server does not end")
        text = server.log()
        for mark in ("Sanitizer", "runtime error", "BUG REPORT"):
            if mark in text:
                at = text.index(mark)
                problems.append(text[max(0, at - 200):at + 12000])
    for problem in problems:
        print(problem)
    print(f"{0 if problems else 1} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
