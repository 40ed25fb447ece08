#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Random commands on two servers, whose replies and data must be equal.

    differential.py REFERENCE OURS [--seconds N] [--commands N] [--seed N] [--epoch N] [--canary] [--failures-max N]

REFERENCE and OURS are programs. An epoch begins with empty databases, draws its own thresholds and RESP version, and
sends pipelines of commands to both; after each, types, encodings, times and digests of all keys are compared too. A
quarter of a pipeline is new, the rest was drawn before in the epoch and comes again in another order, on other data:
making commands is what takes the most time. The first difference of an epoch is reduced to a short sequence of
commands, which is printed, and the next epoch begins. An epoch depends on nothing but the seed and its number:
`--seed N --epoch N` runs that one again.

--canary plants differences (a command changed on its way to OURS) and passes if each is found; give it one program
twice, so that nothing else can be found.
The last line is `N passed, N failed`; epochs, and the checks of the command table, count as one each.
"""

import argparse
import os
import random
import sys
import time
from typing import NamedTuple

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from commands import NOT_GENERATED, Generator, Request, documented, state  # noqa: E402
from comparison import check_named, is_error, near_lines  # noqa: E402
from expected import is_expected, is_parting  # noqa: E402
from grammar import fields_of  # noqa: E402
from values import ALL_KEYS, SETTINGS, Values  # noqa: E402
from wire import BREAK, BREAK_REPLY, Gone, Side, encode, parse  # noqa: E402

OPTIONS = ["--hz", "300"]  # So that timeouts of blocked clients are noticed soon.
PIPELINES = 12
UNITS_NEW = 200
UNITS_AGAIN = 600
REPLAYS_MAX = 400
REDUCE_SECONDS_MAX = 60


class Difference(NamedTuple):
    """Where the two servers parted."""
    at: int
    words: list
    reference: object
    ours: object


class Seen:
    """What a check may need to know: the request, and the replies to the one before it."""

    def __init__(self, words, before):
        self.words = words
        self.before = before


def grouped(units):
    """Units whose replies must be equal in one group, as many as follow each other; loose ones alone."""
    groups = []
    for unit in units:
        if unit.loose or not groups or groups[-1][-1].loose:
            groups.append([unit])
        else:
            groups[-1].append(unit)
    return groups


def exchange(sides, units):
    """Sends the units to both; the first difference, and the reference's replies to each group of units."""
    groups = grouped(units)
    for side in sides:
        side.send(encoded(groups, side.change))
    replies = [side.receive().split(BREAK_REPLY) for side in sides]
    at = 0
    for group, reference, ours in zip(groups, *replies):
        if reference != ours:
            difference = compare(group, reference, ours)
            if difference:
                return difference._replace(at=at + difference.at), replies[0]
        at += len(group)
    return None, replies[0]


def encoded(groups, change):
    if not change:
        return BREAK.join([b"".join([unit.data for unit in group]) for group in groups])
    return BREAK.join([b"".join([encode(change(request.words)) for unit in group for request in unit.requests])
                       for group in groups])


def compare(units, reference, ours):
    """The first difference; `at` is the unit's."""
    if len(units) == 1 and all(request.check == "near_ms" for request in units[0].requests):
        if near_lines(reference, ours):
            return None
    at_reference = at_ours = 0
    for at, unit in enumerate(units):
        before = (None, None)
        for index, request in enumerate(unit.requests):
            one, end_reference = parse(reference, at_reference)
            other, end_ours = parse(ours, at_ours)
            if reference[at_reference:end_reference] != ours[at_ours:end_ours] and one != other:
                executed = request.check.startswith("exec:")  # Then the words that count are those that were queued.
                seen = Seen(unit.requests[index - 1].words if executed else request.words, before)
                if not check_named(request.check)(one, other, seen) and not is_expected(seen.words, one, other):
                    return Difference(at, request.words, one, other)
            before = (one, other)
            at_reference, at_ours = end_reference, end_ours
    if at_reference != len(reference) or at_ours != len(ours):
        return Difference(len(units) - 1, [b"more replies than requests"], reference[at_reference:], ours[at_ours:])
    return None


