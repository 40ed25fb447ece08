#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a command costs the main thread of two servers with I/O threads on, in one run.

    main_thread.py OURS --reference CMD --benchmark PROGRAM [--rounds N] [--seconds S] [--keys N]

OURS and CMD are server commands that take Valkey's directives; PROGRAM is valkey-benchmark. The main thread has core 0,
the I/O thread and the load have core 1. While one server is measured the other one is stopped (SIGSTOP): an I/O thread
of Valkey that has nothing to do after a load goes on to take a whole core, and would take it from the one that is
measured.

Active nanoseconds of the main thread per command, and requests per second; medians over the rounds.
"""
import argparse
import os
import signal
import statistics
import time

from measured import Server, load, start_load

WORKLOADS = [
    ("SET 512 B", ["-t", "set", "-c", "650"]),
    ("GET 512 B", ["-t", "get", "-c", "650"]),
    ("SET 512 B, pipeline 10", ["-t", "set", "-c", "50", "-P", "10"]),
    ("GET 512 B, pipeline 10", ["-t", "get", "-c", "50", "-P", "10"]),
]


def place(server):
    """The main thread to core 0, all others to core 1."""
    pid = server.process.pid
    for task in map(int, os.listdir(f"/proc/{pid}/task")):
        os.sched_setaffinity(task, {0 if task == pid else 1})


def now(server):
    info = server.info()
    return int(info["total_commands_processed"]), float(info["used_active_time_main_thread"]), time.time()


def words_of_load(options, *words):
    return ["-q", "-d", "512", "-r", str(options.keys), *words]


def measure(options, server, words):
    server.process.send_signal(signal.SIGCONT)
    generator = start_load(options.benchmark, server.port, *words_of_load(options, *words, "-n", "2000000000"), core=1)
    time.sleep(2)
    before = now(server)
    time.sleep(options.seconds)
    after = now(server)
    generator.kill()
    generator.wait()
    server.process.send_signal(signal.SIGSTOP)
    commands = after[0] - before[0]
    return (after[1] - before[1]) * 1e9 / commands, commands / (after[2] - before[2])


def compare(options, servers):
    for server in servers:
        place(server)
    for server in servers:
        filling = words_of_load(options, "-t", "set", "-c", "50", "-P", "32", "-n", str(2 * options.keys))
        load(options.benchmark, server.port, *filling, core=1)
        server.process.send_signal(signal.SIGSTOP)
    print(f"{'':24s} {'reference':>10s} {'ours':>8s} {'ratio':>6s}   {'requests/s':>10s} {'ours':>9s} {'ratio':>6s}")
    for name, words in WORKLOADS:
        rounds = [[measure(options, server, words) for server in servers] for _ in range(options.rounds)]
        shown = []
        for which in (0, 1):
            theirs = statistics.median(each[0][which] for each in rounds)
            ours = statistics.median(each[1][which] for each in rounds)
            shown += [theirs, ours, statistics.median(each[1][which] / each[0][which] for each in rounds)]
        print(f"{name:24s} {shown[0]:10.0f} {shown[1]:8.0f} {shown[2]:6.2f}   {shown[3]:10.0f} {shown[4]:9.0f} "
              f"{shown[5]:6.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ours")
    parser.add_argument("--reference", required=True)
    parser.add_argument("--benchmark", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--keys", type=int, default=1000000)
    options = parser.parse_args()
    with (Server(options.reference, "--io-threads", "2", core=0) as reference,
          Server(options.ours, "--io-threads-always-active", "yes", "--io-threads", "2", core=0) as ours):
        compare(options, (reference, ours))


if __name__ == "__main__":
    main()
