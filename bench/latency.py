#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Latencies of two servers, one after the other, in one run.

    latency.py OURS --reference CMD --benchmark PROGRAM [--rounds N] [--keys N]

OURS and CMD are server commands that take Valkey's directives; PROGRAM is valkey-benchmark (8.1 or later, for --rps).
The server has core 0, the load core 1. With REALTIME=1 (as root) the main threads of the servers and whoever measures
come before all else on the machine, so that what is measured is not who else wants a core.

    one client    SET and GET of 512 bytes by one client: p50, p99, p99.9
    half load     the same by 50 clients at half of what they get at most
    big values    the same by one client, while another writes and reads 10 MB without a pause
    elsewhere     the same, while another does so at a third server, which stands behind: what is left is the machine's
    growth        keys from none to 10 million: commands that took more than 2 ms of the main thread

Milliseconds; medians over the rounds.
"""
import argparse
import re
import statistics
import sys
import threading

from measured import Client, Server, before_all_else, load

PERCENTILES = (50.0, 99.0, 99.9)
BIG_BYTES = 10 * 1000 * 1000


def run(options, port, *words):
    """Requests per second, and milliseconds by percentile."""
    text = load(options.benchmark, port, "-d", "512", "-r", str(options.keys), *words, core=1).replace("\r", "\n")
    steps = [(float(share), float(value)) for share, value in re.findall(r"([\d.]+)% <= ([\d.]+) milliseconds", text)]
    rate = float(re.findall(r"throughput summary: ([\d.]+)", text)[-1])
    return rate, [next((value for share, value in steps if share >= wanted), float("nan")) for wanted in PERCENTILES]


def one_client(options, server, command):
    return run(options, server.port, "-t", command, "-c", "1", "-n", str(options.requests))[1]


def half_load(options, server, command):
    rate, _ = run(options, server.port, "-t", command, "-c", "50", "-n", str(4 * options.requests))
    half = options.half_of.setdefault(command, int(rate / 2))  # The same load for both.
    return run(options, server.port, "-t", command, "-c", "50", "-n", str(4 * options.requests), "--rps", str(half))[1]


def big_values(options, server, command, busy=None):
    busy = busy or server
    done = threading.Event()

    def disturb():
        client = Client(busy.port)
        value = b"x" * BIG_BYTES
        while not done.is_set():
            client.call("SET", "big", value)
            client.call("GET", "big")

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        return one_client(options, server, command)
    finally:
        done.set()
        thread.join()
        busy.client.call("DEL", "big")


def big_values_elsewhere(options, server, command):
    with Server(options.ours, core=0) as busy:
        return big_values(options, server, command, busy)


def growth(server):
    server.client.call("FLUSHALL")
    server.client.call("CONFIG", "SET", "slowlog-log-slower-than", 2000, "slowlog-max-len", 100000)
    server.client.call("SLOWLOG", "RESET")
    for begin in range(0, 10_000_000, 1000):
        server.client.socket.sendall(b"".join(b"*3\r\n$3\r\nSET\r\n$12\r\nkey:%08d\r\n$1\r\nx\r\n" % number
                                              for number in range(begin, begin + 1000)))
        for _ in range(1000):
            server.client.reply()
    return server.client.call("SLOWLOG", "LEN")


def compare(options, servers):
    print(f"{'':24s} {'reference':>26s} {'ours':>26s}     (p50, p99, p99.9 in ms)")
    for server in servers:
        run(options, server.port, "-t", "set", "-c", "50", "-P", "32", "-n", str(2 * options.keys))
    for name, measure in (("one client", one_client), ("half load", half_load), ("big values", big_values),
                          ("elsewhere", big_values_elsewhere)):
        for command in ("set", "get"):
            rounds = [[measure(options, server, command) for server in servers] for _ in range(options.rounds)]
            medians = [[statistics.median(each[side][at] for each in rounds) for at in range(3)] for side in (0, 1)]
            shown = ["  ".join(f"{value:7.3f}" for value in side) for side in medians]
            print(f"{name + ', ' + command.upper():24s} {shown[0]:>26s} {shown[1]:>26s}", flush=True)
    if not options.skip_growth:
        print(f"{'growth to 10 M keys':24s} {growth(servers[0]):>20d} slow {growth(servers[1]):>21d} slow", flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("ours")
    parser.add_argument("--reference", required=True)
    parser.add_argument("--benchmark", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keys", type=int, default=1000000)
    parser.add_argument("--requests", type=int, default=50000)
    parser.add_argument("--skip-growth", action="store_true")
    options = parser.parse_args()
    options.half_of = {}
    options.benchmark = before_all_else(options.benchmark)
    with (Server(before_all_else(options.reference), core=0) as reference,
          Server(before_all_else(options.ours), core=0) as ours):
        compare(options, (reference, ours))


if __name__ == "__main__":
    sys.exit(main())
