#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# Compares what COMMAND says about commands with the reference: INFO, DOCS, GETKEYS and GETKEYSANDFLAGS, in RESP2 and
# RESP3, for every command and subcommand that our server has. Prose (summaries, complexity, history, notes) is ours,
# so only its presence counts.
#
#     MILLRACE_REFERENCE_BIN=/path/to/bin tests/conformance/command_metadata.py [SERVER]
#
# SERVER defaults to $MILLRACE_SERVER or the release build. The last line is "N passed, N failed".

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from resp_client import Reply, Server, plain  # noqa: E402

# Commands that Valkey does not have.
OURS = {"bigkeys", "hotkeys"}

PROSE = {"summary", "complexity", "notes"}
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

# Whole commands whose keys are hard to find; others are made from COMMAND DOCS.
SAMPLES = """
    SET k v | SET k v GET | SET k v XX GET EX 5 | SET k v IFEQ x | SET k v KEEPTTL NX
    MSET a 1 b 2 | MSET a 1 b | MSETNX a 1 b 2 c 3
    MSETEX 2 a 1 b 2 | MSETEX 3 a 1 b 2 | MSETEX 0 a 1 | MSETEX x a 1
    GETEX k | GETEX k PERSIST | DEL a b c | EXISTS a | TOUCH a b | UNLINK a b
    LCS a b | LCS a b IDX | COPY a b | COPY a b DB 3 REPLACE | RENAME a b
    OBJECT ENCODING k | OBJECT FREQ k | OBJECT HELP | OBJECT | OBJECT NOSUCH k
    MEMORY USAGE k | MEMORY USAGE k SAMPLES 5 | MEMORY DOCTOR
    CONFIG GET port | CLIENT LIST | COMMAND INFO get | DEBUG OBJECT k | PING | NOSUCH k
    SORT k | SORT k STORE d | SORT k BY w_* GET o_* LIMIT 0 1 ASC ALPHA STORE d | SORT k STORE
    SORT k BY STORE STORE d
    SORT k STORE a STORE b | SORT k LIMIT 1 STORE d | SORT_RO k BY x | SORT k GET STORE STORE d
    MIGRATE h 1 k 0 5 | MIGRATE h 1 k 0 5 KEYS a b | MIGRATE h 1 "" 0 5 KEYS a b c
    MIGRATE h 1 "" 0 5 COPY REPLACE KEYS a
    MIGRATE h 1 "" 0 5 AUTH KEYS KEYS a | MIGRATE h 1 "" 0 5 AUTH2 u KEYS KEYS a b
    EVAL s 0 | EVAL s 2 a b | EVAL s 2 a b c | EVAL s 3 a b | EVAL s -1 a | EVAL s x a | EVAL s 1 | EVALSHA s 1 a
    FCALL f 1 a | FCALL f 0 | BLMPOP 0 2 a b LEFT | LMPOP 2 a b LEFT | LMPOP 0 LEFT | ZMPOP 1 a MIN | BZMPOP 0 1 a MIN
    ZUNIONSTORE d 2 a b | ZUNIONSTORE d 3 a b | ZUNIONSTORE d 0 a | ZUNION 2 a b WITHSCORES | ZINTERCARD 1 a LIMIT 3
    XREAD STREAMS a b 0 0 | XREAD COUNT 5 BLOCK 0 STREAMS a 0 | XREAD STREAMS a b 0 | XREAD COUNT 5
    XREADGROUP GROUP g c STREAMS a > | XREADGROUP GROUP STREAMS STREAMS STREAMS a > | XREADGROUP GROUP g c COUNT 1 a
    GEORADIUS k 1 2 3 m | GEORADIUS k 1 2 3 m STORE d | GEORADIUS k 1 2 3 m STOREDIST d
    GEORADIUSBYMEMBER k m 3 m STORE d
    BITOP AND d a b | BITOP NOT d a | BITFIELD k GET u8 0 | BITFIELD k SET u8 0 1 | BITFIELD k GET u8 0 INCRBY u8 0 1
    BITFIELD k OVERFLOW FAIL | BITFIELD k NOSUCH | PFCOUNT a b | PFMERGE d a b | SPUBLISH c m | SSUBSCRIBE c
    PUBLISH c m
    BLPOP a b 0 | BLPOP a | SUNIONSTORE d a b | SMOVE a b m | WATCH a b | SDIFF a b c | MGET a | GET | GET a b
"""


