#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How long a start takes until the dataset is there, beside Valkey, with the same files.

    bench/loading.py OURS REFERENCE [--keys 3000000] [--rounds 3] [--benchmark valkey-benchmark] [--folder DIR]

The reference is filled with values of 512 bytes and saves the file, which both then load in turn: from the start of
the process until it answers PING, and as the log line tells. Then the same with an append-only file: a base, and an
increment of --writes SETs.
"""
import argparse
import os
import re
import shutil
import statistics
import tempfile
import time

from measured import Server, load


def make_files(options, folder):
    with Server(options.reference, folder=folder) as server:
        words = ["-t", "set", "-d", "512", "-r", str(options.keys), "-c", "50", "-P", "32", "-q", "-n"]
        load(options.benchmark, server.port, *words, str(2 * options.keys))
        server.client.call("SAVE")
        keys = server.client.call("DBSIZE")
        server.client.call("CONFIG", "SET", "auto-aof-rewrite-percentage", "0")
        server.client.call("CONFIG", "SET", "appendonly", "yes")
        while server.info("persistence")["aof_rewrite_in_progress"] == "1":
            time.sleep(0.2)
        load(options.benchmark, server.port, *words, str(options.writes))
        time.sleep(2)  # Until the log is written.
        return keys, server.client.call("DBSIZE")


def measure(name, program, folder, extra, keys):
    with Server(program, *extra, folder=folder) as server:
        found = server.client.call("DBSIZE")
    if found != keys:
        raise RuntimeError(f"{name} has loaded {found} keys of {keys}")
    told = re.search(r"DB loaded from (?:disk|append only file): ([0-9.]+) seconds", server.log())
    return server.seconds_to_start, float(told[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ours")
    parser.add_argument("reference")
    parser.add_argument("--benchmark", default=None, help="valkey-benchmark; default: beside the reference")
    parser.add_argument("--keys", type=int, default=3000000)
    parser.add_argument("--writes", type=int, default=1000000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default=None, help="where the files are kept, and used again")
    options = parser.parse_args()
    options.benchmark = options.benchmark or os.path.join(os.path.dirname(options.reference), "valkey-benchmark")
    folder = options.folder or tempfile.mkdtemp(prefix="millrace_bench_")
    os.makedirs(folder, exist_ok=True)
    kept = os.path.join(folder, "keys")
    if not os.path.exists(kept):
        with open(kept, "w", encoding="utf-8") as file:
            file.write("{} {}".format(*make_files(options, folder)))
    with open(kept, encoding="utf-8") as file:
        counts = [int(each) for each in file.read().split()]
    try:
        for what, keys, extra in (("RDB file", counts[0], ["--appendonly", "no"]),
                                  ("AOF", counts[1], ["--appendonly", "yes", "--auto-aof-rewrite-percentage", "0"])):
            rounds = [[measure(name, program, folder, extra, keys)
                       for name, program in (("ours", options.ours), ("reference", options.reference))]
                      for _ in range(options.rounds)]
            for at, unit in ((0, "until PING"), (1, "log line")):
                ours = statistics.median(each[0][at] for each in rounds)
                reference = statistics.median(each[1][at] for each in rounds)
                print(f"{what}, {keys} keys, {unit}: ours {ours:.2f} s, reference {reference:.2f} s, "
                      f"{reference / ours:.2f} times as fast", flush=True)
    finally:
        if options.folder is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
