# SPDX-License-Identifier: BSD-3-Clause
"""Clients of the soak that do one kind of thing each, and check what of their replies they can know.

A role gets a fresh connection whenever somebody killed its old one. What a killed connection had asked for may happen
or not, and later; so whatever must come in order carries the number of the connection.
"""

import random
import threading
import time

from resp_client import ReplyError, RespClient

REPLY_SECONDS_MAX = 120
SCRIPT = """local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], sum)
return {sum, redis.call('GET', KEYS[2])}"""
LIBRARY = """#!lua name=soak
redis.register_function('soak_add', function(keys, arguments)
    return redis.call('INCRBY', keys[1], arguments[1])
end)
redis.register_function{function_name='soak_length', flags={'no-writes'}, callback=function(keys)
    return redis.call('STRLEN', keys[1])
end}"""


class Wrong(Exception):
    """A reply that must not be."""


class Role(threading.Thread):
    protocol = 2
    waits_for_others = False  # Such a one does not notice the end while nobody says anything.

    def __init__(self, number, server, seed, deadline):
        super().__init__(daemon=True)
        self.number, self.server, self.deadline = number, server, deadline
        self.random = random.Random(f"{seed}:{type(self).__name__}:{number}")
        self.connections = self.lost = self.steps = 0
        self.problem = None

    def run(self):
        while time.time() < self.deadline and self.problem is None:
            client = None
            try:
                client = RespClient(port=self.server.port, protocol=self.protocol, timeout=REPLY_SECONDS_MAX)
                self.connections += 1
                self.begin(client)
                while time.time() < self.deadline:
                    self.step(client)
                    self.steps += 1
            except TimeoutError as error:
                self.problem = f"{self.name_of_role()}: no reply: {error}"
            except OSError:
                self.lost += 1
            except (Wrong, ReplyError) as error:
                self.problem = f"{self.name_of_role()}: {error!r}"
            finally:
                if client:
                    client.close()

    def name_of_role(self):
        return f"{type(self).__name__} {self.number}"

    def origin(self):
        """Names this role on this connection."""
        return f"{type(self).__name__}-{self.number}-{self.connections}"

    def begin(self, client):
        pass

    def step(self, client):
        raise NotImplementedError


class InOrder:
    """Numbers of one origin must grow."""

    def __init__(self):
        self.last = {}

    def check(self, text, where=""):
        origin, _, number = text.rpartition(":")
        number = int(number)
        if number <= self.last.get((where, origin), 0):
            raise Wrong(f"{text} came in {where} after {self.last[where, origin]}")
        self.last[where, origin] = number


class Publisher(Role):
    def step(self, client):
        what, channel = self.random.choice((("PUBLISH", "news"), ("SPUBLISH", "shard")))
        client.command(what, f"{channel}:{self.random.randrange(4)}", f"{self.origin()}:{self.steps + 1}")


class Subscriber(Role):
    """Subscribes and unsubscribes, and sometimes does not read for a while."""
    protocol = 3
    waits_for_others = True

    def begin(self, client):
        self.seen = InOrder()
        client.send("PSUBSCRIBE", "news:[01]")
        client.send("SUBSCRIBE", "news:2", "news:3")
        client.send("SSUBSCRIBE", *(f"shard:{number}" for number in range(4)))

    def step(self, client):
        kind, *rest = client.next_message()
        if kind in ("message", "pmessage", "smessage"):
            self.seen.check(rest[-1], f"{kind} {rest[-2]}")
        chance = self.random.random()
        if chance < 0.002:
            channel = f"news:{self.random.choice((2, 3))}"
            client.send("UNSUBSCRIBE", channel)
            client.send("SUBSCRIBE", channel)
        elif chance < 0.004:
            client.send("SUNSUBSCRIBE")
            client.send("SSUBSCRIBE", "shard:1", "shard:2")
        elif chance < 0.005:
            time.sleep(0.5)