class Checker:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def compare(self, what, ours, expected):
        if ours == expected:
            self.passed += 1
            return
        self.failed += 1
        print(f"{what}:\n    ours:     {ours}\n    expected: {expected}")


# --- replies in a form that can be compared and read ---

def pairs_of(reply):
    """The pairs of a map, which in RESP2 is an array."""
    if reply.kind == "%":
        return reply.value
    return list(zip(reply.value[::2], reply.value[1::2]))


def show(reply):
    """A reply as nested lists: [kind, ...] for aggregates, kind and value for the rest; prose is blanked."""
    if reply.kind in "*~" and reply.value is not None:
        items = reply.value
        # In RESP2 a map looks like an array that begins with a known field name.
        blanked = [Reply("$", b"prose") if i > 0 and is_prose_field(items[i - 1]) else item
                   for i, item in enumerate(items)]
        return [reply.kind] + [show(item) for item in blanked]
    if reply.kind == "%":
        return ["%"] + [(plain(key), "prose" if is_prose_field(key) else show(value)) for key, value in reply.value]
    value = plain(reply)
    return value if reply.kind == "$" else f"{reply.kind}{value}"


def is_prose_field(reply):
    return reply.kind == "$" and reply.value is not None and reply.value.decode(errors="replace") in PROSE


def info_by_name(reply):
    """The rows of COMMAND INFO, subcommands included and taken out of their containers."""
    rows = {}
    for row in reply.value:
        name = plain(row.value[0])
        rows[name] = Reply(row.kind, row.value[:9])
        rows.update(info_by_name(row.value[9]))
    return rows


def docs_by_name(reply):
    """The maps of COMMAND DOCS likewise, each as a dict of field to what is shown; history without its prose."""
    docs = {}
    for key, value in pairs_of(reply):
        fields = []
        for field, content in pairs_of(value):
            name = plain(field)
            if name == "subcommands":
                docs.update(docs_by_name(content))
            elif name == "history":
                fields.append((name, content.kind, [plain(entry.value[0]) for entry in content.value]))
            elif name in PROSE:
                fields.append((name, "prose"))
            else:
                fields.append((name, show(content)))
        docs[plain(key)] = fields
    return docs


# --- samples ---

def split_words(text):
    return ["" if word == '""' else word for word in text.split()]


def written_samples():
    for line in SAMPLES.strip().splitlines():
        for sample in line.split(" | "):
            yield split_words(sample)


def words_of(argument, optional):
    """Words for an argument of COMMAND DOCS, as plain() gives it; `optional`: those that may be left out are there."""
    flags = argument.get("flags", [])
    if "optional" in flags and not optional:
        return []
    kind = argument["type"]
    if kind == "pure-token":
        words = [argument["token"]]
    elif kind == "oneof":
        words = words_of(argument["arguments"][0], optional)
    elif kind == "block":
        words = [word for child in argument["arguments"] for word in words_of(child, optional)]
    else:
        words = ["2" if kind in ("integer", "double", "unix-time") else argument["name"]]
    if "token" in argument and kind != "pure-token":
        words = [argument["token"]] + words
    return words * 2 if "multiple" in flags else words


def made_samples(name, docs):
    for optional in (False, True):
        words = name.split("|")
        for argument in docs.get("arguments", []):
            words += words_of(argument, optional)
        yield words
        if len(words) > 2:
            yield words[:-1]
        yield words + ["more"]


# --- the comparison ---

def compare_names(reference, ours, checker):
    known = set(plain(reference.typed("COMMAND", "LIST")))
    own = plain(ours.typed("COMMAND", "LIST"))
    checker.compare("COMMAND LIST: every name only once", len(own), len(set(own)))
    unknown = sorted(name for name in set(own) - known if name.split("|")[0] not in OURS)
    checker.compare("commands that the reference does not have", unknown, [])
    count = plain(ours.typed("COMMAND", "COUNT"))
    checker.compare("COMMAND COUNT", count, len([name for name in own if "|" not in name]))
    return sorted(set(own) & known)


