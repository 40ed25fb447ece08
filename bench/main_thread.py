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
import subprocess
import time

import latency

WORKLOADS = [
    ("SET 512 B", ["-t", "set", "-c", "650"]),
    ("GET 512 B", ["-t", "get", "-c", "650"]),
    ("SET 512 B, pipeline 10", ["-t", "set", "-c", "50", "-P", "10"]),
    ("GET 512 B, pipeline 10", ["-t", "get", "-c", "50", "-P", "10"]),
]


class Server(latency.Server):
    def __init__(self, command, port):
        super().__init__(f"{command} --io-threads 2", port)
        self.pid = int(self.info()["process_id"])
        for task in map(int, os.listdir(f"/proc/{self.pid}/task")):
            os.sched_setaffinity(task, {0 if task == self.pid else 1})

    def now(self):
        info = self.info()
        return int(info["total_commands_processed"]), float(info["used_active_time_main_thread"]), time.time()


def load(options, server, *words):
    return ["taskset", "-c", "1", options.benchmark, "-p", str(server.port), "-q", "-d", "512", "-r", str(options.keys),
            *words]


def measure(options, server, words):
    os.kill(server.pid, signal.SIGCONT)
    generator = subprocess.Popen(load(options, server, *words, "-n", "2000000000"), stdout=subprocess.DEVNULL)
    time.sleep(2)
    before = server.now()
    time.sleep(options.seconds)
    after = server.now()
    generator.kill()
    generator.wait()
    os.kill(server.pid, signal.SIGSTOP)
    commands = after[0] - before[0]
    return (after[1] - before[1]) * 1e9 / commands, commands / (after[2] - before[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ours")
    parser.add_argument("--reference", required=True)
    parser.add_argument("--benchmark", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--keys", type=int, default=1000000)
    options = parser.parse_args()
    servers = [Server(options.reference, 7841), Server(f"{options.ours} --io-threads-always-active yes", 7842)]
    for server in servers:
        subprocess.run(load(options, server, "-t", "set", "-c", "50", "-P", "32", "-n", str(2 * options.keys)),
                       stdout=subprocess.DEVNULL, check=True)
        os.kill(server.pid, signal.SIGSTOP)
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
    for server in servers:
        os.kill(server.pid, signal.SIGCONT)
        server.stop()


if __name__ == "__main__":
    main()
