#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Two hundred things that applications do, each in a small run on two servers: looks for what costs too much.

    scenarios.py OURS --reference CMD [--only TEXT ...] [--runs N] [--port N]

OURS and CMD are server commands that take Valkey's directives. The server has core 0, its clients run on core 1.
Server CPU (all threads) in microseconds per command, the least of --runs (2), with the time that the client saw; the
last column marks what costs more than 1.1 of the reference. Each run is short, so look twice at what it marks.
"""
import argparse
import hashlib
import os
import random
import select
import threading
import time

from measured import Client, Server, encode

chosen = random.Random(5)
MEGABYTE = b"x" * 1000000


def skip_reply(file):
    """Reads a reply and keeps nothing of it, so that the client takes little of the time that it sees."""
    line = file.readline()
    kind, size = line[:1], line[1:]
    if kind == b"-":
        raise RuntimeError(line.decode())
    if kind == b"$" and int(size) >= 0:
        file.read(int(size) + 2)
    elif kind == b"*":
        for _ in range(int(size)):
            skip_reply(file)


def send_all(client, requests, depth):
    """`depth` of them at a time."""
    for at in range(0, len(requests), depth):
        part = requests[at:at + depth]
        client.socket.sendall(b"".join(part))
        for _ in part:
            skip_reply(client.file)


class Listeners:
    """Clients that send what they have to say and drop whatever they are told."""

    def __init__(self, port, requests_of_each):
        self.sockets = []
        for requests in requests_of_each:
            client = Client(port)
            client.socket.sendall(requests)
            self.sockets.append(client.socket)
        self.stopped = False
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        while not self.stopped:
            for each in select.select(self.sockets, [], [], 0.02)[0]:
                each.recv(1 << 20)

    def stop(self):
        self.stopped = True
        self.thread.join()


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


def two_sorted_sets():
    return a_sorted_set() + a_sorted_set("other")


def small_values():
    """A thousand small collections of each type, and fields of 20 bytes."""
    return [encode(command, f"{kind}:{at}", *(word for each in range(20) for word in words_of(each)))
            for command, kind, words_of in (("HSET", "h", lambda each: (f"field{each}", f"the value of {each}")),
                                            ("SADD", "s", lambda each: (f"member{each}",)),
                                            ("RPUSH", "l", lambda each: (f"item{each}",)),
                                            ("ZADD", "z", lambda each: (each * 3, f"member{each}")))
            for at in range(1000)]


def twenty_streams():
    return [encode("XADD", f"stream:{at % 20}", "*", "f1", f"v{at}", "f2", "abc") for at in range(2000)]


def restricted():
    return keys() + [encode("ACL", "SETUSER", "some", "on", ">secret", "~key:*", "&news:*", "+@all", "-@dangerous"),
                     encode("AUTH", "some", "secret")]


def slow_commands():
    return ([encode("CONFIG", "SET", "slowlog-log-slower-than", 0)] +
            [encode("SET", key(at), "value") for at in range(200)] +
            [encode("CONFIG", "SET", "slowlog-log-slower-than", -1)])


SUM_OF_KEYS = "local s=0 for i=1,#KEYS do s=s+#(redis.call('GET',KEYS[i]) or '') end return s"
CHECK_AND_SET = "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('SET',KEYS[1],ARGV[2]) else return 0 end"
LIBRARY = ("#!lua name=mylib\nredis.register_function('bump', function(keys, args) "
           "return redis.call('INCRBY', keys[1], args[1]) end)")


def sha_of(script):
    return hashlib.sha1(script.encode()).hexdigest()


def by_turns(at, *commands):
    return commands[at % len(commands)]


def any_key():
    return key(chosen.randrange(200000))


def any_score():
    return chosen.random() * 1e6


# --- scenarios: name, data, number of commands, how many are sent together, the command by its number; and perhaps what
# other clients send before ---

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

    # --- rarer ones ---

    ("GETRANGE of 100 KB", lambda: [encode("SET", "big", MEGABYTE)], 1000, 4,
     lambda at: ("GETRANGE", "big", at * 100, at * 100 + 99999)),
    ("SETRANGE of 10 KB in 1 MB", lambda: [encode("SET", "big", MEGABYTE)], 2000, 16,
     lambda at: ("SETRANGE", "big", chosen.randrange(990000), MEGABYTE[:10000])),
    ("APPEND, growing", list, 20000, 16, lambda at: ("APPEND", f"log:{at % 10}", "x" * 50)),
    ("GETSET", keys, 20000, 16, lambda at: ("GETSET", any_key(), "new")),
    ("GETBIT in 1 MB", lambda: [encode("SET", "big", MEGABYTE)], 20000, 16,
     lambda at: ("GETBIT", "big", chosen.randrange(8000000))),
    ("BITFIELD of 10", list, 5000, 16,
     lambda at: ("BITFIELD", "bits", *(word for each in range(10) for word in ("INCRBY", "u16", f"#{each}", 1)))),
    ("BITCOUNT of a range", lambda: [encode("SET", "big", MEGABYTE)], 5000, 16,
     lambda at: ("BITCOUNT", "big", at, at + 10000)),
    ("BITOP OR of 3", lambda: [encode("SET", name, MEGABYTE) for name in "abc"], 60, 1,
     lambda at: ("BITOP", "OR", "result", "a", "b", "c")),

    ("TTL", keys, 20000, 16, lambda at: ("TTL", any_key())),
    ("EXPIRE, PERSIST", keys, 20000, 16,
     lambda at: by_turns(at, ("EXPIRE", key(at // 2), 1000), ("PERSIST", key(at // 2)))),
    ("TOUCH 100", keys, 400, 16, lambda at: ("TOUCH", *(any_key() for _ in range(100)))),
    ("UNLINK 100", keys, 1000, 16, lambda at: ("UNLINK", *(key(at * 100 + each) for each in range(100)))),
    ("SCAN MATCH TYPE", keys, 100, 1, lambda at: ("SCAN", 0, "MATCH", "key:*5*", "TYPE", "string", "COUNT", 1000)),
    ("KEYS of a prefix", keys, 10, 1, lambda at: ("KEYS", "key:0000*")),
    ("DUMP, small", small_values, 10000, 16, lambda at: ("DUMP", f"h:{at % 1000}")),
    ("DUMP, RESTORE in a script", small_values, 3000, 16,
     lambda at: ("EVAL", "return redis.call('RESTORE','copy',0,redis.call('DUMP',KEYS[1]),'REPLACE')", 1,
                 f"h:{at % 1000}")),
    ("COPY of 100 k members", a_set, 10, 1, lambda at: ("COPY", "set", "copy", "REPLACE")),
    ("COPY of 100 k scores", a_sorted_set, 10, 1, lambda at: ("COPY", "zset", "copy", "REPLACE")),
    ("COPY of 100 k items", a_list, 10, 1, lambda at: ("COPY", "list", "copy", "REPLACE")),
    ("COPY of 50 k entries", a_stream, 10, 1, lambda at: ("COPY", "stream", "copy", "REPLACE")),
    ("COPY, small", small_values, 10000, 16, lambda at: ("COPY", f"h:{at % 1000}", "copy", "REPLACE")),
    ("DEL of 100 k fields", a_hash, 1, 1, lambda at: ("DEL", "hash")),
    ("MEMORY USAGE of 100 k", a_hash, 3000, 16, lambda at: ("MEMORY", "USAGE", "hash")),
    ("MEMORY USAGE SAMPLES 0", a_hash, 10, 1, lambda at: ("MEMORY", "USAGE", "hash", "SAMPLES", 0)),
    ("MEMORY USAGE, small", small_values, 10000, 16, lambda at: ("MEMORY", "USAGE", f"h:{at % 1000}")),
    ("SORT ALPHA LIMIT", a_list, 5, 1, lambda at: ("SORT", "list", "ALPHA", "LIMIT", 0, 10)),
    ("SORT STORE", lambda: filled("RPUSH", "numbers", 10000, lambda at: (chosen.randrange(10**6),)), 20, 1,
     lambda at: ("SORT", "numbers", "DESC", "STORE", "result")),

    ("LRANGE 100 in the middle", a_list, 2000, 16, lambda at: ("LRANGE", "list", 50000, 50099)),
    ("LRANGE, small", small_values, 10000, 16, lambda at: ("LRANGE", f"l:{at % 1000}", 0, -1)),
    ("LMPOP 10", a_list, 5000, 16, lambda at: ("LMPOP", 2, "none", "list", "LEFT", "COUNT", 10)),
    ("LPUSH, RPOP", list, 20000, 16, lambda at: by_turns(at, ("LPUSH", "queue", "x" * 100), ("RPOP", "queue"))),
    ("RPUSH, BLPOP by 10 clients", list, 5000, 16, lambda at: ("RPUSH", f"queue:{at % 10}", "job"),
     lambda: [encode("BLPOP", f"queue:{at}", 0) * 500 for at in range(10)]),

    ("SPOP", a_set, 20000, 16, lambda at: ("SPOP", "set")),
    ("SPOP 100", a_set, 900, 16, lambda at: ("SPOP", "set", 100)),
    ("SRANDMEMBER", a_set, 20000, 16, lambda at: ("SRANDMEMBER", "set")),
    ("SMEMBERS, small", small_values, 10000, 16, lambda at: ("SMEMBERS", f"s:{at % 1000}")),
    ("SINTER, small", small_values, 5000, 16, lambda at: ("SINTER", f"s:{at % 1000}", f"s:{(at + 1) % 1000}")),
    ("SUNION of 5, small", small_values, 3000, 16,
     lambda at: ("SUNION", *(f"s:{(at + each) % 1000}" for each in range(5)))),
    ("SDIFF, small", small_values, 5000, 16, lambda at: ("SDIFF", f"s:{at % 1000}", f"s:{(at + 1) % 1000}")),
    ("SMOVE", small_values, 10000, 16,
     lambda at: ("SMOVE", *by_turns(at, ("s:1", "s:x"), ("s:x", "s:1")), "member5")),
    ("SREM, SADD", a_set, 20000, 16,
     lambda at: by_turns(at, ("SREM", "set", member(at // 2)), ("SADD", "set", member(at // 2)))),

    ("ZRANGESTORE 1000", a_sorted_set, 100, 1, lambda at: ("ZRANGESTORE", "result", "zset", 0, 999)),
    ("ZRANGESTORE BYSCORE", a_sorted_set, 20, 1,
     lambda at: ("ZRANGESTORE", "result", "zset", 100000, 200000, "BYSCORE")),
    ("ZUNIONSTORE WEIGHTS", two_sorted_sets, 4, 1,
     lambda at: ("ZUNIONSTORE", "result", 2, "zset", "other", "WEIGHTS", 2, 3, "AGGREGATE", "MAX")),
    ("ZUNION, small", small_values, 3000, 16,
     lambda at: ("ZUNION", 2, f"z:{at % 1000}", f"z:{(at + 1) % 1000}", "WITHSCORES")),
    ("ZINTER, small", small_values, 3000, 16, lambda at: ("ZINTER", 2, f"z:{at % 1000}", f"z:{(at + 1) % 1000}")),
    ("ZDIFF", two_sorted_sets, 4, 1, lambda at: ("ZDIFF", 2, "zset", "other")),
    ("ZINTERCARD", two_sorted_sets, 10, 1, lambda at: ("ZINTERCARD", 2, "zset", "other")),
    ("ZRANDMEMBER 100", a_sorted_set, 500, 1, lambda at: ("ZRANDMEMBER", "zset", 100)),
    ("ZMPOP 10", a_sorted_set, 5000, 16, lambda at: ("ZMPOP", 2, "none", "zset", "MIN", "COUNT", 10)),
    ("ZRANGE, small", small_values, 10000, 16, lambda at: ("ZRANGE", f"z:{at % 1000}", 0, -1, "WITHSCORES")),
    ("ZREVRANGE 10 of 100 k", a_sorted_set, 5000, 16, lambda at: ("ZREVRANGE", "zset", 0, 9, "WITHSCORES")),
    ("ZRANK WITHSCORE", a_sorted_set, 10000, 16,
     lambda at: ("ZRANK", "zset", member(chosen.randrange(100000)), "WITHSCORE")),
    ("ZINCRBY", a_sorted_set, 10000, 16, lambda at: ("ZINCRBY", "zset", 10, member(chosen.randrange(100000)))),
    ("ZREMRANGEBYRANK", a_sorted_set, 900, 16, lambda at: ("ZREMRANGEBYRANK", "zset", 0, 99)),
    ("ZREMRANGEBYSCORE", a_sorted_set, 900, 16,
     lambda at: ("ZREMRANGEBYSCORE", "zset", at * 1000, at * 1000 + 999)),
    ("ZMSCORE 100", a_sorted_set, 300, 16,
     lambda at: ("ZMSCORE", "zset", *(member(chosen.randrange(100000)) for _ in range(100)))),
    ("ZLEXCOUNT", lambda: filled("ZADD", "names", 50000, lambda at: (0, member(at))), 5000, 16,
     lambda at: ("ZLEXCOUNT", "names", "[" + member(chosen.randrange(50000)), "+")),
    ("ZSCAN 1000", a_sorted_set, 100, 1, lambda at: ("ZSCAN", "zset", 0, "COUNT", 1000)),

    ("HGETALL, small", small_values, 10000, 16, lambda at: ("HGETALL", f"h:{at % 1000}")),
    ("HMGET 5, small", small_values, 10000, 16,
     lambda at: ("HMGET", f"h:{at % 1000}", "field1", "field5", "field9", "field13", "none")),
    ("HSET of 20 new", list, 3000, 16,
     lambda at: ("HSET", f"new:{at}", *(word for each in range(20) for word in (f"field{each}", "some value")))),
    ("HSET of a large value", list, 5000, 16, lambda at: ("HSET", f"doc:{at % 500}", "body", MEGABYTE[:5000])),
    ("HDEL, HSET", a_hash, 20000, 16,
     lambda at: by_turns(at, ("HDEL", "hash", field(at // 2)), ("HSET", "hash", field(at // 2), "value"))),
    ("HINCRBYFLOAT", list, 10000, 16, lambda at: ("HINCRBYFLOAT", f"h:{at % 500}", f"f{at % 20}", "1.5")),
    ("HSCAN NOVALUES", a_hash, 100, 1, lambda at: ("HSCAN", "hash", 0, "COUNT", 1000, "NOVALUES")),
    ("HSCAN MATCH", a_hash, 100, 1, lambda at: ("HSCAN", "hash", 0, "COUNT", 1000, "MATCH", "*999*")),
    ("HRANDFIELD -100 WITHVALUES", a_hash, 500, 1, lambda at: ("HRANDFIELD", "hash", -100, "WITHVALUES")),
    ("HVALS, small", small_values, 10000, 16, lambda at: ("HVALS", f"h:{at % 1000}")),
    ("HGETEX", small_values, 10000, 16, lambda at: ("HGETEX", f"h:{at % 1000}", "EX", 100, "FIELDS", 1, "field3")),
    ("HTTL", a_hash, 10000, 16, lambda at: ("HTTL", "hash", "FIELDS", 1, field(at))),

    ("XREAD of 20 streams", twenty_streams, 500, 16,
     lambda at: ("XREAD", "COUNT", 10, "STREAMS", *(f"stream:{each}" for each in range(20)), *["0"] * 20)),
    ("XREAD of nothing new", twenty_streams, 5000, 16,
     lambda at: ("XREAD", "COUNT", 10, "STREAMS", *(f"stream:{each}" for each in range(20)), *["$"] * 20)),
    ("XACK", a_pending_stream, 5000, 16, lambda at: ("XACK", "stream", "group", f"{at}-0", f"{at}-1")),
    ("XLEN", a_stream, 20000, 16, lambda at: ("XLEN", "stream")),
    ("XINFO STREAM FULL", a_pending_stream, 200, 1, lambda at: ("XINFO", "STREAM", "stream", "FULL")),
    ("XINFO GROUPS", a_pending_stream, 5000, 16, lambda at: ("XINFO", "GROUPS", "stream")),
    ("XTRIM", a_stream, 400, 16, lambda at: ("XTRIM", "stream", "MAXLEN", 50000 - at * 100)),

    ("GEOSEARCH by radius", places, 500, 16,
     lambda at: ("GEOSEARCH", "places", "FROMLONLAT", 15, 37, "BYRADIUS", 2000, "km", "ASC", "WITHDIST")),
    ("GEOPOS 10", places, 3000, 16, lambda at: ("GEOPOS", "places", *(member(each) for each in range(10)))),
    ("PFCOUNT 1", sketches, 20000, 16, lambda at: ("PFCOUNT", "sketch:1")),

    ("MULTI, SET, INCR, EXEC", list, 20000, 16,
     lambda at: by_turns(at, ("MULTI",), ("SET", "a", 1), ("INCR", "a"), ("EXEC",))),
    ("WATCH, GET, MULTI, SET, EXEC", list, 20000, 20,
     lambda at: by_turns(at, ("WATCH", "a"), ("GET", "a"), ("MULTI",), ("SET", "a", 1), ("EXEC",))),
    ("EVALSHA of 100 keys", lambda: keys() + [encode("SCRIPT", "LOAD", SUM_OF_KEYS)], 300, 16,
     lambda at: ("EVALSHA", sha_of(SUM_OF_KEYS), 100, *(any_key() for _ in range(100)))),
    ("EVALSHA, compare and set", lambda: [encode("SCRIPT", "LOAD", CHECK_AND_SET), encode("SET", "k", "v")], 10000, 16,
     lambda at: ("EVALSHA", sha_of(CHECK_AND_SET), 1, "k", "v", "v")),
    ("FCALL", lambda: [encode("FUNCTION", "LOAD", LIBRARY)], 10000, 16, lambda at: ("FCALL", "bump", 1, "n", 2)),
    ("EVAL of tables", list, 30, 1,
     lambda at: ("EVAL", "local t={} for i=1,10000 do t[#t+1]='k'..i end table.sort(t) return #t", 0)),
    ("EVAL of large JSON", list, 100, 1,
     lambda at: ("EVAL", "return #cjson.encode(cjson.decode(ARGV[1]))", 0,
                 "[" + ",".join('{"id":%d,"name":"a name","price":%d.5}' % (each, each) for each in range(500)) + "]")),
    ("EVAL of cmsgpack", list, 3000, 16,
     lambda at: ("EVAL", "return #cmsgpack.pack(cmsgpack.unpack(cmsgpack.pack({1,'a',{b=2.5}})))", 0)),

    ("PUBLISH to nobody", list, 20000, 16, lambda at: ("PUBLISH", "news:1", "text")),
    ("PUBLISH to 10 clients", list, 5000, 16, lambda at: ("PUBLISH", "news:1", "text" * 10),
     lambda: [encode("SUBSCRIBE", "news:1")] * 10),
    ("PUBLISH to 10 patterns", list, 5000, 16, lambda at: ("PUBLISH", "news:1", "text" * 10),
     lambda: [encode("PSUBSCRIBE", "n*" + end) for end in ("1", "2", "x", "s:1", "ews*", "?", "[1-9]", "y", "z", "q")]),
    ("SET, told to a BCAST client", list, 10000, 16, lambda at: ("SET", key(at % 1000), "value"),
     lambda: [encode("HELLO", 3) + encode("CLIENT", "TRACKING", "ON", "BCAST")]),
    ("GET, tracked", lambda: keys(1000) + [encode("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "other")], 20000, 16,
     lambda at: ("GET", key(at % 1000))),
    ("GET by a restricted user", restricted, 20000, 16, lambda at: ("GET", any_key())),
    ("SET by a restricted user", restricted, 20000, 16, lambda at: ("SET", any_key(), "value")),

    ("INFO of a section", list, 2000, 1, lambda at: ("INFO", "replication")),
    ("INFO everything", list, 200, 1, lambda at: ("INFO", "everything")),
    ("CONFIG GET maxmemory", list, 10000, 16, lambda at: ("CONFIG", "GET", "maxmemory")),
    ("CONFIG SET", list, 3000, 16, lambda at: ("CONFIG", "SET", "slowlog-max-len", 100 + at % 2)),
    ("COMMAND", list, 20, 1, lambda at: ("COMMAND",)),
    ("COMMAND INFO of 3", list, 5000, 16, lambda at: ("COMMAND", "INFO", "get", "set", "mget")),
    ("COMMAND COUNT", list, 20000, 16, lambda at: ("COMMAND", "COUNT")),
    ("COMMAND GETKEYS", list, 10000, 16, lambda at: ("COMMAND", "GETKEYS", "MSET", "a", 1, "b", 2)),
    ("CLIENT INFO", list, 5000, 16, lambda at: ("CLIENT", "INFO")),
    ("CLIENT LIST of 50", list, 200, 1, lambda at: ("CLIENT", "LIST"), lambda: [encode("PING")] * 50),
    ("CLIENT SETNAME", list, 20000, 16, lambda at: ("CLIENT", "SETNAME", "worker")),
    ("SELECT", list, 20000, 16, lambda at: ("SELECT", at % 2)),
    ("ACL WHOAMI", list, 20000, 16, lambda at: ("ACL", "WHOAMI")),
    ("ACL GETUSER", list, 5000, 16, lambda at: ("ACL", "GETUSER", "default")),
    ("SLOWLOG GET 100", slow_commands, 500, 1, lambda at: ("SLOWLOG", "GET", 100)),
    ("LATENCY HISTOGRAM", lambda: keys(2000) + small_values(), 500, 1, lambda at: ("LATENCY", "HISTOGRAM")),
    ("MEMORY STATS", list, 1000, 1, lambda at: ("MEMORY", "STATS")),
    ("TIME", list, 20000, 16, lambda at: ("TIME",)),
    ("ECHO", list, 20000, 16, lambda at: ("ECHO", "hello")),
]


def cost(program, port, data, requests, depth, runs, others):
    """Microseconds of server CPU per command, and as the client saw it. `others` is what further clients send."""
    best = None
    for _ in range(runs):
        with Server(program, core=0, port=port) as server:
            client = Client(port)
            send_all(client, data, 16)
            listeners = Listeners(port, others) if others else None
            if listeners:
                time.sleep(0.1)
            cpu, began = server.cpu_seconds(), time.perf_counter()
            send_all(client, requests, depth)
            took = time.perf_counter() - began
            time.sleep(0.02)  # Other threads may still be freeing.
            each = (server.cpu_seconds() - cpu) * 1e6 / len(requests), took * 1e6 / len(requests)
            best = each if best is None else min(best, each)
            if listeners:
                listeners.stop()
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
    for name, make_data, count, depth, words_of, *more in SCENARIOS:
        if not any(text in name for text in options.only):
            continue
        data, requests = make_data(), [encode(*words_of(at)) for at in range(count)]
        others = more[0]() if more else []
        theirs, their_time = cost(options.reference, options.port, data, requests, depth, options.runs, others)
        ours, our_time = cost(options.ours, options.port + 1, data, requests, depth, options.runs, others)
        ratio = ours / theirs
        print(f"{name:28s}{theirs:11.2f}{their_time:11.2f}{ours:11.2f}{our_time:11.2f}{ratio:8.2f}"
              f"{'   <<<' if ratio > 1.1 else ''}", flush=True)


if __name__ == "__main__":
    main()
