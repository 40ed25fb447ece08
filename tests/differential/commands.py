# SPDX-License-Identifier: BSD-3-Clause
"""Random commands of the data types, one unit at a time.

A unit is a few requests that belong together: mostly one command, but one whose outcome is random works on a copy that
is deleted at once, blocking ones are in a transaction, and so on. Whatever is left out of a failing sequence, units
stay whole.
"""

from typing import NamedTuple

from grammar import Grammar, fields_of
from values import ALL_KEYS, BAD_NUMBERS, EDGE_NUMBERS, SCRATCH, SETTINGS, TEXTS
from wire import encode

GROUPS = {"string", "list", "set", "hash", "sorted-set", "sorted_set", "stream", "bitmap", "hyperloglog", "geo",
    "generic"}

# Commands of these groups that are not generated, and why. `differential.py` fails if it knows neither.
NOT_GENERATED = {
    "migrate": "needs a third server; tests of its own",
    "wait": "says how many replicas there are, and waits for them; there are none",
    "waitaof": "says what was synchronised; waits for it",
    "object|help": "the words of HELP texts are ours on purpose",
    "xinfo|help": "the words of HELP texts are ours on purpose",
    "xgroup|help": "the words of HELP texts are ours on purpose",
    "pfselftest": "takes seconds in Valkey, and answers OK",
}

BLOCKING = {"blpop", "brpop", "blmove", "brpoplpush", "blmpop", "bzpopmin", "bzpopmax", "bzmpop", "xread", "xreadgroup"}
TIMED = {"expire", "pexpire", "expireat", "pexpireat", "set", "getex", "setex", "psetex", "msetex", "hexpire",
    "hpexpire",
         "hexpireat", "hpexpireat", "hgetex", "hsetex", "restore", "xclaim", "xautoclaim", "xpending"}
WEIGHTS = {name: 4.0 for name in (
    "set", "append", "setbit", "rpush", "lpush", "sadd", "hset", "zadd", "xadd", "geoadd", "pfadd", "xgroup|create",
    "xreadgroup", "hexpire", "hsetex", "expire")}
WEIGHTS.update({name: 0.4 for name in (
    "del", "unlink", "rename", "renamenx", "getdel", "ltrim", "move", "xtrim", "expireat", "pexpireat", "delifeq",
    "zremrangebyrank", "zremrangebylex", "zremrangebyscore", "pfdebug", "keys", "randomkey", "spop", "dump",
    "xgroup|destroy", "lcs")})
WEIGHTS.update({name: 0.3 for name in BLOCKING - {"xread", "xreadgroup"}})

CHECK_OF = {
    "sinter": "unordered", "sunion": "unordered", "sdiff": "unordered", "keys": "unordered",
    "smembers": "set_members", "hkeys": "hash_words", "hvals": "hash_words", "hgetall": "hash_pairs",
    "dump": "dumped", "scan": "scanned", "sscan": "scanned", "hscan": "scanned", "zscan": "scanned",
    "pttl": "near_ms", "ttl": "near_seconds", "expiretime": "near_seconds", "pexpiretime": "near_ms",
    "hpttl": "near_ms", "object|refcount": "shape",
    "httl": "near_seconds", "hexpiretime": "near_seconds", "hpexpiretime": "near_ms", "object|idletime": "small",
    "xinfo|stream": "stream_info", "xinfo|consumers": "stream_info", "xinfo|groups": "stream_info",
}
MEMBERS_OF = {"srandmember": b"SMEMBERS", "hrandfield": b"HGETALL", "zrandmember": b"ZRANGE"}
PLACE_SEARCHES = {"georadius", "georadius_ro", "georadiusbymember", "georadiusbymember_ro", "geosearch",
    "geosearchstore"}
LEXICAL = {"zrangebylex", "zrevrangebylex", "zlexcount", "zremrangebylex"}
JUNK = [each for each in BAD_NUMBERS + TEXTS[:30] if not each.strip().isdigit() and each != b"*"] + EDGE_NUMBERS[:4] + [
    b"WITHSCORES", b"LIMIT", b"COUNT", b"NX", b"GET", b"STORE", b"-", b"FIELDS"]


