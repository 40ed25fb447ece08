#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The append-only file beside Valkey's: what it costs, and what a slow disk does to clients.

    bench/append_only.py OURS REFERENCE [--benchmark valkey-benchmark] [--rounds 3]

  everysec   SET 512 B, pipeline 10, 50 clients: server CPU per command, its AOF threads included
  always     SET 512 B, 50 clients, no pipeline: throughput
  slow       SET while each fsync takes 3 s (tests/torture/disk_shim.c): p50, p99 and the longest, per policy
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests", "support"))
from resp_client import ReplyError, RespClient, free_port  # noqa: E402


def start(server, folder, policy, environment=None):
    port = free_port()
    words = [server, "--port", str(port), "--save", "", "--dir", folder, "--appendonly", "yes", "--appendfsync",
             policy, "--auto-aof-rewrite-percentage", "0"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, **(environment or {})})
    for _ in range(3000):  # With slow syncs a start takes its time, too.
        try:
            client = RespClient(port=port)
            client.command("PING")
            return process, client, port
        except (OSError, ReplyError):
            time.sleep(0.02)
    raise RuntimeError(f"{server} does not start")


def cpu_seconds(process):
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(benchmark, port, requests, clients, pipeline):
    began = time.monotonic()
    subprocess.run([benchmark, "-p", str(port), "-t", "set", "-d", "512", "-c", str(clients), "-P", str(pipeline), "-n",
                    str(requests), "-r", "100000", "-q"], check=True, stdout=subprocess.DEVNULL)
    return requests / (time.monotonic() - began)


def measure(server, benchmark, policy, requests, clients, pipeline):
    with tempfile.TemporaryDirectory(prefix="millrace_bench_") as folder:
        process, _, port = start(server, folder, policy)
        load(benchmark, port, requests // 10, clients, pipeline)
        before = cpu_seconds(process)
        rate = load(benchmark, port, requests, clients, pipeline)
        spent = cpu_seconds(process) - before
        process.kill()
        process.wait()
        return rate, spent / requests * 1e9


def slow(server, policy, shim, seconds):
    with tempfile.TemporaryDirectory(prefix="millrace_bench_") as folder:
        process, client, port = start(server, folder, policy)
        process.kill()
        process.wait()
        environment = {"LD_PRELOAD": shim, "MILLRACE_SYNC_DELAY_MS": "3000"}
        process, client, port = start(server, folder, policy, environment)
        times = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.monotonic()
            client.command("SET", "key", "x" * 512)
            times.append((time.monotonic() - began) * 1000)
            time.sleep(0.001)
        process.kill()
        process.wait()
        times.sort()
        return times[len(times) // 2], times[int(len(times) * 0.99)], times[-1], len(times)


def slow_table(both, seconds):
    with tempfile.TemporaryDirectory(prefix="millrace_shim_") as folder:
        shim = os.path.join(folder, "disk_shim.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "torture", "disk_shim.c")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", source, "-o", shim, "-ldl"], check=True)
        for policy in ("everysec", "always", "no"):
            for name, server in both:
                p50, p99, longest, count = slow(server, policy, shim, seconds)
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
        cost = {name: measure(server, arguments.benchmark, "everysec", arguments.requests, 50, 10)[1]
                for name, server in both}
        ratios.append(cost["ours"] / cost["valkey"])
        print(f"everysec: {cost['ours']:.0f} ns a command, valkey {cost['valkey']:.0f}: {ratios[-1]:.2f}", flush=True)
    print(f"everysec: median {statistics.median(ratios):.2f}")

    ratios = []
    for _ in range(arguments.rounds):
        rate = {name: measure(server, arguments.benchmark, "always", arguments.requests // 10, 50, 1)[0]
                for name, server in both}
        ratios.append(rate["ours"] / rate["valkey"])
        print(f"always: {rate['ours']:.0f} a second, valkey {rate['valkey']:.0f}: {ratios[-1]:.2f}", flush=True)
    print(f"always: median {statistics.median(ratios):.2f}")

    slow_table(both, arguments.slow_seconds)


if __name__ == "__main__":
    main()
