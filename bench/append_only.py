#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The append-only file beside Valkey's: what it costs, and what a slow disk does to clients.

    bench/append_only.py OURS REFERENCE [--benchmark valkey-benchmark] [--rounds 3]

  everysec   SET 512 B, pipeline 10, 50 clients: server CPU per command, its AOF threads included
  always     SET 512 B, 50 clients, one command at a time and in pipelines of 10: throughput
  slow       SET while each fsync takes 3 s (tests/torture/disk_shim.c): p50, p99 and the longest, per policy
"""
import argparse
import os
import statistics
import subprocess
import tempfile
import time

from measured import Server, load


def start(program, policy, folder=None, environment=None):
    return Server(program, "--appendonly", "yes", "--appendfsync", policy, "--auto-aof-rewrite-percentage", "0",
                  folder=folder, environment=environment)


def load_rate(benchmark, port, requests, clients, pipeline):
    began = time.monotonic()
    load(benchmark, port, "-t", "set", "-d", "512", "-c", str(clients), "-P", str(pipeline), "-n", str(requests),
         "-r", "100000", "-q")
    return requests / (time.monotonic() - began)


def measure(program, benchmark, policy, requests, clients, pipeline):
    with start(program, policy) as server:
        load_rate(benchmark, server.port, requests // 10, clients, pipeline)
        before = server.cpu_seconds()
        rate = load_rate(benchmark, server.port, requests, clients, pipeline)
        spent = server.cpu_seconds() - before
        return rate, spent / requests * 1e9


def slow(program, policy, shim, seconds):
    with tempfile.TemporaryDirectory(prefix="millrace_bench_") as folder:
        start(program, policy, folder).stop()
        times = []
        with start(program, policy, folder, {"LD_PRELOAD": shim, "MILLRACE_SYNC_DELAY_MS": "3000"}) as server:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                began = time.monotonic()
                server.client.call("SET", "key", "x" * 512)
                times.append((time.monotonic() - began) * 1000)
                time.sleep(0.001)
    times.sort()
    return times[len(times) // 2], times[int(len(times) * 0.99)], times[-1], len(times)


def slow_table(both, seconds):
    with tempfile.TemporaryDirectory(prefix="millrace_shim_") as folder:
        shim = os.path.join(folder, "disk_shim.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "torture", "disk_shim.c")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", source, "-o", shim, "-ldl"], check=True)
        for policy in ("everysec", "always", "no"):
            for name, program in both:
                p50, p99, longest, count = slow(program, policy, shim, seconds)
                print(f"slow fsync, {policy}, {name}: p50 {p50:.2f} ms, p99 {p99:.2f} ms, longest {longest:.0f} ms, "
                      f"{count} writes", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ours")
    parser.add_argument("reference")
    parser.add_argument("--benchmark", default="valkey-benchmark")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=400000)
    parser.add_argument("--slow-seconds", type=float, default=20)
    parser.add_argument("--slow-only", action="store_true", help="only the table of slow fsyncs")
    arguments = parser.parse_args()
    both = (("ours", arguments.ours), ("valkey", arguments.reference))
    if arguments.slow_only:
        slow_table(both, arguments.slow_seconds)
        return

    ratios = []
    for _ in range(arguments.rounds):
        cost = {name: measure(program, arguments.benchmark, "everysec", arguments.requests, 50, 10)[1]
                for name, program in both}
        ratios.append(cost["ours"] / cost["valkey"])
        print(f"everysec: {cost['ours']:.0f} ns a command, valkey {cost['valkey']:.0f}: {ratios[-1]:.2f}", flush=True)
    print(f"everysec: median {statistics.median(ratios):.2f}")

    for pipeline in (1, 10):
        ratios = []
        for _ in range(arguments.rounds):
            rate = {name: measure(program, arguments.benchmark, "always", arguments.requests, 50, pipeline)[0]
                    for name, program in both}
            ratios.append(rate["ours"] / rate["valkey"])
            print(f"always, pipeline {pipeline}: {rate['ours']:.0f} a second, valkey {rate['valkey']:.0f}: "
                  f"{ratios[-1]:.2f}", flush=True)
        print(f"always, pipeline {pipeline}: median {statistics.median(ratios):.2f}")

    slow_table(both, arguments.slow_seconds)


if __name__ == "__main__":
    main()