class Request(NamedTuple):
    """A command and the check that its reply has to pass."""
    words: list
    check: str = "exact"


class Unit:
    """Requests that belong together, as they go over the wire. A loose one may have replies that are not equal."""

    __slots__ = ("requests", "data", "loose", "once")

    def __init__(self, requests, once=False):
        self.requests = requests
        self.once = once  # Not to be drawn again: it has a time that is relative.
        self.data = b"".join([encode(request.words) for request in requests])
        self.loose = any(request.check not in ("exact", "exec:exact") for request in requests)


def walk(name, entry, found):
    entry = fields_of(entry)
    if "subcommands" in entry:
        for sub, inner in fields_of(entry["subcommands"]).items():
            walk(sub, inner, found)
    elif entry.get("group", b"").decode() in GROUPS:
        found[name] = (entry["group"].decode(), entry.get("arguments", []))


def documented(docs):
    """The commands of the data types in a reply of COMMAND DOCS: name -> (group, arguments)."""
    found = {}
    for name, entry in fields_of(docs).items():
        walk(name, entry, found)
    return found


class Generator:
    """Draws units. One per epoch; the same values, the same units."""

    def __init__(self, docs, values):
        grammar = Grammar(values)
        self.values = values
        self.random = values.random
        self.counts = {}
        self.makers = {}
        for name, (group, arguments) in sorted(docs.items()):
            if name not in NOT_GENERATED:
                self.makers[name] = grammar.compile(name, group, arguments)
        self.names = sorted(self.makers)
        self.cumulative = []
        total = 0.0
        for name in self.names:
            total += WEIGHTS.get(name, 1.0)
            self.cumulative.append(total)

    def units(self, count):
        names = self.values.rng.choices(self.names, cum_weights=self.cumulative, k=count)
        made = []
        for name in names:
            times = self.values.relative_times
            requests = self.unit(name)
            made.append(Unit(requests, self.values.relative_times != times or name == "lcs"))
        if self.random() < 0.4:
            made.append(Unit([self.setting()]))
        return made

    def setting(self):
        name = self.values.pick(sorted(SETTINGS))
        return Request([b"CONFIG", b"SET", name, self.values.pick(SETTINGS[name])])

    def unit(self, name):
        words = name.upper().encode().split(b"|")
        self.makers[name](words)
        self.counts[name] = self.counts.get(name, 0) + 1
        if self.random() < 0.04:
            self.spoil(name, words)
        if name == "xadd" and b"*" in map(until_zero, words):
            words = words[:1] + [SCRATCH] + words[2:]
            return [Request(words, "shape"), Request([b"XLEN", SCRATCH]), Request([b"DEL", SCRATCH])]
        if name == "spop":
            return self.pop(words)
        if name == "lcs" and len(words) > 2 and self.random() < 0.9:
            # Of texts that are not long: time and memory grow with the product of their lengths.
            text = self.values.text()[:300]
            other = SCRATCH + b"2"
            return [Request([b"SET", SCRATCH, text]), Request([b"SET", other, self.values.text()[:300] + text]),
                    Request([b"LCS", SCRATCH, other] + words[3:]), Request([b"DEL", SCRATCH, other])]
        if name == "pfadd" and len(words) > 3:
            # On a copy: where a sketch turns out to be damaged, Valkey keeps what it had added before.
            return [Request([b"COPY", words[1], SCRATCH, b"REPLACE"]), Request([words[0], SCRATCH] + words[2:]),
                    Request([b"DEL", SCRATCH])] + [Request(words[:2] + [word]) for word in words[2:]]
        if name in ("sinterstore", "sunionstore", "sdiffstore") and len(words) > 2:
            # Whether the outcome becomes a listpack or a table depends on the order in which Valkey's tables list the
            # members: with the texts first it may stay packed. So it is never kept.
            stored = words[1] if self.random() < 0.1 else SCRATCH
            return [Request(words[:1] + [stored] + words[2:]), Request([b"SMEMBERS", stored], "unordered"),
                    Request([b"DEL", stored])]
        if name in MEMBERS_OF and len(words) > 1:
            return self.sample(name, words)
        if name in BLOCKING:
            return self.blocking(name, words)
        tokens = [until_zero(word).upper() for word in words]
        if name in LEXICAL or name in ("zrange", "zrangestore") and b"BYLEX" in tokens:
            return self.lexical(name, words)
        if name in PLACE_SEARCHES and b"COUNT" in tokens:
            return self.nearest(name, words)
        if name == "randomkey":
            return [Request([b"KEYS", b"*"], "unordered"), Request(words, "picked")]
        check = self.check_of(name, words)
        if name in ("sort", "sort_ro") and len(words) > 1:
            words, check = settled(words, check)
            # On a copy: Valkey's SORT makes a skiplist of a packed sorted set, ours changes nothing that it reads.
            copied = [Request([b"COPY", words[1], SCRATCH, b"REPLACE"])]
            if by_locale(words):
                copied.append(Request([words[0], SCRATCH, b"ALPHA"], "same_texts"))
                check = "alphabetical"
            return copied + [Request(words[:1] + [SCRATCH] + words[2:], check), Request([b"DEL", SCRATCH])]
        if check in ("set_members", "hash_words", "hash_pairs") and len(words) > 1:
            return [Request([b"OBJECT", b"ENCODING", words[1]]), Request(words, check)]
        if name == "setbit":
            # Valkey's makes the string raw even if it changes nothing; so APPEND does the same for ours.
            return [Request(words), Request([b"APPEND", *words[1:2], b""])]
        if self.random() < 0.01:
            return [Request([b"MULTI"]), Request(words), Request([b"EXEC"], "exec:" + check)]
        return [Request(words, check)]

    def check_of(self, name, words):
        if name == "xpending" and len(words) > 3:
            return "pending"
        if name in ("sort", "sort_ro"):
            return "shape" if unsorted(words) else "exact"
        return CHECK_OF.get(name, "exact")

    def pop(self, words):
        """SPOP of a copy: what is taken is random, how many are left is not."""
        if len(words) < 2:
            return [Request(words)]
        key = words[1]
        return [Request([b"COPY", key, SCRATCH, b"REPLACE"]), Request([b"SMEMBERS", SCRATCH], "unordered"),
                Request([words[0], SCRATCH] + words[2:], "picked"), Request([b"SCARD", SCRATCH]),
                Request([b"DEL", SCRATCH])]

    def sample(self, name, words):
        listing = [MEMBERS_OF[name], words[1]]
        if name == "zrandmember":
            listing += [b"0", b"-1", b"WITHSCORES"]
        check = {"srandmember": "unordered", "hrandfield": "pairs"}.get(name, "exact")
        return [Request(listing, check), Request(words, "picked")]

    def lexical(self, name, words):
        """On a copy whose scores are all 0: what these find among other scores depends on levels drawn by lot."""
        at = 2 if name == "zrangestore" else 1
        if len(words) <= at:
            return [Request(words)]
        return [Request([b"ZUNIONSTORE", SCRATCH, b"1", words[at], b"WEIGHTS", b"0"]),
                Request(words[:at] + [SCRATCH] + words[at + 1:]), Request([b"ZRANGE", SCRATCH, b"0", b"-1"]),
                Request([b"DEL", SCRATCH])]

    def nearest(self, name, words):
        """A search with COUNT, and before it without, so that it is known which places are equally far."""
        if name == "geosearchstore":
            words[1] = SCRATCH
            return [Request(words), Request([b"ZCARD", SCRATCH]), Request([b"DEL", SCRATCH])]
        tokens = [until_zero(word).upper() for word in words]
        if b"STORE" in tokens or b"STOREDIST" in tokens:
            return [Request(words[:tokens.index(b"COUNT")])]
        rest = tokens.index(b"COUNT") + 2
        while rest < len(tokens) and tokens[rest] == b"ANY":
            rest += 1
        every = words[:tokens.index(b"COUNT")] + words[rest:] + [b"WITHDIST"]
        return [Request(every), Request(words, "ties")]

    def blocking(self, name, words):
        """Mostly in a transaction, where nothing blocks; the rest has timeouts of a millisecond or wrong ones."""
        stream = name in ("xread", "xreadgroup")
        if self.random() < (0.1 if stream and b"BLOCK" not in words else 0.93):
            return [Request([b"MULTI"]), Request(words), Request([b"EXEC"])]
        return [Request(words)]

    def spoil(self, name, words):
        """One thing wrong; but never so that a time comes out that is soon."""
        if name in BLOCKING:
            return  # Whatever is moved may become a timeout; their arguments are wrong often enough.
        chance = self.random()
        first = 2 if b"|" in name.encode() else 1
        if name in MEMBERS_OF and len(words) == first + 1:
            return  # No count may come behind the key: a reply of 2^63 members would never end.
        if chance < 0.25 or len(words) <= first:
            if len(words) > first:
                words.pop()
            return
        if chance < 0.5:
            words.append(self.values.pick(JUNK))
        elif name in MEMBERS_OF:
            pass
        elif name in TIMED:
            words[first] = self.values.pick(ALL_KEYS)
        elif chance < 0.6:
            at = 1 + int(self.random() * (len(words) - 1))
            if words[at] not in ALL_KEYS and words[at] != SCRATCH:
                words[at] += self.values.pick([b"\x00", b"\x00", b"\x00x"])
        elif chance < 0.7:
            at = first + int(self.random() * (len(words) - first))
            words[at] = self.values.pick(JUNK)
        elif chance < 0.85:
            at = first + int(self.random() * (len(words) - first))
            words.insert(at, words[at])
        else:
            words[0] = bytes(c ^ 0x20 if self.random() < 0.5 else c for c in words[0])


