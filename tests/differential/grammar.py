# SPDX-License-Identifier: BSD-3-Clause
"""From the arguments that COMMAND DOCS describes to a function that makes random ones.

A compiled argument is a function that appends words to a list. What a value looks like depends on the argument's name
and type, and on the command; BY_COMMAND and BY_NAME say how. A number that counts what follows (numkeys, numfields) is
right mostly.
"""

from values import BAD_ENCODINGS, BAD_PLACES, ENCODINGS, PATTERNS, PLACES

MIXED_ENCODINGS = ENCODINGS * 3 + BAD_ENCODINGS

COUNTING = {"numkeys", "numfields", "num-vertices"}
KIND_OF_GROUP = {"string": "string", "list": "list", "set": "set", "hash": "hash", "sorted-set": "zset",
    "sorted_set": "zset",
                 "stream": "stream", "geo": "geo", "hyperloglog": "hyperloglog", "bitmap": "bitmap", "generic": None}
KIND_OF_KEY = {("georadius", "storekey"): "zset", ("georadius", "storedistkey"): "zset", ("sort",
    "destination"): "list",
               ("georadiusbymember", "storekey"): "zset", ("georadiusbymember", "storedistkey"): "zset",
               ("geosearchstore", "destination"): "geo"}
RANDOM_COUNT = {"srandmember", "hrandfield", "zrandmember", "spop"}


def by_name(values):
    """What an argument of this name is in any command."""
    return {
        "member": values.member, "member1": values.member, "member2": values.member, "field": values.field,
        "value": values.text, "element": values.member, "pivot": values.member, "comparison-value": values.text,
        "score": values.double, "increment": values.number, "decrement": values.number, "count": values.count,
        "num-matches": values.count, "limit": values.count, "timeout": values.timeout,
        "seconds": values.relative_seconds,
        "milliseconds": values.relative_ms, "unix-time-seconds": values.absolute_seconds,
        "unix-time-milliseconds": values.absolute_ms, "pattern": lambda: values.pick(PATTERNS),
        "cursor": lambda: b"0" if values.random() < 0.9 else values.pick([b"1", b"-1", b"abc", b"",
        b"18446744073709551615",
                                                                       b"18446744073709551616", b"0x0", b" 0", b"00"]),
        "id": values.stream_id, "start": values.number, "stop": values.number, "end": values.number,
        "group": lambda: values.pick([b"g1", b"g2", b"g3", b"none"] if values.random() < 0.97 else [b"", b"\xff"]),
        "consumer": lambda: values.pick([b"c1", b"c2", b"c3", b""]),
        "min-idle-time": lambda: values.pick([b"0", b"0", b"0", b"100000", b"1000000000000", b"-1", b"abc",
                                            b"9223372036854775807"]),
        "ms": lambda: values.pick([b"0", b"5000000", b"100000000", b"-1", b"abc", b"9223372036854775807"]),
        "lastid": values.stream_id, "last-id": values.stream_id, "max-deleted-id": values.stream_id,
        "entriesread": values.number, "entries-added": values.number, "weight": values.double,
        "db": lambda: values.pick([b"1", b"0", b"1", b"1", b"15", b"16", b"-1", b"abc", b"9223372036854775807"]),
        "offset": values.number, "encoding": lambda: values.pick(MIXED_ENCODINGS),
        "radius": lambda: values.pick([b"1", b"100", b"5000", b"200", b"0", b"1e9", b"0.5", b"3000", b"1000", b"-1",
        b"abc",
                                     b"inf", b"nan"]),
        "bit": lambda: values.pick([b"0", b"1", b"0", b"1", b"2", b"-1", b"abc"]),
        "len": values.number, "rank": values.number, "index": values.number, "min-match-len": values.number,
        "by-pattern": lambda: values.pick([b"s*", b"nosort", b"h1->*", b"h1->f*", b"n*", b"missing*", b"*", b"h*->f1",
        b"",
                                         b"*->", b"h1->f1", b"s*->x", b"z*"]),
        "get-pattern": lambda: values.pick([b"#", b"s*", b"h1->*", b"h1->f*", b"#", b"missing*", b"*", b"n*", b"h*->f1",
                                          b"", b"->", b"s*->"]),
        "type": lambda: values.pick([b"string", b"list", b"set", b"zset", b"hash", b"stream", b"HASH", b"module", b""]),
        "serialized-value": lambda: _payload(values),
        "frequency": lambda: values.pick([b"0", b"255", b"256", b"-1", b"10", b"abc"]),
        "ttl": lambda: b"0" if values.random() < 0.6 else values.relative_ms(),
        "threshold": lambda: values.count() if values.random() < 0.6 else values.stream_id(),
        # Not SIMD: Valkey answers it with two replies if its argument is wrong.
        "subcommand": lambda: values.pick([b"ENCODING", b"DECODE", b"TODENSE", b"GETREG", b"encoding", b"nothing"]),
    }


