#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What scripts, messages and transactions cost two servers, in one run.

    calls.py OURS --reference CMD [--rounds N] [--scale F]

OURS and CMD are server commands that take Valkey's directives. The server has core 0, the load core 1. Server CPU
in nanoseconds: of an EVAL whose script makes 5 calls, of a PUBLISH to 100 subscribers, of a MULTI with 10 SETs.
Each is sent by 50 clients that keep 16 under way; medians over the rounds.
"""
import argparse
import os
import selectors
import statistics
import sys

from measured import Client, Server, encode

CLIENTS = 50
UNDER_WAY = 16
SUBSCRIBERS = 100
MESSAGE = b"m" * 64
SCRIPT = """redis.call('SET', KEYS[1], ARGV[1]) redis.call('INCR', KEYS[2]) redis.call('HSET', KEYS[3], 'f', ARGV[1])
redis.call('LPUSH', KEYS[4], ARGV[1]) redis.call('LTRIM', KEYS[4], 0, 9) return redis.call('GET', KEYS[1])"""


def eval_call(number):
    tag = number % 1000
    return encode("EVAL", SCRIPT, 4, f"s:{tag}", f"n:{tag}", f"h:{tag}", f"l:{tag}", "value")


def publish(_):
    return encode("PUBLISH", "channel", MESSAGE)


def transaction(number):
    sets = b"".join(encode("SET", f"key:{(number * 10 + at) % 100000:08d}", "x" * 64) for at in range(10))
    return encode("MULTI") + sets + encode("EXEC")


def run(server, call, calls, reply_bytes, subscribers=()):
    """Sends `calls` of them, each answered with `reply_bytes`; reads on the side what subscribers are sent."""
    clients = [Client(server.port) for _ in range(CLIENTS)]
    selector = selectors.DefaultSelector()
    for sock in subscribers:
        selector.register(sock, selectors.EVENT_READ, None)
    left = calls
    under_way = 0
    states = {}

    def send(sock):
        nonlocal left, under_way
        block = b"".join(call(left + at) for at in range(UNDER_WAY))
        left -= UNDER_WAY
        under_way += 1
        states[sock] = UNDER_WAY * reply_bytes
        sock.sendall(block)

    for client in clients:
        client.socket.setblocking(True)
        selector.register(client.socket, selectors.EVENT_READ, client)
        send(client.socket)
    while under_way:
        for key, _ in selector.select():
            data = key.fileobj.recv(1 << 18)
            if key.data is None:
                continue
            states[key.fileobj] -= len(data)
            if states[key.fileobj] == 0:
                under_way -= 1
                if left > 0:
                    send(key.fileobj)
    selector.close()
    for client in clients:
        client.close()


def subscribe(server):
    clients = [Client(server.port) for _ in range(SUBSCRIBERS)]
    for client in clients:
        client.call("SUBSCRIBE", "channel")
    return clients


WORKLOADS = [  # Name, a call, how many, bytes of its reply, the goal.
    ("EVAL of 5 calls", eval_call, 200000, len(b"$5\r\nvalue\r\n"), 0.8),
    ("PUBLISH to 100", publish, 20000, len(b":100\r\n"), 0.8),
    ("MULTI of 10 SETs", transaction, 100000,
     len(b"+OK\r\n") + 10 * len(b"+QUEUED\r\n") + len(b"*10\r\n") + 10 * len(b"+OK\r\n"), 0.6),
]


def cost(server, call, calls, reply_bytes):
    server.client.call("FLUSHALL", "SYNC")
    subscribers = subscribe(server) if call is publish else []
    before = server.cpu_seconds()
    run(server, call, calls, reply_bytes, [client.socket for client in subscribers])
    after = server.cpu_seconds()
    for client in subscribers:
        client.close()
    return (after - before) * 1e9 / calls


def compare(options, servers):
    print(f"{'':20s} {'reference':>12s} {'ours':>10s} {'ratio':>7s}   goal    (server CPU, ns per call)")
    for name, call, calls, reply_bytes, goal in WORKLOADS:
        calls = int(calls * options.scale) // UNDER_WAY * UNDER_WAY
        rounds = [[cost(server, call, calls, reply_bytes) for server in servers] for _ in range(options.rounds)]
        ratio = statistics.median(ours / reference for reference, ours in rounds)
        print(f"{name:20s} {statistics.median(each[0] for each in rounds):12.0f} "
              f"{statistics.median(each[1] for each in rounds):10.0f} {ratio:7.2f} {goal:6.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("ours")
    parser.add_argument("--reference", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    with Server(options.reference, core=0) as reference, Server(options.ours, core=0) as ours:
        os.sched_setaffinity(0, {1})
        compare(options, (reference, ours))


if __name__ == "__main__":
    sys.exit(main())
