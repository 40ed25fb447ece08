#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""RDB files as Redis 7.0 and 7.2 write them, in ours and in Valkey: DEBUG DIGEST must be that of who wrote them.

    tests/torture/redis7_files.py SERVER --redis REDIS_8_SERVER [--valkey VALKEY_SERVER]

There is no Redis 7 here, so its files are made of those of Redis 8, whose types are the same but for this:

    Redis 7.2   version 11
    Redis 7.0   version 10; consumers of streams have no time of their last activity (type 19 in place of 21); small
                sets of text are no listpacks (type 20), which Redis 8 is told by a setting

Each file holds what files_both_ways.py fills in, as AOF base too; the types in it are counted, so that none is
missing.

Then files of Redis 8 as they are, with fields of hashes that expire (types 24 and 25, as Redis 7.4 writes them, too):
ours reads them with `rdb-version-check relaxed`, fields with their times, and those whose time is over are not there.
Without it, ours and Valkey refuse the version; Valkey refuses the types even so, which is said, but does not count.
Ends in `N passed, N failed`.
"""
import argparse
import glob
import os
import sys
import tempfile
import time

from files_both_ways import ReplyError, Running, digest, fill

STRING, SET, HASH, ZSET, INTSET, HASH_PACKED, ZSET_PACKED, LIST, SET_PACKED = 0, 2, 4, 5, 11, 16, 17, 18, 20
STREAM_7_0, STREAM_7_2 = 19, 21
FUNCTION, IDLE, FREQUENCY, AUX, SIZES, MILLISECONDS, SECONDS, DATABASE, END = \
    245, 248, 249, 250, 251, 252, 253, 254, 255
TYPES = {
    "7.0": {STRING, SET, HASH, ZSET, INTSET, HASH_PACKED, ZSET_PACKED, LIST, STREAM_7_0},
    "7.2": {STRING, SET, HASH, ZSET, INTSET, HASH_PACKED, ZSET_PACKED, LIST, SET_PACKED, STREAM_7_2},
}
VERSIONS = {"7.0": (b"0010", b"7.0.15"), "7.2": (b"0011", b"7.2.7")}
SET_FORMS = {"7.0": ("--set-max-listpack-entries", "0"), "7.2": ()}


def checksum_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x95ac9329ac4bc9b5 if byte & 1 else 0)
        table.append(byte)
    return table


def checksum(data, table=checksum_table()):
    value = 0
    for byte in data:
        value = table[(value ^ byte) & 255] ^ (value >> 8)
    return value.to_bytes(8, "little")


class Rewriter:
    """Copies a file of Redis 8 part by part, and changes what an earlier version writes in another way."""

    def __init__(self, data, version):
        self.data, self.at, self.out, self.version = data, 0, bytearray(), version
        self.types = set()

    def copy(self, count):
        part = self.data[self.at:self.at + count]
        if len(part) != count:
            raise ValueError("the file ends early")
        self.out += part
        self.at += count
        return part

    def length(self):
        first = self.copy(1)[0]
        form = first >> 6
        if form == 0:
            return first & 63
        if form == 1:
            return (first & 63) << 8 | self.copy(1)[0]
        if form == 2:
            return int.from_bytes(self.copy(8 if first & 1 else 4), "big")
        return -1 - (first & 63)  # Of a string: an integer, or compressed.

    def string(self):
        length = self.length()
        if length == -4:
            packed = self.length()
            self.length()
            return self.copy(packed)
        return self.copy(length if length >= 0 else {-1: 1, -2: 2, -3: 4}[length])

    def aux(self):
        name = self.string()
        begin = len(self.out)
        self.string()
        if name == b"redis-ver":
            text = VERSIONS[self.version][1]
            self.out[begin:] = bytes([len(text)]) + text

    def stream(self):
        for _ in range(self.length()):
            self.string()
            self.string()
        for _ in range(8):  # Length; first, last, highest deleted; how many there ever were.
            self.length()
        for _ in range(self.length()):
            self.string()
            for _ in range(3):
                self.length()
            for _ in range(self.length()):
                self.copy(24)
                self.length()
            for _ in range(self.length()):
                self.string()
                self.copy(8)
                if self.version == "7.0":
                    self.at += 8
                else:
                    self.copy(8)
                for _ in range(self.length()):
                    self.copy(16)

    def value(self, code):
        if code == STREAM_7_2 and self.version == "7.0":
            code = self.out[-1] = STREAM_7_0
        self.types.add(code)
        self.string()  # The key.
        if code in (STRING, INTSET, HASH_PACKED, ZSET_PACKED, SET_PACKED):
            self.string()
        elif code in (STREAM_7_0, STREAM_7_2):
            self.stream()
        elif code in (SET, HASH, ZSET, LIST):
            for _ in range(self.length()):
                if code == LIST:
                    self.length()
                self.string()
                if code == HASH:
                    self.string()
                if code == ZSET:
                    self.copy(8)
        else:
            raise ValueError(f"type {code} is none of Redis {self.version}")

    def run(self):
        self.copy(5)
        self.copy(4)
        self.out[5:9] = VERSIONS[self.version][0]
        while (code := self.copy(1)[0]) != END:
            if code == AUX:
                self.aux()
            elif code == FUNCTION:
                self.string()
            elif code in (DATABASE, IDLE, SIZES):
                self.length()
                if code == SIZES:
                    self.length()
            elif code in (MILLISECONDS, SECONDS, FREQUENCY):
                self.copy({MILLISECONDS: 8, SECONDS: 4, FREQUENCY: 1}[code])
            else:
                self.value(code)
        self.out += checksum(self.out)
        missing = TYPES[self.version] - self.types
        if missing:
            raise ValueError(f"no value of the types {sorted(missing)}")
        return bytes(self.out), self.data[self.at + 8:]


def make(options, version, folder, is_log):
    """Leaves files of that version in the folder, and returns what they hold."""
    forms = [*SET_FORMS[version], *(("--appendonly", "yes") if is_log else ())]
    with Running(options.redis, folder, *forms) as running:
        fill(running.client, 1)
        if is_log:
            running.client.command("BGREWRITEAOF")
            while "aof_rewrite_in_progress:1" in running.client.command("INFO", "persistence"):
                time.sleep(0.02)
            fill(running.client, 2)
        else:
            running.client.command("SAVE")
        expected = digest(running)
    pattern = "appendonlydir/*.base.rdb" if is_log else "dump.rdb"
    for path in glob.glob(os.path.join(folder, pattern)):
        with open(path, "rb") as file:
            data = file.read()
        if checksum(data[:-8]) != data[-8:]:
            raise ValueError("the checksum of the original is not what it should be")
        made, rest = Rewriter(data, version).run()
        if rest:
            raise ValueError("there is something behind the end")
        with open(path, "wb") as file:
            file.write(made)
    return expected


def fill_expiring(client):
    at = 4102444800000
    for name, size in (("packed", 7), ("table", 700)):
        for n in range(size):
            client.command("HSET", name, f"field {n}", "value " * (n % 5) + str(n), n, n * n)
        for n in range(0, size, 3):
            client.command("HPEXPIREAT", name, at + n * 1000, "FIELDS", 1, f"field {n}")
        client.command("HPEXPIREAT", name, at, "FIELDS", 2, 1, 2)
        client.command("HPEXPIRE", name, 700, "FIELDS", 1, "field 1")
    for name in ("gone", "gone table"):
        for n in range(3 if name == "gone" else 600):
            client.command("HSET", name, f"field {n}", n)
            client.command("HPEXPIRE", name, 700, "FIELDS", 1, f"field {n}")


def expiring(client):
    """All hashes, as fields with their values and times."""
    found = {}
    for name in client.command("KEYS", "*"):
        flat = client.command("HGETALL", name)
        times = client.command("HPEXPIRETIME", name, "FIELDS", len(flat) // 2, *flat[::2])
        found[name] = sorted(zip(flat[::2], flat[1::2], times))
    return found


def check_expiring(options, is_log):
    """Yields what was tried, and the problem or None; None twice: it does not count."""
    more = ("--appendonly", "yes") if is_log else ()
    what = f"Redis 8, fields that expire, {'AOF base' if is_log else 'RDB file'}"
    with tempfile.TemporaryDirectory(prefix="millrace_redis8_") as folder:
        with Running(options.redis, folder, *more) as running:
            fill_expiring(running.client)
            if is_log:
                running.client.command("BGREWRITEAOF")
                while "aof_rewrite_in_progress:1" in running.client.command("INFO", "persistence"):
                    time.sleep(0.02)
            else:
                running.client.command("SAVE")
            time.sleep(0.8)
            expected = expiring(running.client)
        if set(expected) != {"packed", "table"} or len(expected["table"]) != 1399:
            yield what, "the original is not what it should be"
        for path in glob.glob(os.path.join(folder, "appendonlydir/*.base.rdb" if is_log else "dump.rdb")):
            with open(path, "rb") as file:
                data = file.read()
            # The types stand before the names.
            for code, name in ((25, b"packed"), (24, b"table")):
                if bytes([code, len(name)]) + name not in data:
                    yield what, f"no value of type {code}"
        for who, server in (("ours", options.server), ("valkey", options.valkey)):
            for rule in ("relaxed", "strict"):
                if not server:
                    continue
                problem = None
                try:
                    with Running(server, folder, *more, "--rdb-version-check", rule) as running:
                        found = expiring(running.client)
                        for _ in range(100):  # What an AOF holds is there until somebody sweeps.
                            if found == expected:
                                break
                            time.sleep(0.03)
                            found = expiring(running.client)
                    if rule == "strict":
                        problem = "is taken"
                    elif found != expected:
                        problem = "is something else"
                except RuntimeError:
                    problem = None if rule == "strict" else "is refused"
                if who == "valkey" and rule == "relaxed":
                    print(f"{what}, in {who}, {rule}: {problem or 'equal'}; does not count")
                else:
                    yield f"{what}, in {who}, {rule}", problem


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server")
    parser.add_argument("--redis", required=True)
    parser.add_argument("--valkey")
    options = parser.parse_args()
    passed = failed = 0
    for version in VERSIONS:
        for is_log in (False, True):
            what = f"Redis {version}, {'AOF with such a base' if is_log else 'RDB file'}"
            for who, server in (("ours", options.server), ("valkey", options.valkey)):
                if not server:
                    continue
                problem = None
                with tempfile.TemporaryDirectory(prefix="millrace_redis7_") as folder:
                    try:
                        expected = make(options, version, folder, is_log)
                        with Running(server, folder, *(("--appendonly", "yes") if is_log else ())) as running:
                            found = digest(running)
                        if found != expected:
                            problem = f"{found} instead of {expected}"
                    except (RuntimeError, ReplyError, OSError, ValueError) as error:
                        problem = f"{type(error).__name__}: {error}"
                passed += problem is None
                failed += problem is not None
                print(f"{what}, in {who}: {problem or 'equal'}", flush=True)
    for is_log in (False, True):
        for what, problem in check_expiring(options, is_log):
            passed += problem is None
            failed += problem is not None
            print(f"{what}: {problem or 'as it should be'}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