def by_command(values):
    """What an argument is in one command, where its name says too little; zrange's depends on what follows."""
    score, lex, ids = values.score_bound, values.lex_bound, values.range_id
    table = {("setrange", "offset"): values.offset, ("setbit", "offset"): values.offset, ("getbit",
        "offset"): values.offset,
             ("setbit", "value"): lambda: values.pick([b"0", b"1", b"1", b"0", b"1", b"2", b"-1", b"abc"]),
             ("incrbyfloat", "increment"): values.double, ("hincrbyfloat", "increment"): values.double,
             ("zincrby", "increment"): values.double, ("xautoclaim", "start"): values.stream_id,
             ("xread", "milliseconds"): lambda: values.pick([b"1", b"1", b"-1", b"abc", b"9223372036854775808"]),
             ("xreadgroup", "milliseconds"): lambda: values.pick([b"1", b"1", b"-1", b"abc", b"9223372036854775808"]),
             ("xread", "id"): lambda: values.pick([b"$", b"+"]) if values.random() < 0.15 else values.stream_id(),
             ("xreadgroup", "id"): lambda: b">" if values.random() < 0.6 else values.stream_id(),
             ("xadd", "id"): values.new_stream_id, ("bitfield", "offset"): lambda: _bitfield_offset(values),
             ("bitfield_ro", "offset"): lambda: _bitfield_offset(values),
             ("restore", "seconds"): lambda: values.pick([b"0", b"100", b"-1", b"abc"]),
             ("xclaim", "unix-time-milliseconds"): lambda: values.pick([b"0", b"1600000000000", b"4000000000000", b"-1",
                                                                      b"abc", b"9223372036854775807"]),
             ("pfadd",
             "element"): lambda: values.member() if values.random() < 0.5 else b"e%d" % int(values.random() * 9999)}
    for name in ("zrangebyscore", "zrevrangebyscore", "zcount", "zremrangebyscore"):
        table[name, "min"] = table[name, "max"] = score
    for name in ("zrangebylex", "zrevrangebylex", "zlexcount", "zremrangebylex"):
        table[name, "min"] = table[name, "max"] = lex
    for name in ("xrange", "xrevrange", "xpending"):
        table[name, "start"] = table[name, "end"] = ids
    for name, first, last in (("zrange", "start", "stop"), ("zrangestore", "min", "max")):
        table[name, first] = table[name, last] = lambda: values.pick((values.number, score, lex))()
    for name in RANDOM_COUNT:
        table[name, "count"] = values.random_count
    return table


def _bitfield_offset(values):
    return (b"#" if values.random() < 0.3 else b"") + values.offset()


def _payload(values):
    if values.payloads and values.random() < 0.9:
        payload = values.pick(values.payloads)
        if values.random() < 0.9:
            return payload
        at = int(values.random() * len(payload))
        return payload[:at] + b"\x55" + payload[at + 1:]
    return values.text()


def fields_of(flat):
    """The pairs of a map as RESP2 has it."""
    fields = {flat[at].decode(): flat[at + 1] for at in range(0, len(flat), 2)}
    if "flags" in fields:
        fields["flags"] = [flag[1] for flag in fields["flags"]]  # They are simple strings.
    return fields