def compare_metadata(names, reference, ours, label, checker):
    reference_info = info_by_name(reference.typed("COMMAND"))
    own_info = info_by_name(ours.typed("COMMAND"))
    reference_docs = docs_by_name(reference.typed("COMMAND", "DOCS"))
    own_docs = docs_by_name(ours.typed("COMMAND", "DOCS"))
    for name in names:
        checker.compare(f"COMMAND INFO {name} {label}", show(own_info[name]), show(reference_info[name]))
        checker.compare(f"COMMAND DOCS {name} {label}", own_docs[name], reference_docs[name])
    for words in (["INFO", "nosuch", "get"], ["DOCS", "nosuch"], ["INFO", "config|get"], ["NOSUCH"], ["GETKEYS"],
                  ["LIST", "FILTERBY", "PATTERN", "config|g*"], ["LIST", "FILTERBY", "MODULE", "x"],
                  ["LIST", "FILTERBY", "ACLCAT", "nosuch"], ["LIST", "FILTERBY", "NOSUCH", "x"], ["LIST", "x"]):
        checker.compare(f"COMMAND {' '.join(words)} {label}", show(ours.typed("COMMAND", *words)),
                        show(reference.typed("COMMAND", *words)))


def compare_keys(names, reference, ours, label, checker):
    docs = {name: dict(map_of(fields)) for name, fields in raw_docs(reference).items()}
    top_level = {name.split("|")[0] for name in names}
    samples = [words for words in written_samples() if words[0].lower() in top_level or words[0] == "NOSUCH"]
    for name in names:
        samples += made_samples(name, docs.get(name, {}))
    seen = set()
    for words in samples:
        # A subcommand that we do not have is answered differently, and rightly so.
        full_name = "|".join(words[:2]).lower()
        is_missing = full_name in docs and full_name not in names
        if tuple(words) in seen or is_missing:
            continue
        seen.add(tuple(words))
        for subcommand in ("GETKEYS", "GETKEYSANDFLAGS"):
            checker.compare(f"COMMAND {subcommand} {' '.join(words)} {label}",
                            show(ours.typed("COMMAND", subcommand, *words)),
                            show(reference.typed("COMMAND", subcommand, *words)))


def raw_docs(client):
    """Name to plain fields, of commands and subcommands."""
    docs = {}

    def collect(reply):
        for key, value in pairs_of(reply):
            docs[plain(key)] = pairs_of(value)
            for field, content in pairs_of(value):
                if plain(field) == "subcommands":
                    collect(content)

    collect(client.typed("COMMAND", "DOCS"))
    return docs


def map_of(fields):
    for field, content in fields:
        name = plain(field)
        yield name, arguments_of(content) if name == "arguments" else plain(content)


def arguments_of(reply):
    arguments = []
    for argument in reply.value:
        fields = {}
        for field, content in pairs_of(argument):
            name = plain(field)
            fields[name] = arguments_of(content) if name == "arguments" else plain(content)
        arguments.append(fields)
    return arguments


def main():
    folder = os.environ.get("MILLRACE_REFERENCE_BIN")
    if not folder:
        print("skipped: MILLRACE_REFERENCE_BIN does not name the folder of the reference programs")
        print("0 passed, 0 failed")
        return 0
    default = os.environ.get("MILLRACE_SERVER", os.path.join(ROOT, "build/release/bin/millrace-server"))
    program = sys.argv[1] if len(sys.argv) > 1 else default
    checker = Checker()
    with Server(os.path.join(folder, "valkey-server")) as reference, Server(program) as ours:
        for protocol in (2, 3):
            label = f"(RESP{protocol})"
            expected_client = reference.connect(protocol)
            own_client = ours.connect(protocol)
            names = compare_names(expected_client, own_client, checker)
            compare_metadata(names, expected_client, own_client, label, checker)
            compare_keys(names, expected_client, own_client, label, checker)
        print(f"{len(names)} commands and subcommands compared")
    print(f"{checker.passed} passed, {checker.failed} failed")
    return 1 if checker.failed else 0


if __name__ == "__main__":
    sys.exit(main())
