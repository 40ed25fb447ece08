#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Experiment 5: what Valkey's main thread needs per command, to know what we are measured against.

    MILLRACE_REFERENCE_BIN=/path/to/bin reference_main_cost.py [--keys N] [--seconds S] [--rounds N] [--tiny]

The folder holds valkey-server and valkey-benchmark. The main thread has core 0 for itself; the I/O thread and the load
share core 1. The cost is the growth of used_active_time_main_thread over the growth of total_commands_processed. That
time is wall time, so other work on core 0 inflates it; the main thread's time on its core, which leaves that out but
contains its waiting turns, stands beside it. The smaller of the two is an upper bound.
Without the environment variable the program says so and ends with 77, which ctest counts as skipped.
"""
import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

LOADS = {
    "SET 512 B, P1": ["-t", "set", "-d", "512", "-c", "650", "-P", "1"],
    "GET 512 B, P1": ["-t", "get", "-d", "512", "-c", "650", "-P", "1"],
    "SET 512 B, P10": ["-t", "set", "-d", "512", "-c", "50", "-P", "10"],
    "GET 512 B, P10": ["-t", "get", "-d", "512", "-c", "50", "-P", "10"],
}


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.socket.makefile("rb")

    def info(self):
        self.socket.sendall(b"*2\r\n$4\r\nINFO\r\n$10\r\neverything\r\n")
        size = int(self.file.readline()[1:])
        text = self.file.read(size + 2).decode(errors="replace")
        return dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connect(port, process):
    for _ in range(200):
        try:
            return Client(port)
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
    sys.exit("the reference server does not answer")


def keep_threads_apart(pid, stop):
    """Main on core 0, every other thread, also later ones, on core 1."""
    while not stop.wait(0.1):
        for task in os.listdir(f"/proc/{pid}/task"):
            try:
                os.sched_setaffinity(int(task), {0} if int(task) == pid else {1})
            except OSError:
                pass


def sample(client, pid, seconds):
    def now():
        info = client.info()
        with open(f"/proc/{pid}/task/{pid}/schedstat") as file:
            on_core = int(file.read().split()[0])
        return (int(info["total_commands_processed"]), float(info["used_active_time_main_thread"]), on_core, time.time())

    before = now()
    time.sleep(seconds)
    after = now()
    commands = max(1, after[0] - before[0])
    return ((after[1] - before[1]) * 1e9 / commands, (after[2] - before[2]) / commands, commands / (after[3] - before[3]))


def measure(folder, options):
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        server = subprocess.Popen(
            [os.path.join(folder, "valkey-server"), "--port", str(port), "--save", "", "--appendonly", "no",
             "--io-threads", "2", "--dir", directory], stdout=subprocess.DEVNULL)
        stop = threading.Event()
        try:
            client = connect(port, server)
            pid = int(client.info()["process_id"])
            threading.Thread(target=keep_threads_apart, args=(pid, stop), daemon=True).start()
            bench = ["taskset", "-c", "1", os.path.join(folder, "valkey-benchmark"), "-p", str(port), "-q",
                     "-r", str(options.keys)]
            subprocess.run([*bench, "-t", "set", "-d", "512", "-c", "50", "-P", "50", "-n", str(options.keys),
                            "--sequential"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            print(f"{'load':16s} {'main active ns/command':>24s} {'on-core ns/command':>20s} {'commands/s':>12s}", flush=True)
            for name, arguments in LOADS.items():
                rounds = []
                for _ in range(options.rounds):
                    load = subprocess.Popen([*bench, *arguments, "-n", "2000000000"], stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL)
                    time.sleep(min(2.0, options.seconds))
                    rounds.append(sample(client, pid, options.seconds))
                    load.kill()
                    load.wait()
                active, on_core, rate = (statistics.median(each) for each in zip(*rounds))
                print(f"{name:16s} {active:24.0f} {on_core:20.0f} {rate:12.0f}", flush=True)
        finally:
            stop.set()
            server.kill()
            server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=3_000_000)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tiny", action="store_true", help="prove only that it works")
    options = parser.parse_args()
    if options.tiny:
        options.keys, options.seconds, options.rounds = 2000, 0.1, 1
    folder = os.environ.get("MILLRACE_REFERENCE_BIN")
    if not folder:
        print("skipped: MILLRACE_REFERENCE_BIN does not name the folder of the reference programs")
        sys.exit(77)
    measure(folder, options)


main()
