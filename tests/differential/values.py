# SPDX-License-Identifier: BSD-3-Clause
"""What arguments are made of: few keys and members, so that commands meet; and the values at the edges.

Times are chosen so that both servers must agree: long ago, or so far away that nothing expires during a run. A relative
time is never drawn twice, so that GT and LT do not depend on the millisecond in which a command runs.
"""

LONG_MAX = 2 ** 63 - 1
LONG_MIN = -(2 ** 63)

# Home keys: what a key holds at first, and mostly. Others may come to hold anything.
HOMES = {
    "string": [b"s1", b"s2", b"s3", b"n1", b"n2"],
    "list": [b"l1", b"l2", b"l3"],
    "set": [b"t1", b"t2", b"t3", b"t4"],
    "hash": [b"h1", b"h2", b"h3"],
    "zset": [b"z1", b"z2", b"z3"],
    "stream": [b"x1", b"x2", b"x3"],
    "geo": [b"g1", b"g2"],
    "hyperloglog": [b"p1", b"p2", b"p3"],
    "bitmap": [b"b1", b"b2", b"s1"],
}
ODD_KEYS = [b"", b"\xff\x00k", b"missing"]
ALL_KEYS = sorted({key for keys in HOMES.values() for key in keys} | set(ODD_KEYS))
SCRATCH = b"scratch"  # For commands whose outcome is random: they work on a copy that is deleted at once.

TEXTS = [b"", b"a", b"b", b"abc", b"hello world", b"0", b"-0", b"1", b"-1", b"007", b"42", b" 5", b"5 ", b"+5", b"1.5",
         b"3.0", b"1e3", b"nan", b"inf", b"-inf", b"0x1f", b"\x00", b"\r\n", b"\xff\xfe\x00\x80", b"a\x00b", b"%s%n",
         b"9223372036854775807", b"-9223372036854775808", b"9223372036854775808", b"18446744073709551615",
         b"1.7976931348623157e308", b"10000", b"9999", b"-32769", b"32768", b"2147483648", b"8388607", b"0.1",
         b"x" * 19, b"x" * 20, b"y" * 21, b"q" * 44, b"q" * 45, b"w" * 63, b"w" * 64, b"w" * 65, b"ab" * 100,
         b"v" * 1000, b"abcdefghij" * 800, b"\xc3\xa4\xc3\xb6", b"12345678901234567890123", b"caf\xe9", b"A", b"Z"]
PLAIN_TEXTS = [b"a", b"b", b"c", b"abc", b"hello world", b"1", b"2", b"3", b"42", b"-7", b"foobar", b"x" * 30, b"3.5"]

BAD_NUMBERS = [b"", b"abc", b"1.5", b" 1", b"1 ", b"+1", b"01", b"-0", b"0x10", b"1e2", b"9223372036854775808",
               b"-9223372036854775809", b"99999999999999999999999", b"1\x00", b"--1", b"-", b"inf", b"nan"]
