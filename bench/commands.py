#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What commands on collections cost two servers, and how much memory collections take, in one run.

    commands.py cpu|memory OURS --reference CMD --benchmark PROGRAM [--rounds N] [--scale F] [--only TEXT]

OURS and CMD are server commands that take Valkey's directives; PROGRAM is valkey-benchmark.

    cpu       server CPU per command, one thread, pipeline 16, with a million keys or elements: the server on core 0,
              the load on core 1; the median of the ratio over the rounds
    memory    used_memory and resident memory of typical collections two seconds after they have been made, less what
              the empty server takes
"""
import argparse
import math
import os
import shlex
import statistics
import sys
import time

from measured import Server, encode, load

MILLION = 1000000
ELEMENT = "element:__rand_int__"


def fill(client, words_of, count=MILLION, step=1000):
    """Sends `count` commands, made of their numbers, in pipelines."""
    for begin in range(0, count, step):
        out = [encode(*words_of(number)) for number in range(begin, min(begin + step, count))]
        client.socket.sendall(b"".join(out))
        for _ in out:
            client.reply()


def many(client, command, key, words_of, count=MILLION, each=500):
    """The same for one collection, with `each` elements a command."""
    fill(client, lambda number: (command, key, *(word for at in range(number * each, (number + 1) * each)
                                                 for word in words_of(at))), count // each, 100)


def element(number):
    return f"element:{number:012d}"


def make_list(client):
    many(client, "RPUSH", "list", lambda at: (element(at),))


def make_set(client):
    many(client, "SADD", "set", lambda at: (element(at),))


def make_sorted_set(client):
    many(client, "ZADD", "zset", lambda at: (at, element(at)))


def make_hashes(client):
    fill(client, lambda number: ("HSET", f"hash:{number:012d}", "a", 1, "b", 2, "c", 3, "d", 4, "e", 5))


def make_wide_hashes(client):
    fill(client, lambda number: ("HSET", f"wide:{number:012d}", *(word for at in range(50)
                                                                 for word in (f"field{at}", f"value{at}"))), 10000, 100)


def make_stream(client):
    fill(client, lambda number: ("XADD", "stream", f"{number + 1}-0", "a", "value", "b", number, "c", "more"))


def make_group(client):
    make_stream(client)
    client.call("XGROUP", "CREATE", "stream", "group", "0")


def make_places(client):
    many(client, "GEOADD", "places", lambda at: (at * 7919 % 360000 / 1000 - 180, at * 104729 % 170000 / 1000 - 85,
                                                 element(at)))


def make_bits(client):
    client.call("SET", "bits", os.urandom(1 << 20))


def nothing(client):
    client.call("PING")


WORKLOADS = [  # Name, how the data is made (a function of the client), the command as valkey-benchmark sends it.
    ("LPUSH", nothing, "LPUSH list " + ELEMENT),
    ("RPOP", make_list, "RPOP list"),
    ("LRANGE 100", make_list, "LRANGE list 0 99"),
    ("SADD", nothing, "SADD set " + ELEMENT),
    ("SISMEMBER", make_set, "SISMEMBER set " + ELEMENT),
    ("SPOP", make_set, "SPOP set"),
    ("HSET", nothing, "HSET hash " + ELEMENT + " value"),
    ("HGET", make_hashes, "HGET hash:__rand_int__ c"),
    ("HGETALL 50", make_wide_hashes, "HGETALL wide:__rand_int__"),
    ("ZADD", make_sorted_set, "ZADD zset __rand_int__ " + ELEMENT),
    ("ZINCRBY", make_sorted_set, "ZINCRBY zset 3 " + ELEMENT),
    ("ZRANGE 100", make_sorted_set, "ZRANGE zset 5000 5099"),
    ("ZRANGEBYSCORE", make_sorted_set, "ZRANGEBYSCORE zset __rand_int__ +inf LIMIT 0 10"),
    ("ZRANK", make_sorted_set, "ZRANK zset " + ELEMENT),
    ("XADD", nothing, "XADD stream * a value b 1 c more"),
    ("XRANGE 100", make_stream, "XRANGE stream 5000 + COUNT 100"),
    ("XREADGROUP", make_group, "XREADGROUP GROUP group consumer COUNT 1 STREAMS stream >"),
    ("PFADD", nothing, "PFADD sketch " + ELEMENT),
    ("BITCOUNT 1 MB", make_bits, "BITCOUNT bits"),
    ("GEOSEARCH", make_places, "GEOSEARCH places FROMLONLAT 15 37 BYRADIUS 50 km"),
]
RANGES = {"HGETALL 50": 10000}
SLOW = {"BITCOUNT 1 MB": 20000, "LRANGE 100": 400000, "HGETALL 50": 200000, "ZRANGE 100": 400000, "XRANGE 100": 200000,
        "GEOSEARCH": 50000}

COLLECTIONS = [
    ("1 M hashes of 5 fields", make_hashes),
    ("hash of 1 M fields", lambda client: many(client, "HSET", "hash", lambda at: (element(at), f"value:{at:010d}"))),
    ("set of 1 M members", make_set),
    ("sorted set of 1 M members", make_sorted_set),
    ("list of 1 M items of 16 B", lambda client: many(client, "RPUSH", "list", lambda at: (f"{at:016x}",))),
    ("stream of 1 M entries of 3 fields", make_stream),
]


def now(server):
    return server.cpu_seconds(), int(server.info()["total_commands_processed"])


def cost(options, server, name, make, command):
    server.client.call("FLUSHALL", "SYNC")
    make(server.client)
    requests = int(SLOW.get(name, MILLION) * options.scale)
    if name in ("RPOP", "SPOP"):
        requests = min(requests, MILLION)
    before = now(server)
    load(options.benchmark, server.port, "-q", "-c", "50", "-P", "16", "-n", str(requests),
         "-r", str(RANGES.get(name, MILLION)), *shlex.split(command), core=1)
    after = now(server)
    return (after[0] - before[0]) * 1e9 / (after[1] - before[1])


def compare(options, servers):
    print(f"{'':20s} {'reference':>12s} {'ours':>10s} {'ratio':>7s}    (server CPU, ns per command)")
    ratios = []
    for name, make, command in WORKLOADS:
        if options.only not in name:
            continue
        rounds = [[cost(options, server, name, make, command) for server in servers] for _ in range(options.rounds)]
        ratio = statistics.median(ours / reference for reference, ours in rounds)
        ratios.append(ratio)
        print(f"{name:20s} {statistics.median(each[0] for each in rounds):12.0f} "
              f"{statistics.median(each[1] for each in rounds):10.0f} {ratio:7.2f}", flush=True)
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        print(f"{'geometric mean':43s} {mean:7.2f}")


def cpu(options):
    with Server(options.reference, core=0) as reference, Server(options.ours, core=0) as ours:
        compare(options, (reference, ours))


def sizes_of(server):
    return int(server.info()["used_memory"]), server.rss()


def memory(options):
    print(f"{'':36s} {'reference':>21s} {'ours':>21s} {'ratio':>12s}    (MB used, resident)")
    for name, make in COLLECTIONS:
        if options.only not in name:
            continue
        sizes = []
        for command in (options.reference, options.ours):
            with Server(command, core=0) as server:
                empty = sizes_of(server)
                make(server.client)
                time.sleep(2)  # What growth has left is given back while nobody asks for anything.
                full = sizes_of(server)
            sizes.append((full[0] - empty[0], full[1] - empty[1]))
        shown = [f"{used / 1e6:10.1f} {resident / 1e6:10.1f}" for used, resident in sizes]
        print(f"{name:36s} {shown[0]} {shown[1]} {sizes[1][0] / sizes[0][0]:6.2f} {sizes[1][1] / sizes[0][1]:5.2f}",
              flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("mode", choices=("cpu", "memory"))
    parser.add_argument("ours")
    parser.add_argument("--reference", required=True)
    parser.add_argument("--benchmark", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    (cpu if options.mode == "cpu" else memory)(options)


if __name__ == "__main__":
    sys.exit(main())