class Transaction(Role):
    """WATCH, MULTI, EXEC on counters that several change: what EXEC finds is what was read."""

    def step(self, client):
        key = f"counter:{self.random.randrange(2)}"
        client.command("WATCH", key)
        before = int(client.command("GET", key) or 0)
        if self.random.random() < 0.1:
            client.command("UNWATCH")
            return
        client.command("MULTI")
        client.command("INCR", key)
        client.command("GET", key)
        if self.random.random() < 0.1:
            client.command("DISCARD")
            return
        replies = client.command("EXEC")
        if replies is not None and replies != [before + 1, str(before + 1)]:
            raise Wrong(f"{key} was {before}, and EXEC made {replies} of it")


class Script(Role):
    def begin(self, client):
        client.command("FUNCTION", "LOAD", "REPLACE", LIBRARY)
        self.sha = client.command("SCRIPT", "LOAD", SCRIPT)

    def step(self, client):
        key = f"counter:{self.random.randrange(2)}"
        chance = self.random.random()
        try:
            if chance < 0.3:
                first, second = client.command("EVAL", SCRIPT, 2, key, f"sum:{self.number}", 3)
            elif chance < 0.6:
                first, second = client.command("EVALSHA", self.sha, 2, key, f"sum:{self.number}", 2)
            elif chance < 0.9:
                client.command("FCALL", "soak_add", 1, key, 1)
                return
            else:
                client.command("FCALL_RO", "soak_length", 1, key)
                return
        except ReplyError as error:
            if str(error).startswith("NOSCRIPT") or "Function not found" in str(error):
                self.begin(client)  # Somebody flushed them.
                return
            raise
        if str(first) != second:
            raise Wrong(f"a script saw {first} and {second}")


class Tracker(Role):
    """A cache that CLIENT TRACKING keeps: what has not been called invalid is still what the server says."""
    protocol = 3

    def begin(self, client):
        self.cache = {}
        self.how = self.random.choice(("", "OPTIN", "BCAST"))
        options = {"": (), "OPTIN": ("OPTIN",), "BCAST": ("BCAST", "PREFIX", "tracked:")}[self.how]
        client.command("CLIENT", "TRACKING", "ON", *options)

    def step(self, client):
        key = f"tracked:{self.random.randrange(10)}"
        if self.random.random() < 0.2:
            client.command("SET", key, self.origin() + str(self.steps))
        if self.how == "OPTIN":
            client.command("CLIENT", "CACHING", "YES")
        value = client.command("GET", key)
        for push in client.pushes:
            if push[0] == "invalidate":
                for name in push[1] or list(self.cache):
                    self.cache.pop(name, None)
        client.pushes.clear()
        # Broadcasts come at the end of a round, which may be after the reply.
        if self.how != "BCAST" and self.cache.get(key, value) != value:
            raise Wrong(f"{key} became {value}, and nobody said so")
        self.cache[key] = value


class Producer(Role):
    """Feeds those that block."""

    def step(self, client):
        number = self.steps + 1
        client.command("RPUSH", "queue", f"{self.origin()}:{number}")
        client.command("ZADD", "waiting", number, f"{self.origin()}:{number}")
        client.command("XADD", "events", "MAXLEN", "~", "200", "*", "from", f"{self.origin()}:{number}")
        if self.random.random() < 0.3:
            time.sleep(0.02)