class Grammar:
    """Compiles the commands of COMMAND DOCS for one stream of values."""

    def __init__(self, values):
        self.values = values
        self.random = values.random
        self.names = by_name(values)
        self.commands = by_command(values)
        self.exact_count = 0  # Of the list that was generated last with a number before it.

    def compile(self, name, group, arguments):
        """A function of a list of words, to which it appends the arguments of the command."""
        self.command = name
        self.kind = KIND_OF_GROUP[group]
        return self.sequence([fields_of(each) for each in arguments])

    def sequence(self, arguments):
        steps = []
        at = 0
        while at < len(arguments):
            argument = arguments[at]
            following = arguments[at + 1] if at + 1 < len(arguments) else None
            if argument["name"].decode() in COUNTING and following and b"multiple" in following.get("flags", []):
                steps.append((self.counted(following), False))
                at += 2
            elif (self.command in ("xread", "xreadgroup") and following and b"multiple" in argument.get("flags", [])
                  and b"multiple" in following.get("flags", [])):
                steps.append((self.parallel(argument, following), False))
                at += 2
            else:
                steps.append((self.one(argument), b"optional" in argument.get("flags", [])))
                at += 1
        if len(steps) == 1:
            return steps[0][0]
        return self.in_order(steps)

    def in_order(self, steps):
        functions = [step for step, _ in steps]
        first = next((at for at, (_, optional) in enumerate(steps) if optional), len(steps))
        last = first
        while last < len(steps) and steps[last][1]:
            last += 1
        random, rng = self.random, self.values.rng

        def run(out):
            for function in functions:
                function(out)

        def shuffled(out):
            if random() < 0.85:
                run(out)
                return
            options = functions[first:last]
            rng.shuffle(options)
            for function in functions[:first] + options + functions[last:]:
                function(out)
        return shuffled if last - first > 1 else run

    def how_many(self):
        chance = self.random()
        if chance < 0.55:
            return 1
        if chance < 0.95:
            return 1 + int(self.random() * 3)
        return 1 + int(self.random() * self.values.many_max)

    def counted(self, argument):
        item = self.item(argument)
        random, pick = self.random, self.values.pick

        def run(out):
            count = self.how_many()
            self.exact_count = count
            out.append(b"%d" % count if random() < 0.97 else pick(
                [b"0", b"-1", b"%d" % (count + 1), b"%d" % max(count - 1, 0), b"abc", b"9223372036854775807",
                b"2147483648"]))
            for _ in range(count):
                item(out)
        return run

    def parallel(self, keys, ids):
        key, each = self.item(keys), self.item(ids)
        random = self.random

        def run(out):
            count = 1 if random() < 0.7 else 2
            for _ in range(count):
                key(out)
            for _ in range(count if random() < 0.98 else count + 1):
                each(out)
        return run

    def one(self, argument):
        item = self.item(argument)
        flags = argument.get("flags", [])
        token = argument.get("token")
        random = self.random
        if b"multiple" in flags:
            item = self.repeated(item, argument, token if b"multiple_token" in flags else None)
            if b"multiple_token" in flags:
                token = None
        if token is not None and argument["type"] != b"pure-token":
            item = self.after_token(token, item)
        if b"optional" not in flags:
            return item
        chance = 0.9 if argument["name"].decode() in ("element", "member", "sourcekey") else 0.35
        return lambda out: item(out) if random() < chance else None

    def repeated(self, item, argument, token):
        weights = argument["name"] == b"weight"
        random = self.random

        def run(out):
            count = self.exact_count if weights and random() < 0.95 else self.how_many()
            for _ in range(count):
                if token is not None:
                    out.append(token)
                item(out)
        return run

    def after_token(self, token, item):
        def run(out):
            out.append(token if self.random() < 0.97 else token.lower())
            item(out)
        return run

    def item(self, argument):
        """One of the argument, whatever its flags and token say."""
        kind = argument["type"]
        name = argument["name"].decode()
        if kind == b"pure-token":
            token = argument["token"]
            return lambda out: out.append(token)
        if kind == b"block":
            inner = [fields_of(each) for each in argument["arguments"]]
            if [each["name"] for each in inner[:2]] == [b"longitude", b"latitude"]:
                return self.place(self.sequence(inner[2:]))
            return self.sequence(inner)
        if kind == b"oneof":
            choices = [self.one(fields_of(each)) for each in argument["arguments"]]
            return lambda out: choices[int(self.random() * len(choices))](out)
        if kind == b"key":
            holds = KIND_OF_KEY.get((self.command, name), self.kind)
            key = self.values.key
            return lambda out: out.append(key(holds))
        draw = self.commands.get((self.command, name)) or self.names.get(name)
        if draw is None:
            draw = {b"integer": self.values.number, b"double": self.values.double}.get(kind, self.values.text)
        return lambda out: out.append(draw())

    def place(self, rest):
        def run(out):
            out.extend(self.values.pick(PLACES if self.random() < 0.97 else BAD_PLACES))
            rest(out)
        return run

