#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs ctest, shows what failed, and counts test cases rather than programs.

    tests/ci/run_ctest.py BUILD_FOLDER [ctest arguments]

A GoogleTest program counts with each of its cases, every other program as one. The last line is `N passed, N failed`.
"""
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

PASSED = re.compile(r"^\[  PASSED  \] (\d+) tests?\.", re.M)
FAILED = re.compile(r"^\[  FAILED  \] (\d+) tests?, listed below", re.M)


def count(case):
    """(passed, failed, skipped) of one ctest entry."""
    status = case.get("status")
    if status in ("notrun", "disabled") or case.find("skipped") is not None:
        return 0, 0, 1
    output = case.findtext("system-out") or ""
    passed, failed = PASSED.search(output), FAILED.search(output)
    if status == "run" and case.find("failure") is None:
        return (int(passed.group(1)) if passed else 1), 0, 0
    return (int(passed.group(1)) if passed else 0), (int(failed.group(1)) if failed else 1), 0


def main():
    folder, arguments = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as scratch:
        report = os.path.join(scratch, "report.xml")
        subprocess.run(
            ["ctest", "--test-dir", folder, "--output-on-failure", "--progress", "-j", str(os.cpu_count() or 1),
             "--timeout", "600", "--no-tests=ignore", "--test-output-size-passed", "4000000",
             "--test-output-size-failed", "4000000", "--output-junit", report, *arguments],
            stdout=None, check=False)
        if not os.path.exists(report):
            print("0 passed, 0 failed")
            return 0
        cases = xml.etree.ElementTree.parse(report).getroot().findall("testcase")
    totals = [count(case) for case in cases]
    passed, failed, skipped = (sum(each[i] for each in totals) for i in range(3))
    if skipped:
        print(f"{skipped} skipped: " + ", ".join(c.get("name") for c, t in zip(cases, totals) if t[2]))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