class Consumer(Role):
    """Waits in every way there is; what one producer pushed comes in its order."""

    def begin(self, client):
        self.seen = InOrder()
        try:
            client.command("XGROUP", "CREATE", "events", "group", "$", "MKSTREAM")
        except ReplyError:
            pass  # It is there.

    def step(self, client):
        chance = self.random.random()
        wait = self.random.choice(("0.01", "0.2", "1"))
        try:
            if chance < 0.4:
                self.see((client.command("BLPOP", "none", "queue", wait) or (0, 0))[1])
            elif chance < 0.5:
                self.see(client.command("BLMOVE", "queue", f"taken:{self.number}", "LEFT", "RIGHT", wait))
            elif chance < 0.6:
                for text in (client.command("BLMPOP", wait, 2, "none", "queue", "LEFT", "COUNT", 3) or (0, ()))[1]:
                    self.see(text)
            elif chance < 0.75:
                client.command("BZPOPMIN", "waiting", wait)
            elif chance < 0.85:
                client.command("XREAD", "BLOCK", 50, "STREAMS", "events", "$")
            else:
                client.command("XREADGROUP", "GROUP", "group", f"consumer{self.number}", "COUNT", 5, "BLOCK", 50,
                               "STREAMS", "events", ">")
                client.command("XAUTOCLAIM", "events", "group", f"consumer{self.number}", 100, "0", "COUNT", 5)
            client.command("LTRIM", f"taken:{self.number}", -50, -1)
        except ReplyError as error:
            if not str(error).startswith("UNBLOCKED"):
                raise

    def see(self, text):
        if text:
            self.seen.check(text)


class Collector(Role):
    """Large collections in other databases, which change while they are saved and go all at once."""

    def begin(self, client):
        client.command("SELECT", 1)

    def step(self, client):
        key = f"{self.random.choice(('hash', 'set', 'zset', 'list', 'stream', 'text'))}:{self.random.randrange(3)}"
        chance = self.random.random()
        if chance < 0.02:
            client.command(self.random.choice(("UNLINK", "DEL")), key)
        elif chance < 0.04:
            client.command("COPY", key, key.split(":")[0] + ":copy", "REPLACE")
        elif chance < 0.05:
            client.command("PEXPIRE", key, self.random.randrange(1, 3000))
        elif chance < 0.06:
            client.command("SWAPDB", 1, 2)
        elif chance < 0.061:
            client.command("FLUSHDB", "ASYNC")
        elif chance < 0.3:
            self.shrink(client, key)
        else:
            self.grow(client, key)

    def numbers(self, count):
        return [self.random.randrange(20000) for _ in range(count)]

    def grow(self, client, key):
        kind = key.split(":")[0]
        if kind == "hash":
            client.command("HSET", key, *(word for each in self.numbers(100) for word in (f"field{each}", each)))
            client.command("HPEXPIRE", key, 500, "FIELDS", 2, *(f"field{each}" for each in self.numbers(2)))
        elif kind == "set":
            client.command("SADD", key, *(f"member{each}" for each in self.numbers(100)))
        elif kind == "zset":
            client.command("ZADD", key, *(word for each in self.numbers(100) for word in (each % 100, f"m{each}")))
        elif kind == "list":
            client.command(self.random.choice(("LPUSH", "RPUSH")), key, *self.numbers(100))
        elif kind == "stream":
            for each in self.numbers(10):
                client.command("XADD", key, "*", "field", each)
        else:
            client.command("APPEND", key, "x" * self.random.randrange(3000))
            client.command("SETBIT", key, self.random.randrange(200000), 1)

    def shrink(self, client, key):
        kind = key.split(":")[0]
        if kind == "hash":
            client.command("HDEL", key, *(f"field{each}" for each in self.numbers(50)))
        elif kind == "set":
            client.command("SPOP", key, 30)
        elif kind == "zset":
            client.command("ZPOPMAX", key, 30)
        elif kind == "list":
            client.command("LTRIM", key, 20, -20)
        elif kind == "stream":
            client.command("XTRIM", key, "MAXLEN", 100)
        else:
            client.command("GETRANGE", key, 0, -1)


class Monitor(Role):
    waits_for_others = True

    def begin(self, client):
        client.command("MONITOR")

    def step(self, client):
        client.read()


ROLES = {Publisher: 2, Subscriber: 2, Transaction: 3, Script: 2, Tracker: 3, Producer: 2, Consumer: 4, Collector: 2,
         Monitor: 1}


def start_roles(server, seed, deadline):
    roles = [role(number, server, seed, deadline) for role, count in ROLES.items() for number in range(count)]
    for role in roles:
        role.start()
    return roles