EDGE_NUMBERS = [b"%d" % each for each in (
    LONG_MAX, LONG_MAX - 1, LONG_MIN, LONG_MIN + 1, 2 ** 62, 2 ** 32, 2 ** 32 - 1, 2 ** 31, 2 ** 31 - 1, -(2 ** 31),
    -(2 ** 31) - 1, 2 ** 53, 10 ** 18, -(10 ** 18), 512 * 1024 * 1024, LONG_MAX // 2, LONG_MIN // 2, -LONG_MAX)]
SMALL_NUMBERS = [b"%d" % each for each in range(-6, 13)] + [b"0", b"1", b"-1", b"2", b"0", b"1", b"100", b"-100"]
COUNTS = [b"%d" % each for each in (1, 1, 1, 2, 2, 3, 4, 5, 7, 10, 20, 100, 1000)]

DOUBLES = [b"0", b"-0", b"1", b"-1", b"1.5", b"2", b"3", b"0.1", b"0.2", b"-3.25", b"3.0000000000000004", b"1e20",
           b"1e21", b"1e-7", b"1e17", b"123456789012345678", b"1.7976931348623157e308", b"-1.7976931348623157e308",
           b"5e-324", b"2.2250738585072014e-308", b"9007199254740993", b"9007199254740992", b".5", b"5.", b"1e5",
           b"+1.5", b"0.30000000000000004", b"3.141592653589793", b"100", b"1000000", b"-17", b"1e100", b"4.35",
           b"9223372036854775807", b"-9223372036854775808", b"0x1p3", b"1E+2", b"0.000001", b"1e15", b"99999.99999"]
INFINITIES = [b"inf", b"-inf", b"+inf", b"Inf", b"INFINITY", b"-infinity"]
BAD_DOUBLES = [b"nan", b"-nan", b"NaN", b"", b"abc", b" 1", b"1 ", b"1e400", b"-1e400", b"1e-400", b"1,5", b"1.5.2",
               b"0x", b"--1", b"1_0", b"inf1", b"1\x00", b"1" * 400, b"nan(1)"]

FAR_SECONDS = [b"4000000000", b"4000000001", b"5000000000", b"4102444800", b"99999999999", b"10000000000"]
FAR_MS = [b"4000000000000", b"4000000000001", b"5000000000000", b"99999999999999", b"4000000000000"]
PAST = [b"1", b"1000", b"1600000000"]
BAD_TIMES = [b"0", b"-1", b"-1000", b"abc", b"", b"1.5", b"9223372036854775807", b"-9223372036854775808",
             b"9223372036854775", b"9223372036854776", b"-9223372036854776", b"9223372036854775808", b"-0",
             b"9223370000000000000", b"9223372036854774", b"281474976710655", b"281474976710656", b"70368744177663999"]

STREAM_IDS = [b"1-1", b"1-2", b"1", b"2", b"2-0", b"2-5", b"3-3", b"5-1", b"5-2", b"7", b"8-1", b"10-10", b"0-1",
    b"0-2",
              b"15-3", b"20-1", b"20-2", b"30-1", b"100-0"]
EDGE_IDS = [b"0", b"0-0", b"18446744073709551615-18446744073709551615", b"18446744073709551615",
    b"1-18446744073709551615",
            b"18446744073709551615-0", b"18446744073709551614-18446744073709551615", b"9223372036854775807-1",
            b"9223372036854775808-9223372036854775808"]
BAD_IDS = [b"", b"abc", b"-", b"+", b"1-", b"-1", b"1-1-1", b"1--1", b"18446744073709551616", b"1-18446744073709551616",
           b"1-abc", b" 1", b"1.5", b"(", b"(1", b"$", b">", b"1-*x", b"01-01", b"0x1", b"(1-1",
           b"(18446744073709551615",
           b"(0", b"1\x00", b"1" * 130]

PATTERNS = [b"*", b"?", b"a*", b"*a", b"[a-c]*", b"[^a]*", b"h?", b"\\*", b"x*", b"*1", b"t[12]", b"", b"[", b"a\\",
    b"**",
            b"*[*", b"[]", b"[z-a]*", b"f*", b"m*", b"{s}*", b"s*", b"?*?"]
ENCODINGS = [b"u8", b"i8", b"u1", b"i1", b"u63", b"i64", b"u4", b"i5", b"u16", b"i32", b"u7", b"i63", b"u32"]
BAD_ENCODINGS = [b"u64", b"u0", b"i0", b"i65", b"8", b"", b"x8", b"u-1", b"u08", b"I8", b"u8 ", b"u"]
PLACES = [(b"13.361389", b"38.115556"), (b"15.087269", b"37.502669"), (b"-122.4194", b"37.7749"), (b"0", b"0"),
          (b"179.999", b"85"), (b"-180", b"-85.05112878"), (b"180", b"85.05112878"), (b"2.3522", b"48.8566"),
          (b"2.3523", b"48.8567"), (b"12.758489", b"38.788135"), (b"-0.0001", b"0.0001"), (b"151.2", b"-33.86")]
BAD_PLACES = [(b"181", b"1"), (b"1", b"86"), (b"nan", b"1"), (b"1", b"inf"), (b"abc", b"1"), (b"-180.0001", b"0"),
              (b"0", b"-85.05112879")]

SETTINGS = {
    b"hash-max-listpack-entries": [b"0", b"3", b"8", b"128", b"512"], b"hash-max-listpack-value": [b"0", b"8", b"64",
    b"64"],
    b"set-max-intset-entries": [b"0", b"3", b"8", b"512"], b"set-max-listpack-entries": [b"0", b"3", b"8", b"128"],
    b"set-max-listpack-value": [b"0", b"8", b"64", b"64"], b"zset-max-listpack-entries": [b"0", b"3", b"8", b"128"],
    b"zset-max-listpack-value": [b"0", b"8", b"64", b"64"], b"list-max-listpack-size": [b"-2", b"-2", b"3", b"8",
    b"-1"],
    b"rdbcompression": [b"no", b"no", b"yes", b"no"], b"list-compress-depth": [b"0", b"0", b"1", b"2"],
    b"stream-node-max-entries": [b"100", b"3", b"1", b"10", b"0"],
    b"stream-node-max-bytes": [b"4096", b"4096", b"100", b"0"], b"hll-sparse-max-bytes": [b"3000", b"100", b"0",
    b"3000"],
}


class Values:
    """Draws values. `types` is what the keys hold, as last seen; it is refreshed at every check."""

    def __init__(self, rng):
        self.rng = rng
        self.random = rng.random
        self.types = {}
        self.payloads = []
        self.relative_times = 0  # How many there were.
        many = self.random() < 0.25
        self.many_max = 60 if many else 3
        self.members = [b"m%d" % each for each in range(8)] + [b"%d" % each for each in range(10)]
        self.members += [b"-5", b"", b"\xff\x00", b"3.5", b"w" * 64, b"w" * 65, b"70000", b"5000000000", b"q" * 9]
        if many:
            self.members += [b"%d" % each for each in range(300)] + [b"m%d" % each for each in range(300)]
        if self.random() < 0.3:
            self.members = [b"%d" % each for each in range(-20, 40 if not many else 800)]
        self.fields = [b"f%d" % each for each in range(250 if many else 9)] + [b"", b"1", b"2", b"\xff\x00"]
        if self.random() < 0.3:
            self.fields.append(b"w" * 70)

    def pick(self, pool):
        return pool[int(self.random() * len(pool))]

    def key(self, kind):
        """A key that mostly holds `kind`."""
        chance = self.random()
        if kind is None or chance < 0.05:
            return self.pick(ALL_KEYS)
        homes = HOMES[kind]
        if chance < 0.6:
            held = self.types.get(kind)
            if held:
                return self.pick(held)
        return self.pick(homes)

    def text(self):
        chance = self.random()
        if chance < 0.5:
            return self.pick(PLAIN_TEXTS)
        if chance < 0.6:
            return b"%d" % self.rng.randint(-10 ** self.rng.randint(1, 19), 10 ** self.rng.randint(1, 19))
        if chance < 0.65:
            return self.rng.randbytes(self.rng.randint(0, 70))
        return self.pick(TEXTS)

    def member(self):
        return self.pick(self.members) if self.random() < 0.95 else self.text()

    def field(self):
        return self.pick(self.fields) if self.random() < 0.97 else self.text()

    def number(self):
        chance = self.random()
        if chance < 0.75:
            return self.pick(SMALL_NUMBERS)
        if chance < 0.87:
            return b"%d" % self.rng.randint(-1000, 1000)
        return self.pick(EDGE_NUMBERS if chance < 0.95 else BAD_NUMBERS)

    def count(self):
        chance = self.random()
        if chance < 0.85:
            return self.pick(COUNTS)
        return self.number()

    def random_count(self):
        """For replies that grow with -count."""
        chance = self.random()
        if chance < 0.85:
            return b"%d" % self.rng.randint(-12, 25)
        return self.pick([b"%d" % LONG_MIN, b"%d" % LONG_MAX, b"9223372036854775808", b"abc", b"", b"1.5", b"1000000"])

    def double(self):
        chance = self.random()
        if chance < 0.5:
            return self.pick(DOUBLES)
        if chance < 0.65:
            return b"%d" % self.rng.randint(-20, 20)
        if chance < 0.8:
            return repr(self.rng.uniform(-100, 100)).encode()
        if chance < 0.86:
            return repr(self.rng.uniform(-1, 1) * 10.0 ** self.rng.randint(-300, 300)).encode()
        return self.pick(INFINITIES if chance < 0.95 else BAD_DOUBLES)

    def score_bound(self):
        chance = self.random()
        if chance < 0.2:
            return self.pick([b"-inf", b"+inf", b"inf", b"(-inf", b"(+inf"])
        return (b"(" if chance < 0.4 else b"") + self.double()

    def lex_bound(self):
        chance = self.random()
        if chance < 0.35:
            return self.pick([b"-", b"+"])
        if chance < 0.95:
            return self.pick([b"[", b"("]) + self.member()
        return self.pick([b"", b"a", b"--", b"+a", b"-inf", b"(", b"["])

    def relative_seconds(self):
        return self.relative(10 ** 5, 10 ** 9) if self.random() < 0.8 else self.far_or_bad(1000)

    def relative_ms(self):
        return self.relative(10 ** 8, 10 ** 12) if self.random() < 0.8 else self.far_or_bad(1)

    def far_or_bad(self, unit_ms):
        """What is so far away that it is still right is not drawn twice either."""
        time = self.pick(BAD_TIMES)
        if time.isdigit() and 0 < int(time) * unit_ms < LONG_MAX - 2 * 10 ** 12:
            return self.relative(int(time) - 10 ** 9, int(time))
        return time

    def relative(self, least, most):
        self.relative_times += 1
        return b"%d" % self.rng.randint(least, most)

    def absolute_seconds(self):
        chance = self.random()
        return self.pick(FAR_SECONDS if chance < 0.7 else PAST if chance < 0.8 else BAD_TIMES)

    def absolute_ms(self):
        chance = self.random()
        return self.pick(FAR_MS if chance < 0.7 else PAST if chance < 0.8 else BAD_TIMES)

    def stream_id(self):
        chance = self.random()
        if chance < 0.6:
            return self.pick(STREAM_IDS)
        if chance < 0.85:
            return b"%d-%d" % (self.rng.randint(0, 60), self.rng.randint(0, 3))
        return self.pick(EDGE_IDS if chance < 0.95 else BAD_IDS)

    def new_stream_id(self):
        chance = self.random()
        if chance < 0.5:
            return b"%d-*" % self.rng.randint(0, 200)
        if chance < 0.85:
            return b"%d-%d" % (self.rng.randint(0, 200), self.rng.randint(0, 5))
        return self.stream_id() if chance < 0.99 else self.pick([b"-*", b"abc-*", b"18446744073709551615-*", b"1-**"])

    def range_id(self):
        chance = self.random()
        if chance < 0.4:
            return self.pick([b"-", b"+"])
        return (b"(" if chance < 0.5 else b"") + self.stream_id()

    def offset(self):
        """Of a byte or bit: up to the limit, which the runner sets to a megabyte, but that rarely."""
        chance = self.random()
        if chance < 0.9:
            return b"%d" % self.rng.randint(0, 300)
        if chance < 0.92:
            return self.pick([b"1048575", b"1048576", b"1048577", b"8388607", b"8388608", b"65536"])
        return self.number()

    def timeout(self):
        """Only what ends at once: a millisecond, or an error."""
        chance = self.random()
        if chance < 0.6:
            return b"0.001"
        return self.pick([b"-1", b"abc", b"nan", b"-0.5", b"1e400", b"", b"9223372036854775807", b"1e300", b"-inf"])
