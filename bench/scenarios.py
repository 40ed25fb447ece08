#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A hundred things that applications do, each in a small run on two servers: looks for what costs more than it should.

    scenarios.py OURS --reference CMD [--only TEXT ...] [--runs N] [--port N]

OURS and CMD are server commands that take Valkey's directives. The server has core 0, the only client runs on core 1.
Server CPU (all threads) in microseconds per command, the least of --runs (2), with the time that the client saw; the
last column marks what costs more than 1.1 of the reference. Each run is short, so look twice at what it marks.
"""
import argparse
import os
import random
import time

import latency
from commands import Server

chosen = random.Random(5)
MEGABYTE = b"x" * 1000000


def encode(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


class Client(latency.Client):
    def skip_reply(self):
        line = self.file.readline()
        kind, size = line[:1], line[1:]
        if kind == b"-":
            raise RuntimeError(line.decode())
        if kind == b"$" and int(size) >= 0:
            self.file.read(int(size) + 2)
        elif kind == b"*":
            for _ in range(int(size)):
                self.skip_reply()

    def pipeline(self, requests, depth):
        for at in range(0, len(requests), depth):
            part = requests[at:at + depth]
            self.socket.sendall(b"".join(part))
            for _ in part:
                self.skip_reply()


# --- data ---

def filled(command, key, count, words_of, each=1000):
    """Requests that make a collection of `count` elements."""
    return [encode(command, key, *(word for at in range(begin, min(begin + each, count)) for word in words_of(at)))
            for begin in range(0, count, each)]


def member(at):
    return f"member:{at:08d}"


def field(at):
    return f"field:{at:08d}"


def key(at):
    return f"key:{at:08d}"


def a_list():
    return filled("RPUSH", "list", 100000, lambda at: (f"item:{at:08d}",))


def a_set(name="set", first=0):
    return filled("SADD", name, 100000, lambda at: (member(first + at),))


def a_sorted_set(name="zset"):
    return filled("ZADD", name, 100000, lambda at: (chosen.random() * 1e6, member(at)))


def a_hash():
    return filled("HSET", "hash", 100000, lambda at: (field(at), f"value:{at}"))


def keys(count=200000):
    return [encode("MSET", *(word for at in range(begin, begin + 1000) for word in (key(at), f"value:{at}")))
            for begin in range(0, count, 1000)]


def sketches():
    return [encode("PFADD", f"sketch:{at}", *range(at * 1000, at * 1000 + 5000)) for at in range(3)]


def places():
    return filled("GEOADD", "places", 1000,
                  lambda at: (chosen.uniform(-170, 170), chosen.uniform(-80, 80), member(at)))


def a_stream(*more):
    return [encode("XADD", "stream", "*", "f1", f"v{at}", "f2", "abc") for at in range(50000)] + list(more)


def a_pending_stream():
    return a_stream(encode("XGROUP", "CREATE", "stream", "group", "0"),
                    encode("XREADGROUP", "GROUP", "group", "one", "COUNT", 20000, "STREAMS", "stream", ">"))


def lock(at):
    return f"lock:{at // 2 % 100}"


def two_sets():
    return a_set() + a_set("other", 50000)


def any_key():
    return key(chosen.randrange(200000))


def any_score():
    return chosen.random() * 1e6


# --- scenarios: name, data, number of commands, how many are sent together, the command by its number ---

SCENARIOS = [
    ("SET 1 MB", list, 100, 1, lambda at: ("SET", "big", MEGABYTE)),
    ("GET 1 MB", lambda: [encode("SET", "big", MEGABYTE)], 200, 1, lambda at: ("GET", "big")),
    ("SET 100 KB", list, 1000, 4, lambda at: ("SET", f"big:{at % 50}", MEGABYTE[:100000])),
    ("GET 100 KB", lambda: [encode("SET", "big", MEGABYTE[:100000])], 1000, 4, lambda at: ("GET", "big")),
    ("SET 10 KB", list, 5000, 16, lambda at: ("SET", f"big:{at % 500}", MEGABYTE[:10000])),
    ("GET 20 KB", lambda: [encode("SET", "big", MEGABYTE[:20000])], 5000, 16, lambda at: ("GET", "big")),
    ("APPEND to 1 MB", lambda: [encode("SET", "big", MEGABYTE)], 5000, 16, lambda at: ("APPEND", "big", "x" * 100)),
    ("SETRANGE in 1 MB", lambda: [encode("SET", "big", MEGABYTE)], 5000, 16,
     lambda at: ("SETRANGE", "big", chosen.randrange(999000), "yyyy")),
    ("GETRANGE of 1 MB", lambda: [encode("SET", "big", MEGABYTE)], 5000, 16,
     lambda at: ("GETRANGE", "big", at * 100, at * 100 + 999)),
    ("SETBIT in 1 MB", lambda: [encode("SET", "big", MEGABYTE)], 5000, 16,
     lambda at: ("SETBIT", "big", chosen.randrange(7999000), 1)),
    ("INCR", list, 40000, 16, lambda at: ("INCR", "number")),
    ("INCRBYFLOAT", list, 15000, 16, lambda at: ("INCRBYFLOAT", "number", "0.1")),
    ("SETEX", list, 30000, 16, lambda at: ("SETEX", key(at), 100, "value")),
    ("SET NX PX, DEL: a lock", list, 16000, 16,
     lambda at: ("DEL", lock(at)) if at % 2 else ("SET", lock(at), "id", "NX", "PX", 30000)),
    ("GETEX", keys, 20000, 16, lambda at: ("GETEX", key(at), "EX", 100)),
    ("GETDEL", keys, 30000, 16, lambda at: ("GETDEL", key(at))),
    ("STRLEN", keys, 30000, 16, lambda at: ("STRLEN", key(at))),
    ("MGET 100", keys, 500, 16, lambda at: ("MGET", *(any_key() for _ in range(100)))),
    ("MSET 100", keys, 300, 16, lambda at: ("MSET", *(word for _ in range(100) for word in (any_key(), "other")))),
    ("MSETNX 2", list, 10000, 16, lambda at: ("MSETNX", f"a:{at}", 1, f"b:{at}", 2)),
    ("LCS of 1 KB", lambda: [encode("SET", "a", "abcdefghij" * 100), encode("SET", "b", "bdfhjacegi" * 100)], 30, 1,
     lambda at: ("LCS", "a", "b")),

    ("DEL 100", keys, 1000, 16, lambda at: ("DEL", *(key(at * 100 + each) for each in range(100)))),
    ("EXISTS 100", keys, 400, 16, lambda at: ("EXISTS", *(any_key() for _ in range(100)))),
    ("EXPIRE", keys, 30000, 16, lambda at: ("EXPIRE", key(at), 100)),
    ("RENAME", keys, 20000, 16, lambda at: ("RENAME", key(at), f"new:{at}")),
    ("TYPE", keys, 20000, 16, lambda at: ("TYPE", key(at))),
    ("OBJECT ENCODING", keys, 20000, 16, lambda at: ("OBJECT", "ENCODING", key(at))),
    ("SCAN 1000", keys, 200, 1, lambda at: ("SCAN", 0, "COUNT", 1000)),
    ("SCAN MATCH", keys, 30, 1, lambda at: ("SCAN", 0, "MATCH", "nothing*", "COUNT", 10000)),
    ("KEYS", keys, 10, 1, lambda at: ("KEYS", "*999*")),
    ("RANDOMKEY", keys, 20000, 16, lambda at: ("RANDOMKEY",)),
    ("DBSIZE", keys, 30000, 16, lambda at: ("DBSIZE",)),
    ("FLUSHALL of 200 k", keys, 1, 1, lambda at: ("FLUSHALL",)),
    ("COPY of 100 k fields", a_hash, 10, 1, lambda at: ("COPY", "hash", "copy", "REPLACE")),
    ("DUMP of 100 k fields", a_hash, 10, 1, lambda at: ("DUMP", "hash")),
    ("SORT 10 k", lambda: filled("RPUSH", "numbers", 10000, lambda at: (chosen.randrange(10**6),)), 30, 1,
     lambda at: ("SORT", "numbers")),
    ("SORT BY GET", lambda: filled("SADD", "ids", 1000, lambda at: (at,)) +
     [encode("SET", f"weight:{at}", chosen.randrange(10**6)) for at in range(1000)], 50, 1,
     lambda at: ("SORT", "ids", "BY", "weight:*", "GET", "weight:*")),

    ("LRANGE 10 k", a_list, 100, 1, lambda at: ("LRANGE", "list", 0, 9999)),
    ("LINDEX in the middle", a_list, 3000, 16, lambda at: ("LINDEX", "list", 50000)),
    ("LSET in the middle", a_list, 3000, 16, lambda at: ("LSET", "list", 50000, "abc")),
    ("LINSERT in the middle", a_list, 200, 16, lambda at: ("LINSERT", "list", "BEFORE", "item:00050000", "abc")),
    ("LREM of nothing", a_list, 100, 16, lambda at: ("LREM", "list", 0, "nothing")),
    ("LPOS of the last", a_list, 100, 16, lambda at: ("LPOS", "list", "item:00099999")),
    ("LPUSH, LTRIM", list, 8000, 16,
     lambda at: ("LTRIM", "queue", 0, 99) if at % 2 else ("LPUSH", "queue", "x" * 100)),
    ("RPOPLPUSH", a_list, 8000, 16, lambda at: ("RPOPLPUSH", "list", "list")),
    ("LPOP 1000", a_list, 90, 16, lambda at: ("LPOP", "list", 1000)),

    ("SMEMBERS 100 k", a_set, 10, 1, lambda at: ("SMEMBERS", "set")),
    ("SRANDMEMBER -1000", a_set, 100, 1, lambda at: ("SRANDMEMBER", "set", -1000)),
    ("SRANDMEMBER 1000", a_set, 100, 1, lambda at: ("SRANDMEMBER", "set", 1000)),
    ("SINTERSTORE", two_sets, 8, 1, lambda at: ("SINTERSTORE", "result", "set", "other")),
    ("SUNIONSTORE", two_sets, 8, 1, lambda at: ("SUNIONSTORE", "result", "set", "other")),
    ("SDIFFSTORE", two_sets, 8, 1, lambda at: ("SDIFFSTORE", "result", "set", "other")),
    ("SINTERCARD", two_sets, 20, 1, lambda at: ("SINTERCARD", 2, "set", "other")),
    ("SSCAN 1000", a_set, 200, 1, lambda at: ("SSCAN", "set", 0, "COUNT", 1000)),
    ("SMISMEMBER 100", a_set, 300, 16,
     lambda at: ("SMISMEMBER", "set", *(member(chosen.randrange(200000)) for _ in range(100)))),
    ("SADD of integers", list, 20000, 16, lambda at: ("SADD", f"numbers:{at % 1000}", at)),

    ("ZRANGE 10 k WITHSCORES", a_sorted_set, 30, 1, lambda at: ("ZRANGE", "zset", 0, 9999, "WITHSCORES")),
    ("ZREVRANGEBYSCORE LIMIT 20", a_sorted_set, 4000, 16,
     lambda at: ("ZREVRANGEBYSCORE", "zset", any_score(), "-inf", "LIMIT", 0, 20)),
    ("ZRANGEBYLEX LIMIT 20", lambda: filled("ZADD", "names", 50000, lambda at: (0, member(at))), 4000, 16,
     lambda at: ("ZRANGEBYLEX", "names", "[" + member(chosen.randrange(50000)), "+", "LIMIT", 0, 20)),
    ("ZUNIONSTORE", lambda: a_sorted_set() + a_sorted_set("other"), 4, 1,
     lambda at: ("ZUNIONSTORE", "result", 2, "zset", "other")),
    ("ZINTERSTORE", lambda: a_sorted_set() + a_sorted_set("other"), 4, 1,
     lambda at: ("ZINTERSTORE", "result", 2, "zset", "other")),
    ("ZPOPMIN", a_sorted_set, 20000, 16, lambda at: ("ZPOPMIN", "zset")),
    ("ZPOPMIN 100", a_sorted_set, 900, 16, lambda at: ("ZPOPMIN", "zset", 100)),
    ("ZCOUNT", a_sorted_set, 8000, 16, lambda at: ("ZCOUNT", "zset", 1000, any_score())),
    ("ZSCORE", a_sorted_set, 20000, 16, lambda at: ("ZSCORE", "zset", member(chosen.randrange(100000)))),
    ("ZRANDMEMBER -100", a_sorted_set, 500, 16, lambda at: ("ZRANDMEMBER", "zset", -100)),
    ("ZREM, ZADD", a_sorted_set, 10000, 16,
     lambda at: ("ZADD", "zset", at, member(at // 2)) if at % 2 else ("ZREM", "zset", member(at // 2))),
    ("ZADD, small", list, 20000, 16, lambda at: ("ZADD", f"small:{at % 500}", at % 97, f"m{at % 50}")),

    ("HGETALL 100 k", a_hash, 5, 1, lambda at: ("HGETALL", "hash")),
    ("HKEYS 100 k", a_hash, 5, 1, lambda at: ("HKEYS", "hash")),
    ("HMGET 50", a_hash, 600, 16, lambda at: ("HMGET", "hash", *(field(chosen.randrange(100000)) for _ in range(50)))),
    ("HINCRBY, large", a_hash, 15000, 16, lambda at: ("HINCRBY", "hash", f"n{chosen.randrange(100000)}", 1)),
    ("HINCRBY, small", list, 20000, 16, lambda at: ("HINCRBY", f"small:{at % 500}", f"f{at % 20}", 1)),
    ("HSCAN 1000", a_hash, 100, 1, lambda at: ("HSCAN", "hash", 0, "COUNT", 1000)),
    ("HRANDFIELD 100", a_hash, 500, 1, lambda at: ("HRANDFIELD", "hash", 100)),
    ("HEXPIRE", a_hash, 10000, 16, lambda at: ("HEXPIRE", "hash", 1000, "FIELDS", 1, field(at))),

    ("XADD MAXLEN ~", a_stream, 20000, 16,
     lambda at: ("XADD", "stream", "MAXLEN", "~", 1000, "*", "f1", "v", "f2", "abc")),
    ("XADD MAXLEN", a_stream, 20000, 16, lambda at: ("XADD", "stream", "MAXLEN", 1000, "*", "f1", "v", "f2", "abc")),
    ("XRANGE 1000", a_stream, 100, 1, lambda at: ("XRANGE", "stream", "-", "+", "COUNT", 1000)),
    ("XREVRANGE 100", a_stream, 600, 16, lambda at: ("XREVRANGE", "stream", "+", "-", "COUNT", 100)),
    ("XREAD 100", a_stream, 600, 16, lambda at: ("XREAD", "COUNT", 100, "STREAMS", "stream", "0")),
    ("XREADGROUP 10", lambda: a_stream(encode("XGROUP", "CREATE", "stream", "group", "0")), 4000, 16,
     lambda at: ("XREADGROUP", "GROUP", "group", "one", "COUNT", 10, "STREAMS", "stream", ">")),
    ("XAUTOCLAIM 100", a_pending_stream, 200, 16,
     lambda at: ("XAUTOCLAIM", "stream", "group", "two", 0, "0", "COUNT", 100)),
    ("XPENDING 100", a_pending_stream, 500, 16, lambda at: ("XPENDING", "stream", "group", "-", "+", 100)),

    ("BITCOUNT of 1 MB", lambda: [encode("SET", "a", MEGABYTE)], 300, 1, lambda at: ("BITCOUNT", "a")),
    ("BITOP AND of 1 MB", lambda: [encode("SET", "a", MEGABYTE), encode("SET", "b", MEGABYTE)], 100, 1,
     lambda at: ("BITOP", "AND", "result", "a", "b")),
    ("BITPOS in 1 MB", lambda: [encode("SET", "a", b"\0" * 1000000)], 200, 1, lambda at: ("BITPOS", "a", 1)),
    ("BITFIELD", list, 15000, 16, lambda at: ("BITFIELD", "bits", "INCRBY", "u8", 100, 1, "GET", "u4", 0)),
    ("PFADD 10", list, 8000, 16, lambda at: ("PFADD", f"sketch:{at % 10}", *range(at, at + 10))),
    ("PFCOUNT 3", sketches, 300, 16, lambda at: ("PFCOUNT", "sketch:0", "sketch:1", "sketch:2")),
    ("PFMERGE 3", sketches, 300, 16, lambda at: ("PFMERGE", "result", "sketch:0", "sketch:1", "sketch:2")),
    ("GEOADD", list, 10000, 16,
     lambda at: ("GEOADD", "places", chosen.uniform(-170, 170), chosen.uniform(-80, 80), member(at))),
    ("GEODIST", places, 15000, 16, lambda at: ("GEODIST", "places", member(1), member(2))),

    ("EVAL of 1000 SETs", list, 30, 1, lambda at: ("EVAL", "for i=1,1000 do redis.call('set','k'..i,i) end", 0)),
    ("EVAL of arithmetic", list, 20, 1, lambda at: ("EVAL", "local s=0 for i=1,100000 do s=s+i%7 end return s", 0)),
    ("EVAL of nothing", list, 20000, 16, lambda at: ("EVAL", "return 1", 0)),
    ("EVAL of cjson", list, 5000, 16,
     lambda at: ("EVAL", "local t=cjson.decode(ARGV[1]) t.x=1 return cjson.encode(t)", 0, '{"a":[1,{"b":"c"}]}')),
    ("PING", list, 50000, 16, lambda at: ("PING",)),
    ("INFO", list, 400, 1, lambda at: ("INFO",)),
    ("CONFIG GET *", list, 60, 1, lambda at: ("CONFIG", "GET", "*")),
    ("COMMAND DOCS", list, 20, 1, lambda at: ("COMMAND", "DOCS")),
    ("CLIENT LIST", list, 2000, 16, lambda at: ("CLIENT", "LIST")),
]


def cost(program, port, data, requests, depth, runs):
    """Microseconds of server CPU per command, and as the client saw it."""
    best = None
    for _ in range(runs):
        server = Server(program, port)
        client = Client(port)
        client.pipeline(data, 16)
        cpu_ns, began = server.cpu_ns(), time.perf_counter()
        client.pipeline(requests, depth)
        took = time.perf_counter() - began
        time.sleep(0.02)  # Other threads may still be freeing.
        each = (server.cpu_ns() - cpu_ns) / 1000 / len(requests), took * 1e6 / len(requests)
        best = each if best is None else min(best, each)
        server.stop()
    return best


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("ours")
    parser.add_argument("--reference", required=True)
    parser.add_argument("--only", nargs="+", default=[""])
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--port", type=int, default=7821, help="the first of two")
    options = parser.parse_args()
    os.sched_setaffinity(0, {1})
    print(f"{'':28s}{'reference':>22s}{'ours':>22s}{'ratio':>8s}    (us of server CPU, us seen by the client)")
    for name, make_data, count, depth, words_of in SCENARIOS:
        if not any(text in name for text in options.only):
            continue
        data, requests = make_data(), [encode(*words_of(at)) for at in range(count)]
        theirs, their_time = cost(options.reference, options.port, data, requests, depth, options.runs)
        ours, our_time = cost(options.ours, options.port + 1, data, requests, depth, options.runs)
        ratio = ours / theirs
        print(f"{name:28s}{theirs:11.2f}{their_time:11.2f}{ours:11.2f}{our_time:11.2f}{ratio:8.2f}"
              f"{'   <<<' if ratio > 1.1 else ''}", flush=True)


if __name__ == "__main__":
    main()
