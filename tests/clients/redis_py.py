#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What applications do with redis-py, against the port named as argument."""
import sys
import threading
import time

import redis

PORT = int(sys.argv[1])


def connect(**options):
    return redis.Redis(port=PORT, socket_timeout=10, decode_responses=True, **options)


def strings(client):
    assert client.set("s", "value") is True
    assert client.get("s") == "value"
    assert client.set("s", "other", nx=True) is None
    assert client.set("s", "third", get=True) == "value"
    assert client.set("s", "timed", ex=100) and 0 < client.ttl("s") <= 100
    assert client.getdel("s") == "timed" and client.get("s") is None
    assert client.incrby("n", 5) == 5 and client.incrbyfloat("n", 0.5) == 5.5
    assert client.mset({"a": "1", "b": "2"}) and client.mget("a", "b", "none") == ["1", "2", None]
    assert client.append("a", "23") == 3 and client.getrange("a", 1, 2) == "23"
    assert client.setbit("bits", 7, 1) == 0 and client.bitcount("bits") == 1


def binary_values(_):
    client = redis.Redis(port=PORT, socket_timeout=10)
    value = bytes(range(256)) * 300
    assert client.set(b"\x00key\r\n", value) and client.get(b"\x00key\r\n") == value


def keys(client):
    client.mset({f"key:{i}": i for i in range(500)})
    assert sorted(client.scan_iter("key:*", count=50)) == sorted(f"key:{i}" for i in range(500))
    assert client.exists("key:1", "key:2", "none") == 2
    assert client.rename("key:1", "moved") and client.type("moved") == "string"
    assert client.pexpire("moved", 20) and client.unlink("key:2", "key:3") == 2
    time.sleep(0.05)
    assert client.get("moved") is None
    assert client.dbsize() > 0 and client.randomkey() is not None


def collections(client):
    assert client.rpush("list", "a", "b", "c") == 3 and client.lrange("list", 0, -1) == ["a", "b", "c"]
    assert client.lpop("list") == "a" and client.llen("list") == 2
    assert client.hset("hash", mapping={"f": "1", "g": "2"}) == 2 and client.hgetall("hash") == {"f": "1", "g": "2"}
    assert client.sadd("set", "x", "y") == 2 and client.smembers("set") == {"x", "y"}
    assert client.zadd("zset", {"m": 1.5, "n": 2}) == 2
    assert client.zrange("zset", 0, -1, withscores=True) == [("m", 1.5), ("n", 2.0)]
    identity = client.xadd("stream", {"field": "value"})
    assert client.xrange("stream") == [(identity, {"field": "value"})]


def pipelines(client):
    with client.pipeline(transaction=False) as pipe:
        for i in range(1000):
            pipe.set(f"p:{i}", i)
        for i in range(1000):
            pipe.get(f"p:{i}")
        replies = pipe.execute()
    assert replies[:1000] == [True] * 1000 and replies[1000:] == [str(i) for i in range(1000)]


def transactions(client):
    client.set("balance", 10)

    def move(pipe):
        balance = int(pipe.get("balance"))
        pipe.multi()
        pipe.set("balance", balance + 1)

    assert client.transaction(move, "balance") == [True] and client.get("balance") == "11"
    with client.pipeline() as pipe:
        pipe.watch("balance")
        connect().set("balance", 0)
        pipe.multi()
        pipe.set("balance", 100)
        try:
            pipe.execute()
            raise AssertionError("a watched key that changed must stop EXEC")
        except redis.WatchError:
            pass


def errors(client):
    client.set("s", "text")
    for command in (("INCR", "s"), ("NOSUCHCOMMAND",), ("GET",), ("LPUSH", "s", "x")):
        try:
            client.execute_command(*command)
            raise AssertionError(command)
        except redis.ResponseError:
            pass
    assert client.get("s") == "text"


def blocking(client):
    found = []
    waiter = threading.Thread(target=lambda: found.append(connect().blpop("queue", timeout=5)))
    waiter.start()
    time.sleep(0.1)
    client.rpush("queue", "job")
    waiter.join()
    assert found == [("queue", "job")]
    assert client.blpop("nothing", timeout=0.1) is None


def publish_and_subscribe(client):
    with connect().pubsub(ignore_subscribe_messages=True) as feed:
        feed.subscribe("news")
        feed.psubscribe("sport.*")
        for _ in range(2):
            feed.get_message(timeout=5)
        assert client.publish("news", "hello") == 1 and client.publish("sport.chess", "mate") == 1
        messages = [each for each in (feed.get_message(timeout=5) for _ in range(2)) if each]
        assert [each["data"] for each in messages] == ["hello", "mate"], messages


def scripts(client):
    double = client.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1] * 2)")
    assert double(keys=["counter"], args=[21]) == 42
    assert client.eval("return {1, 'two', false}", 0) == [1, "two", None]


def server(client):
    assert client.ping() and client.echo("x") == "x"
    assert client.info("server")["redis_version"] and client.config_get("maxmemory") == {"maxmemory": "0"}
    assert client.client_setname("tester") and client.client_getname() == "tester"
    assert client.command_count() > 200
    connect(db=3).set("in-three", 1)
    assert client.exists("in-three") == 0


def main():
    cases = [strings, binary_values, keys, collections, pipelines, transactions, errors, blocking,
             publish_and_subscribe, scripts, server]
    failed = 0
    for case in cases:
        client = connect()
        client.flushall()
        try:
            case(client)
        except Exception as error:  # Whatever went wrong, the other cases still run.
            failed += 1
            print(f"{case.__name__}: {type(error).__name__}: {error}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
