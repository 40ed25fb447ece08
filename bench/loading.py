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
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests", "support"))
from resp_client import ReplyError, RespClient, free_port  # noqa: E402


def start(server, folder, *extra):
    """The process, a client, and the seconds until the server answered."""
    port = free_port()
    words = [server, "--port", str(port), "--save", "", "--dir", folder, *extra]
    with open(os.path.join(folder, "log"), "w", encoding="utf-8") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    began = time.monotonic()
    while process.poll() is None:
        try:
            client = RespClient(port=port, timeout=600)
            client.command("PING")
            return process, client, time.monotonic() - began
        except (OSError, ReplyError):
            time.sleep(0.01)
    raise RuntimeError(f"{server} does not start, see {folder}/log")


def end(process):
    process.kill()
    process.wait()


def fill(benchmark, client_port, keys):
    subprocess.run([benchmark, "-p", str(client_port), "-t", "set", "-d", "512", "-r", str(keys), "-n", str(2 * keys),
                    "-c", "50", "-P", "32", "-q"], check=True, stdout=subprocess.DEVNULL)


def make_files(options, folder):
    process, client, _ = start(options.reference, folder)
    port = client.socket.getpeername()[1]
    fill(options.benchmark, port, options.keys)
    client.command("SAVE")
    keys = client.command("DBSIZE")
    client.command("CONFIG", "SET", "auto-aof-rewrite-percentage", "0")
    client.command("CONFIG", "SET", "appendonly", "yes")
    while "aof_rewrite_in_progress:1" in client.command("INFO", "persistence"):
        time.sleep(0.2)
    subprocess.run([options.benchmark, "-p", str(port), "-t", "set", "-d", "512", "-r", str(options.keys), "-n",
                    str(options.writes), "-c", "50", "-P", "32", "-q"], check=True, stdout=subprocess.DEVNULL)
    time.sleep(2)  # Until the log is written.
    found = client.command("DBSIZE")
    end(process)
    return keys, found


def measure(name, server, folder, extra, keys):
    process, client, seconds = start(server, folder, *extra)
    found = client.command("DBSIZE")
    end(process)
    if found != keys:
        raise RuntimeError(f"{name} has loaded {found} keys of {keys}")
    with open(os.path.join(folder, "log"), encoding="utf-8") as log:
        told = re.search(r"DB loaded from (?:disk|append only file): ([0-9.]+) seconds", log.read())
    return seconds, float(told[1])


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
            rounds = [[measure(name, server, folder, extra, keys)
                       for name, server in (("ours", options.ours), ("reference", options.reference))]
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
