#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares a log of Valkey's Tcl suite with the list of known exceptions.

    tests/ci/compare_conformance.py LOG KNOWN_EXCEPTIONS [AT_LEAST]

The list has one test a line: `name of the test :: why it may fail`. Ends with 1 on any other failure. A line
`failed in UNIT: name` tells of one. With AT_LEAST above 0 the suite may lose its own server, and so not come to its
end, if that many tests have passed before.
"""
import re
import sys

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
PASSED = re.compile(r"^\[ok\]: (.*?)(?: \(\d+ ms\))?$")
FAILED = re.compile(r"^\[err\]: (.*?)(?: in tests/(\S+)\.tcl.*)?$")
BROKEN = re.compile(r"^\[(?:exception|timeout)\]:? ?(.*)$")
FINISHED = "The End"
LOST_SERVER = 'Executing test client: key "pid" not known in dictionary'


def read_known(path):
    known = {}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            name, separator, why = line.partition(" :: ")
            if not separator or not why.strip():
                sys.exit(f"{path}:{number}: wants `name of the test :: why`")
            known[name.strip()] = why.strip()
    return known


def main():
    log, known = sys.argv[1], read_known(sys.argv[2])
    at_least = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    passed, failed, units, ended = [], [], {}, False
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            line = COLOUR.sub("", line).rstrip("\n")
            for pattern, names in ((PASSED, passed), (FAILED, failed), (BROKEN, failed)):
                match = pattern.match(line)
                if match:
                    names.append(match.group(1))
                    if pattern is FAILED:
                        units[match.group(1)] = match.group(2)
            ended = ended or FINISHED in line
    lost = [name for name in failed if name.startswith(LOST_SERVER)]
    if 0 < at_least <= len(passed) and lost:
        print(f"ended early: {len(passed)} passed before, at least {at_least} are wanted")
        failed = [name for name in failed if name not in lost]
    elif not ended:
        failed.append("the suite itself did not come to its end")
    fresh = [name for name in failed if name not in known]
    for name in fresh:
        print(f"failed in {units.get(name) or 'an unknown unit'}: {name}")
    for name in sorted(set(failed) & set(known)):
        print(f"known exception: {name}: {known[name]}")
    for name in sorted((set(passed) & set(known)) - set(failed)):
        print(f"passes now, take it off the list: {name}")
    print(f"{len(passed)} passed, {len(fresh)} failed")
    return 1 if fresh else 0


sys.exit(main())