def prepare(sides, preamble):
    for side in sides:
        side.connect()
        for words in preamble:
            reply = side.ask(*words)
            if is_error(reply):
                raise SystemExit(f"{side.name}: {words}: {reply}")


def replay(sides, preamble, units, final):
    """The first difference that the units make on empty databases."""
    try:
        prepare(sides, preamble)
        for at in range(0, len(units), 1000):
            difference, _ = exchange(sides, units[at:at + 1000])
            if difference:
                return difference._replace(at=at + difference.at)
        difference, _ = exchange(sides, final)
        return difference and difference._replace(at=len(units) + difference.at)
    except Gone as error:
        for side in sides:
            side.restart()
        return Difference(len(units), [], "", str(error))


class Reduction:
    """Leaves out what the difference does not need: halves, quarters, ..., single units."""

    def __init__(self, sides, preamble, final):
        self.sides, self.preamble, self.final = sides, preamble, final
        self.replays = 0
        self.until = time.monotonic() + REDUCE_SECONDS_MAX

    def differs(self, units):
        self.replays += 1
        return replay(self.sides, self.preamble, units, self.final)

    def run(self, units, seen):
        """`seen` is the difference; what touches other keys goes first."""
        units = self.until_difference(units, seen.at)
        for fewer in (units[-1:], related(units, keys_in(seen)), units):
            difference = self.differs(fewer)
            if difference:
                units = self.until_difference(fewer, difference.at)
                break
        else:
            return units, None
        size = max(len(units) // 2, 1)
        while self.replays < REPLAYS_MAX and time.monotonic() < self.until:
            at = 0
            shorter = False
            while at < len(units) and self.replays < REPLAYS_MAX and time.monotonic() < self.until:
                rest = units[:at] + units[at + size:]
                difference = self.differs(rest)
                if difference:
                    units, shorter = self.until_difference(rest, difference.at), True
                else:
                    at += size
            if size == 1 and not shorter:
                break
            size = max(size // 2, 1)
        return units, self.differs(units)

    @staticmethod
    def until_difference(units, at):
        """Units behind the difference are not needed."""
        return units[:at + 1]


def keys_in(difference):
    """The keys that a difference is about."""
    if difference.words[:2] == [b"DEBUG", b"DIGEST-VALUE"]:
        pairs = zip(difference.words[2:], difference.reference, difference.ours)
        return {key for key, one, other in pairs if one != other}
    return set(difference.words) & set(ALL_KEYS)


def related(units, wanted):
    """The units that touch one of the keys, or one that such a unit touches, and so on."""
    keys = set(ALL_KEYS)
    kept = []
    for unit in reversed(units):
        touched = {word for request in unit.requests for word in request.words[1:] if word in keys}
        if touched & wanted or unit.requests[0].words[0] == b"CONFIG":
            wanted |= touched
            kept.append(unit)
    return kept[::-1]


def shown(words):
    """As one would type it into valkey-cli."""
    return " ".join(map(shown_word, words))


def shown_word(word):
    if word and all(33 <= byte < 127 and byte not in b"\"'\\" for byte in word):
        return word.decode()
    return '"' + "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}"
                         for byte in word) + '"'


def cut(text, size=700):
    return text if len(text) <= size else f"{text[:size]}... ({len(text)} characters)"


def narrowed(difference):
    """Of the digests of all keys, those that differ."""
    if difference.words[:2] != [b"DEBUG", b"DIGEST-VALUE"]:
        return difference
    rows = [row for row in zip(difference.words[2:], difference.reference, difference.ours) if row[1] != row[2]]
    return difference._replace(words=difference.words[:2] + [row[0] for row in rows],
                               reference=[row[1] for row in rows], ours=[row[2] for row in rows])


class Run:
    """Epoch after epoch, until the time or the number of commands is used up."""

    def __init__(self, sides, docs, options):
        self.sides, self.docs, self.options = sides, docs, options
        self.commands = 0
        self.counts = {}
        self.errors = 0
        self.failures = []

    def epoch(self, number):
        """Whether there was no difference."""
        rng = random.Random(f"{self.options.seed}:{number}")
        values = Values(rng)
        generator = Generator(self.docs, values)
        preamble = [[b"HELLO", b"3" if number % 2 else b"2"], [b"FLUSHALL"], [b"CONFIG", b"SET"]]
        preamble[2] += [b"proto-max-bulk-len", b"1mb"]
        for name in sorted(SETTINGS):
            preamble[2] += [name, SETTINGS[name][-1] if rng.random() < 0.4 else rng.choice(SETTINGS[name])]
        done = []
        drawn = []
        difference = None
        try:
            prepare(self.sides, preamble)
            for _ in range(PIPELINES):
                units = generator.units(UNITS_NEW)
                drawn += [unit for unit in units if not unit.once]
                units += rng.choices(drawn, k=UNITS_AGAIN)
                rng.shuffle(units)
                before = len(done)
                done += units
                difference = self.step(values, units)
                if difference:
                    difference = difference._replace(at=before + difference.at)
                    break
        except Gone as error:
            difference = Difference(len(done), [], "", str(error))
            for side in self.sides:
                side.restart()
        for name, count in generator.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count
        if difference and is_parting(difference.words, difference.reference, difference.ours):
            print(f"epoch {number} ends early: {cut(shown(difference.words))}, as docs/compat.md says")
            difference = None
        if difference:
            self.report(number, preamble, done, difference, values)
        return difference is None

    def step(self, values, units):
        """One pipeline, and the state after it."""
        self.commands += sum([len(unit.requests) for unit in units])
        difference, replies = exchange(self.sides, units)
        if difference:
            return difference
        self.keep_payloads(values, units, replies)
        checks = state(values)
        difference, replies = exchange(self.sides, checks)
        self.commands += sum([len(unit.requests) for unit in checks])
        if difference:
            return difference._replace(at=len(units) + difference.at)
        values.types = {}
        for key, kind in zip(ALL_KEYS, replies[0].split(b"\r\n")):
            if kind != b"+none":
                values.types.setdefault(kind[1:].decode(), []).append(key)
        return None

    @staticmethod
    def keep_payloads(values, units, replies):
        """Some replies of DUMP, for RESTORE."""
        if values.random() < 0.5:
            return
        for group, reply in zip(grouped(units), replies):
            if group[0].requests[0].words[0] == b"DUMP" and group[0].loose:
                payload, _ = parse(reply, 0)
                if isinstance(payload, bytes) and len(payload) < 5000:
                    values.payloads.append(payload)
        del values.payloads[:-12]

    def report(self, number, preamble, units, difference, values):
        print(f"\nDIFFERENCE in epoch {number} (--seed {self.options.seed} --epoch {number}), RESP"
              f"{preamble[0][1].decode()}:")
        if not self.options.plain:
            shorter, found = Reduction(self.sides, preamble, state(values)).run(units, difference)
            if found:
                units, difference = shorter, found
                print("  " + shown(preamble[2]))
                for unit in units[-60:]:
                    for request in unit.requests:
                        print("  " + cut(shown(request.words)))
            else:
                print("  (not when it is run again from its start)")
        difference = narrowed(difference)
        print(f"  differs: {cut(shown(difference.words))}")
        print(f"  {self.sides[0].name}: {cut(repr(difference.reference))}")
        print(f"  {self.sides[1].name}: {cut(repr(difference.ours))}", flush=True)
        self.failures.append(difference)

    def all(self):
        """Epochs that passed."""
        options = self.options
        began = time.monotonic()
        passed = 0
        number = options.epoch or 0
        while True:
            passed += self.epoch(number)
            number += 1
            spent = time.monotonic() - began
            if number % 100 == 0:
                print(f"epoch {number}: {self.commands} commands in {spent:.0f} s", flush=True)
            if (options.epoch is not None or len(self.failures) >= options.failures_max
                    or (self.commands >= options.commands if options.commands else spent >= options.seconds)):
                break
        print(f"{self.commands} commands in {number} epochs, each to both servers, in {spent:.1f} s: "
              f"{self.commands / spent:.0f} commands/s")
        return passed


# --- the table of commands --------------------------------------------------------------------------------------------


def table_checks(sides, docs, counts):
    """Findings about the table: arguments documented differently, and commands that nobody generates."""
    findings = []
    for side in sides:
        side.connect()  # Without HELLO: COMMAND DOCS is read as RESP2 has it.
    ours = documented(sides[1].ask("COMMAND", "DOCS"))
    for name, (_, arguments) in docs.items():
        if name not in ours:
            findings.append(f"{name}: {sides[1].name} does not document it")
        elif without_prose(ours[name][1]) != without_prose(arguments):
            findings.append(f"{name}: COMMAND DOCS describes other arguments")
        if name in NOT_GENERATED:
            if counts.get(name):
                findings.append(f"{name}: is generated, and named as not generated")
        elif not counts.get(name):
            findings.append(f"{name}: not generated, and no reason is given")
    everything = set(fields_of(sides[0].ask("COMMAND", "DOCS")))
    listed = {name.decode() for name in sides[0].ask("COMMAND", "LIST") if b"|" not in name}
    findings += [f"{name}: in COMMAND LIST, but not in COMMAND DOCS" for name in sorted(listed - everything)]
    return findings


def without_prose(arguments):
    """Arguments without their summaries, whose words are ours on purpose."""
    found = []
    for flat in arguments:
        entry = fields_of(flat)
        entry.pop("summary", None)
        if "arguments" in entry:
            entry["arguments"] = without_prose(entry["arguments"])
        found.append(entry)
    return found


# --- the canary -------------------------------------------------------------------------------------------------------


def turned_around(words):
    return [b"LPUSH"] + words[1:] if words[0] == b"RPUSH" and len(words) == 4 else words


def other_threshold(words):
    if words[:2] != [b"CONFIG", b"SET"]:
        return words
    return [b"7" if words[at - 1] == b"set-max-intset-entries" else word for at, word in enumerate(words)]


def one_off(words):
    return words[:2] + [b"41"] if words[0] == b"INCRBY" and words[2:] == [b"2"] else words


def a_pair_less(words):
    return words[:-2] if words[0] == b"HSET" and len(words) > 5 and not len(words) % 2 else words


CANARIES = {"a list pushed from the other end": turned_around, "a threshold that is another": other_threshold,
            "a sum that is wrong": one_off, "a pair that is left out": a_pair_less}


def canary(sides, docs, options):
    """Whether each planted difference is found, and reduced."""
    passed = 0
    for name, change in CANARIES.items():
        sides[1].change = change
        run = Run(sides, docs, options)
        run.options.failures_max = 1
        run.all()
        sides[1].change = None
        print(f"canary, {name}: {'found' if run.failures else 'NOT FOUND'}")
        passed += bool(run.failures)
    return passed, len(CANARIES) - passed


def options_of(arguments):
    parser = argparse.ArgumentParser(description="Random commands on two servers")
    parser.add_argument("reference")
    parser.add_argument("ours")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--commands", type=int, default=0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10 ** 9))
    parser.add_argument("--epoch", type=int)
    parser.add_argument("--canary", action="store_true")
    parser.add_argument("--plain", action="store_true", help="differences are not reduced")
    parser.add_argument("--failures-max", type=int, default=10)
    parser.add_argument("--ports", type=int, default=17500, help="the first of two")
    return parser.parse_args(arguments)


def main():
    options = options_of(sys.argv[1:])
    print(f"seed {options.seed}", flush=True)
    sides = []
    try:
        sides.append(Side("reference", options.reference, options.ports, OPTIONS))
        sides.append(Side("ours", options.ours, options.ports + 1, OPTIONS))
        docs = documented(sides[0].ask("COMMAND", "DOCS"))
        if options.canary:
            passed, failed = canary(sides, docs, options)
        else:
            run = Run(sides, docs, options)
            passed, failed = run.all(), len(run.failures)
            findings = table_checks(sides, docs, run.counts) if options.epoch is None else []
            for finding in findings:
                print(finding)
            passed, failed = passed + (not findings), failed + len(findings)
    finally:
        for side in sides:
            side.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
