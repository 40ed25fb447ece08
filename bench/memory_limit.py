#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What `maxmemory` costs and how well it chooses, beside another server in one run.

    memory_limit.py MODE OURS [--reference PROGRAM] [--rounds N]

OURS and PROGRAM are server programs that take Valkey's command line. valkey-benchmark is looked for beside PROGRAM.
With REALTIME=1 the main threads run before all else on the machine (as root), so that stalls are their own.
VERBOSE=1 lists the slowest commands. What is slow before anything is asked of the server, or while keys are only looked
at, is the machine: one that samples which pages are used makes the first look at each page slow again afterwards.
Churn is measured by tests/memory/churn.py.

Modes
  evict   SET of 512 bytes, pipeline 10, random keys, allkeys-lru, at the limit all the time: server CPU per command.
          The server is on core 0, the load on core 1.
  zipf    a cache of 50,000 keys in front of 500,000 whose use follows Zipf's law: the share of hits, by policy.
          Both servers get the limit at which they hold 50,000 keys, so that only the choice of victims counts.
  halve   maxmemory is lowered by half while keys are written: the slowest command meanwhile, and how long until
          the limit is kept.
  busy    the same on a core that two endless loops keep busy, with new keys in pipelines: use over the limit from one
          second on, and the slowest command.
  delete  90 % of 5 million keys are deleted: RSS over that of a fresh server with what is left, and the slowest
          command of a second client while nothing happens, while the keys are only looked at in the same pipelines,
          while they are deleted, and afterwards. The servers are on core 0, the load on core 1.
