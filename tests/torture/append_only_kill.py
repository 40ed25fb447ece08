#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Kills the server with SIGKILL under load, starts it again, and looks for acknowledged writes that are gone.

    tests/torture/append_only_kill.py SERVER [--cycles 40] [--seed N] [--policy always|everysec] [--rewrite]
                                      [--workers 1] [--port 0] [--valkey]

Each cycle some clients write rising counters to their own keys, lists, MULTI units and scripts; the server is killed at
a random moment, of which one in eight is while it starts; after the restart every counter must be at least what was
acknowledged and at most what was sent, lists must have every element in order, and both keys of a unit must agree. In
some cycles BGREWRITEAOF or BGSAVE runs all the time (with --rewrite: in all), or SIGTERM has come before. Workers run
side by side, each with a share of the cycles and a server of its own. The seed is printed and repeats the run. Ends in
`N passed, N failed`.
"""
import argparse
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from resp_client import RespClient, ReplyError, free_port  # noqa: E402

CLIENTS = 4
SCRIPT = "redis.call('SET', KEYS[1], ARGV[1]) redis.call('SET', KEYS[2], ARGV[1]) return 1"


class Writer(threading.Thread):
    """One client; what it sent and what was acknowledged survives the server."""

    def __init__(self, number, port, rng, state):
        super().__init__(daemon=True)
        self.number, self.port, self.rng, self.state = number, port, rng, state

    def run(self):
        try:
            client = RespClient(port=self.port)
            state, n = self.state, self.number
            while True:
                depth = self.rng.choice((1, 1, 2, 8))
                first = state["sent"] + 1
                words = []
                for value in range(first, first + depth):
                    words += [("SET", f"c{n}", value), ("RPUSH", f"l{n}", value), ("MULTI",),
                              ("SET", f"a{n}", value), ("SET", f"b{n}", value), ("EXEC",),
                             ("EVAL", SCRIPT, 2, f"d{n}", f"e{n}", value)]
                state["sent"] = first + depth - 1
                for each in words:
                    client.send(*each)
                for value in range(first, first + depth):
                    replies = [client.typed_reply() for _ in range(7)]
                    if any(reply.kind == "-" for reply in replies):
                        raise ReplyError(str(replies))
                    state["acknowledged"] = value
        except (OSError, ConnectionError, ValueError):
            return


def typed_reply(self):
    return self.read()


RespClient.typed_reply = typed_reply


def start(server, port, folder, options, log):
    words = [server, "--port", str(port), "--save", "", "--dir", folder, "--appendonly", "yes", *options]
    process = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("the server did not start")
        try:
            client = RespClient(port=port, timeout=5)
            client.command("PING")
            return process, client
        except (OSError, ConnectionError, ReplyError):
            time.sleep(0.01)
    raise RuntimeError("the server is not ready")


def check(client, states):
    lost = []
    for n, state in enumerate(states):
        counter = int(client.command("GET", f"c{n}") or 0)
        if not state["acknowledged"] <= counter <= state["sent"]:
            lost.append(f"c{n} is {counter}, acknowledged {state['acknowledged']}, sent {state['sent']}")
        values = [int(each) for each in client.command("LRANGE", f"l{n}", 0, -1)]
        if values != list(range(1, len(values) + 1)) or len(values) < state["acknowledged"]:
            lost.append(f"l{n} has {len(values)} elements, acknowledged {state['acknowledged']}")
        for first, second in ("ab", "de"):
            one, two = client.command("GET", f"{first}{n}"), client.command("GET", f"{second}{n}")
            if one != two or int(one or 0) < state["acknowledged"]:
                lost.append(f"{first}{n} is {one}, {second}{n} is {two}, acknowledged {state['acknowledged']}")
        # What was sent but not acknowledged may or may not be there; from here on both agree.
        state["sent"] = state["acknowledged"] = 0
    client.command("FLUSHALL")
    return lost


def disturb(port, rng, stop, command):
    try:
        client = RespClient(port=port)
        while not stop.is_set():
            client.typed(command)
            time.sleep(rng.random() * 0.02)
    except (OSError, ConnectionError):
        pass


def cycle(arguments, rng, port, folder, log, states):
    options = ["--appendfsync", arguments.policy]
    options += ["--aof-use-rdb-preamble", rng.choice(("yes", "no"))]
    options += ["--io-threads", rng.choice(("1", "1", "3"))]
    options += ["--aof-checksum-annotations", rng.choice(("yes", "no"))] if arguments.ours else []
    if rng.random() < 0.125:  # A death while it starts.
        words = [arguments.server, "--port", str(port), "--save", "", "--dir", folder, "--appendonly", "yes", *options]
        process = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        time.sleep(rng.random() * 0.03)
        process.kill()
        process.wait()
    process, client = start(arguments.server, port, folder, options, log)
    lost = check(client, states)
    writers = [Writer(n, port, random.Random(rng.random()), states[n]) for n in range(CLIENTS)]
    stop = threading.Event()
    for writer in writers:
        writer.start()
    event = 0 if arguments.rewrite else rng.random()
    if event < 0.4:
        command = "BGREWRITEAOF" if event < 0.25 else "BGSAVE"
        threading.Thread(target=disturb, args=(port, random.Random(rng.random()), stop, command), daemon=True).start()
    time.sleep(rng.random() * arguments.seconds)
    if event > 0.9:
        process.send_signal(signal.SIGTERM)
        time.sleep(rng.random() * 0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    stop.set()
    for writer in writers:
        writer.join(10)
    client.close()
    return lost


def work(arguments, number, cycles, seed, results):
    """One worker: puts (cycles that failed, rounds that were acknowledged)."""
    rng = random.Random(seed)
    states = [{"sent": 0, "acknowledged": 0} for _ in range(CLIENTS)]
    failed = acknowledged = 0
    with tempfile.TemporaryDirectory(prefix="millrace_torture_") as folder, \
            open(os.path.join(folder, "server.log"), "wb") as log:
        port = arguments.port + number if arguments.port else free_port()
        for done in range(cycles + 1):
            acknowledged += sum(state["acknowledged"] for state in states)
            try:
                lost = cycle(arguments, rng, port, folder, log, states)
            except (RuntimeError, OSError, ConnectionError, ReplyError) as error:
                with open(os.path.join(folder, "server.log"), errors="replace") as text:
                    lost = [f"{error}\n" + "".join(text.readlines()[-15:])]
                states = [{"sent": 0, "acknowledged": 0} for _ in range(CLIENTS)]
            failed += bool(lost)
            for line in lost:
                print(f"worker {number}, seed {seed}, cycle {done}: {line}", flush=True)
    results.put((failed, acknowledged))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--cycles", type=int, default=40)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--policy", default="everysec")
    parser.add_argument("--seconds", type=float, default=0.1)
    parser.add_argument("--rewrite", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--port", type=int, default=0, help="of the first worker; 0: any")
    parser.add_argument("--valkey", dest="ours", action="store_false", help="SERVER is a real Valkey")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}, {arguments.cycles} cycles, {arguments.workers} workers, appendfsync {arguments.policy}",
          flush=True)
    began = time.monotonic()
    results = multiprocessing.Queue()
    workers = []
    for number in range(arguments.workers):
        cycles = arguments.cycles // arguments.workers + (number < arguments.cycles % arguments.workers)
        workers.append(multiprocessing.Process(target=work, args=(arguments, number, cycles, seed + number, results)))
        workers[-1].start()
    outcomes = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    failed = sum(outcome[0] for outcome in outcomes)
    acknowledged = sum(outcome[1] for outcome in outcomes)
    print(f"{acknowledged} acknowledged rounds of writes in {time.monotonic() - began:.0f} s")
    print(f"{arguments.cycles - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