def until_zero(word):
    """What is left of a word where a zero byte ends it, as in tokens."""
    return word.split(b"\0", 1)[0]


def by_locale(words):
    """Whether SORT goes by strcoll: what is stored is compared byte by byte."""
    lower = [until_zero(word).lower() for word in words]
    return b"alpha" in lower[2:] and b"by" not in lower and b"store" not in lower


def settled(words, check):
    """ALPHA with BY leaves the order of equal weights open: then nothing is stored, and only sizes are compared."""
    lower = [until_zero(word).lower() for word in words]
    if b"alpha" not in lower or b"by" not in lower:
        return words, check
    return words[:lower.index(b"store")] if b"store" in lower else words, "shape"


def unsorted(words):
    """Whether SORT has a BY without a star: a set then comes in any order."""
    lower = [until_zero(word).lower() for word in words]
    if b"store" in lower:
        return False
    return any(word == b"by" and at + 1 < len(words) and b"*" not in words[at + 1] for at, word in enumerate(lower))


def state(values):
    """What both servers must hold alike: types, encodings, digests, times. The first unit is the types."""
    units = [[Request([b"TYPE", key]) for key in ALL_KEYS],
             [Request([b"OBJECT", b"ENCODING", key]) for key in ALL_KEYS]
             + [Request([b"DEBUG", b"DIGEST-VALUE"] + ALL_KEYS), Request([b"DBSIZE"]), Request([b"DEBUG", b"DIGEST"])],
             [Request([b"PEXPIRETIME", key], "near_ms") for key in ALL_KEYS]]
    fields = values.fields[:40]
    for key in values.types.get("hash", []):
        units.append([Request([b"HPEXPIRETIME", key, b"FIELDS", b"%d" % len(fields)] + fields, "near_ms")])
    for key in values.types.get("stream", []):
        units.append([Request([b"XINFO", b"STREAM", key, b"FULL", b"COUNT", b"0"], "stream_info")])
    return [Unit(requests) for requests in units]