"""
import argparse
import bisect
import itertools
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import time

from measured import Client, Server, before_all_else, cpu_seconds, load, start_load

VALUE = b"x" * 512


def start(program, core=None):
    return Server(before_all_else(program), core=core)


def used_memory(server):
    return int(server.info()["used_memory"])


def fill(client, keys, begin=0, step=1000, value=VALUE):
    for at in range(begin, begin + keys, step):
        client.pipeline([("SET", "key:%012d" % i, value) for i in range(at, min(at + step, begin + keys))])


# --- evict ---

def evict_once(program, benchmark, requests):
    with start(program, core=0) as server:
        server.client.call("CONFIG", "SET", "maxmemory", "200mb")
        server.client.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        words = ["-t", "set", "-d", "512", "-P", "10", "-c", "50", "-r", "3000000", "-q", "-n"]
        load(benchmark, server.port, *words, "400000", core=1)
        evicted, cpu = int(server.info()["evicted_keys"]), server.cpu_seconds()
        load(benchmark, server.port, *words, str(requests), core=1)
        cpu = server.cpu_seconds() - cpu
        evicted = int(server.info()["evicted_keys"]) - evicted
        return cpu * 1e9 / requests, evicted / requests


def evict(args):
    ratios = []
    for number in range(args.rounds):
        theirs, their_rate = evict_once(args.reference, args.benchmark, args.requests)
        ours, our_rate = evict_once(args.ours, args.benchmark, args.requests)
        ratios.append(ours / theirs)
        print(f"round {number + 1}: reference {theirs:.0f} ns ({their_rate:.2f} evictions each), "
              f"ours {ours:.0f} ns ({our_rate:.2f}), ratio {ours / theirs:.2f}", flush=True)
    print(f"server CPU per command, ours / reference: {statistics.median(ratios):.2f}")


# --- zipf ---

ACCESSES_PER_SECOND = 40000


def zipf_keys(count, population, exponent, seed):
    weights = list(itertools.accumulate(1 / (rank ** exponent) for rank in range(1, population + 1)))
    chosen = random.Random(seed)
    total = weights[-1]
    return [bisect.bisect(weights, chosen.random() * total) for _ in range(count)]


def hit_rate(program, policy, accesses, capacity):
    with start(program, core=0) as server:
        client = server.client
        value = b"v" * 100
        expiry = ("EX", "100000") if policy.startswith("volatile") else ()
        for at in range(0, capacity, 1000):
            client.pipeline([("SET", "key:%012d" % (10**9 + i), value, *expiry) for i in range(at, at + 1000)])
        time.sleep(0.3)
        client.call("CONFIG", "SET", "maxmemory", used_memory(server))
        client.call("CONFIG", "SET", "maxmemory-policy", policy)
        hits = looked = 0
        warm = len(accesses) // 3
        begin = time.monotonic()
        for at in range(0, len(accesses), 100):
            # At the same rate for everybody: what the clock of an LRU tells apart depends on it.
            time.sleep(max(0, begin + at / ACCESSES_PER_SECOND - time.monotonic()))
            names = ["key:%012d" % i for i in accesses[at:at + 100]]
            values = client.pipeline([("GET", name) for name in names])
            missing = {name for name, got in zip(names, values) if got is None}
            if at >= warm:
                looked += len(names)
                hits += sum(name not in missing for name in names)
            if missing:
                client.pipeline([("SET", name, value, *expiry) for name in missing])
        return hits / looked, client.call("DBSIZE")


def zipf(args):
    accesses = zipf_keys(args.accesses, 500000, 0.9, 1)
    for policy in args.policies.split(","):
        for number in range(args.rounds):
            theirs, their_keys = hit_rate(args.reference, policy, accesses, 50000)
            ours, our_keys = hit_rate(args.ours, policy, accesses, 50000)
            print(f"{policy:16} reference {theirs:.4f} ({their_keys} keys), "
                  f"ours {ours:.4f} ({our_keys} keys)", flush=True)


# --- halve ---

class Gaps:
    """Processes, one a core, that run before all others and note when their core was nobody's: the machine's share."""

    def __init__(self):
        self.pipes, self.processes = [], []
        for core in range(os.cpu_count()):
            ours, theirs = multiprocessing.Pipe()
            process = multiprocessing.Process(target=self.run, args=(core, theirs), daemon=True)
            process.start()
            self.pipes.append(ours)
            self.processes.append(process)

    @staticmethod
    def run(core, pipe):
        os.sched_setaffinity(0, {core})
        run_before_others(2)
        gaps = []
        while not pipe.poll():
            due = time.perf_counter() + 0.0005
            time.sleep(0.0005)
            now = time.perf_counter()
            if now - due > 0.0003:
                gaps.append((due, now))
        pipe.send(gaps)

    def stop(self):
        for pipe in self.pipes:
            pipe.send("stop")
        gaps = [pipe.recv() for pipe in self.pipes]
        for process in self.processes:
            process.join()
        return sorted(gap for core in gaps for gap in core)


def run_before_others(priority):
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except PermissionError:
        pass


def without(begin, end, gaps):
    """The time from `begin` to `end` that is in none of the gaps, which are sorted."""
    left, at = 0.0, begin
    for gap_begin, gap_end in gaps:
        if gap_end <= at or gap_begin >= end:
            continue
        left += max(gap_begin - at, 0)
        at = max(at, gap_end)
    return left + max(end - at, 0)


class Slowest:
    """In milliseconds: the slowest command, the slowest without the machine's gaps, and the most CPU time that the
    server (all of its threads) took during one command; the longest turn of its main loop as it says itself."""

    def __init__(self, slow, gaps, turn_us):
        self.count = sum(end - begin > 0.002 for begin, end, _ in slow)
        self.all = 1000 * max((end - begin for begin, end, _ in slow), default=0)
        self.own = 1000 * max((without(begin, end, gaps) for begin, end, _ in slow), default=0)
        self.cpu = 1000 * max((cpu for _, _, cpu in slow), default=0)
        self.gap = 1000 * max((end - begin for begin, end in gaps), default=0)
        self.turn = turn_us / 1000
        if os.environ.get("VERBOSE") == "1":
            for begin, end, cpu in sorted(slow, key=lambda each: each[0] - each[1])[:12]:
                print(f"    at {begin:.3f}: {1000 * (end - begin):.1f} ms, without gaps "
                      f"{1000 * without(begin, end, gaps):.1f}, server's CPU {1000 * cpu:.1f}")

    def __str__(self):
        return (f"{self.all:.1f} ms ({self.count} above 2; {self.own:.1f} without the machine's gaps of up to "
                f"{self.gap:.1f}; at most {self.cpu:.1f} of the server's CPU in one command; "
                f"longest turn {self.turn:.1f})")


class Prober:
    """A process that asks a thousand times a second, before others if the system lets it: it sees the server."""

    def __init__(self, server):
        server.client.call("CONFIG", "RESETSTAT")
        self.server = server
        self.gaps = Gaps()
        self.ours, theirs = multiprocessing.Pipe()
        arguments = (server.port, server.process.pid, theirs)
        self.process = multiprocessing.Process(target=self.run, args=arguments, daemon=True)
        self.process.start()
        self.ours.recv()

    @staticmethod
    def run(port, pid, pipe):
        run_before_others(1)
        client, slow = Client(port), []
        pipe.send("ready")
        while not pipe.poll():
            cpu, begin = cpu_seconds(pid), time.perf_counter()
            client.pipeline([("SET", "probe", "1")])  # It may be refused at the limit.
            end = time.perf_counter()
            if end - begin > 0.0005:
                slow.append((begin, end, cpu_seconds(pid) - cpu))
            time.sleep(0.001)
        pipe.send(slow)

    def stop(self):
        self.ours.send("stop")
        slow = self.ours.recv()
        self.process.join()
        return Slowest(slow, self.gaps.stop(), int(self.server.info("debug")["eventloop_duration_max"]))


def halve_once(program, benchmark, keys):
    with start(program, core=0) as server:
        client = server.client
        fill(client, keys)
        used = used_memory(server)
        client.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        client.call("CONFIG", "SET", "maxmemory", used)
        writer = start_load(benchmark, server.port, "-t", "set", "-d", "512", "-c", "20", "-r", str(3 * keys), "-q",
                            "-n", "100000000", core=1)
        time.sleep(1)
        prober = Prober(server)
        time.sleep(2)
        before = prober.stop()
        prober = Prober(server)
        client.call("CONFIG", "SET", "latency-monitor-threshold", "1")
        begin = time.perf_counter()
        client.call("CONFIG", "SET", "maxmemory", used // 2)
        while used_memory(server) > used // 2 * 1.001 and time.perf_counter() - begin < 60:
            time.sleep(0.02)
        took = time.perf_counter() - begin
        slowest = prober.stop()
        histogram = client.call("LATENCY", "LATEST")
        writer.terminate()
        writer.wait()
        return before, slowest, took, histogram


def halve(args):
    for name, program in (("reference", args.reference), ("ours", args.ours)):
        before, slowest, took, events = halve_once(program, args.benchmark, args.keys or 1000000)
        print(f"{name}: limit kept after {took:.2f} s, LATENCY LATEST {events}\n  slowest command:\n"
              f"    {'before':28} {before}\n    {'until the limit is kept':28} {slowest}", flush=True)


# --- busy ---

def busy_once(program, benchmark, keys, seconds=10):
    with start(program, core=0) as server:
        client = server.client
        fill(client, keys)
        limit = used_memory(server) // 2
        client.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        client.call("CONFIG", "SET", "maxmemory", 2 * limit)
        loop = ["taskset", "-c", "0", sys.executable, "-c", "while True: pass"]
        others = [subprocess.Popen(loop), subprocess.Popen(loop)]
        others.append(start_load(benchmark, server.port, "-t", "set", "-d", "512", "-c", "20", "-P", "8",
                                 "-r", str(10 * keys), "-q", "-n", "100000000", core=1))
        try:
            time.sleep(1)
            prober = Prober(server)
            client.call("CONFIG", "SET", "maxmemory", limit)
            begin, kept, highest = time.perf_counter(), None, 0.0
            while time.perf_counter() - begin < seconds:
                ratio = used_memory(server) / limit
                took = time.perf_counter() - begin
                if kept is None and ratio <= 1.001:
                    kept = took
                if took >= 1:
                    highest = max(highest, ratio)
                time.sleep(0.02)
            return prober.stop(), kept, highest
        finally:
            for process in others:
                process.kill()
                process.wait()


def busy(args):
    for number in range(args.rounds):
        for name, program in (("reference", args.reference), ("ours", args.ours)):
            slowest, kept, highest = busy_once(program, args.benchmark, args.keys or 300000)
            when = "never" if kept is None else f"after {kept:.2f} s"
            print(f"round {number + 1}: {name}: limit kept {when}, at most {highest:.3f} of it from one second on, "
                  f"slowest command {slowest}", flush=True)


# --- delete ---

def walk_keys(client, keys, word):
    """Nine of ten keys, in pipelines of a thousand."""
    for at in range(0, keys, 1000):
        client.pipeline([(word, "key:%012d" % i) for i in range(at, at + 1000) if i % 10 != 0])


def delete_once(program, keys):
    value = b"v" * 64
    slowest = {}
    with start(program, core=0) as server:
        client = server.client
        fill(client, keys, value=value)
        full = server.rss()
        time.sleep(2)
        prober = Prober(server)
        time.sleep(5)
        slowest["idle"] = prober.stop()
        for name, word in (("while the keys are looked at", "EXISTS"), ("while they are deleted", "DEL")):
            prober = Prober(server)
            walk_keys(client, keys, word)
            deleted = server.rss()
            slowest[name] = prober.stop()
        prober = Prober(server)
        lines = []
        for second in range(1, 13):
            time.sleep(1)
            lines.append(f"{server.rss() / 2**20:.0f}")
        slowest["afterwards"] = prober.stop()
        end = server.rss()
    with start(program) as server:
        for at in range(0, keys, 10000):
            server.client.pipeline([("SET", "key:%012d" % i, value) for i in range(at, at + 10000, 10)])
        time.sleep(1)
        fresh = server.rss()
    return full, deleted, end, fresh, lines, slowest


def delete(args):
    os.sched_setaffinity(0, {1})  # This process makes the load.
    for name, program in (("reference", args.reference), ("ours", args.ours)):
        full, deleted, end, fresh, lines, slowest = delete_once(program, args.keys or 5000000)
        mb = 2**20
        print(f"{name}: RSS full {full / mb:.0f} MB, after deletion {deleted / mb:.0f}, each second {' '.join(lines)}, "
              f"fresh {fresh / mb:.0f}; end / fresh {end / fresh:.2f}\n  slowest command:")
        for when, which in slowest.items():
            print(f"    {when:28} {which}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["evict", "zipf", "halve", "busy", "delete"])
    parser.add_argument("ours")
    parser.add_argument("--reference", default="valkey-server")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=1500000)
    parser.add_argument("--accesses", type=int, default=1500000)
    parser.add_argument("--keys", type=int, default=0, help="of delete (5,000,000), halve (1,000,000), busy (300,000)")
    parser.add_argument("--policies", default="allkeys-lru,allkeys-lfu,volatile-lru,volatile-ttl,allkeys-random")
    args = parser.parse_args()
    args.benchmark = os.path.join(os.path.dirname(args.reference), "valkey-benchmark")
    globals()[args.mode](args)


if __name__ == "__main__":
    main()
