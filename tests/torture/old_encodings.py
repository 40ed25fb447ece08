#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""RDB files of earlier versions, from the assets of Valkey's suite: what ours loads and what Valkey loads is the same.

    tests/torture/old_encodings.py SERVER --valkey VALKEY_SERVER --assets FOLDER

Each *.rdb is loaded by both, with checks of versions as usual and relaxed: both refuse it, or DEBUG DIGEST, the keys,
their types and encodings are equal; and the file that ours then saves has the same digest in Valkey. Ends in
`N passed, N failed`.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from resp_client import ReplyError, RespClient, free_port  # noqa: E402


def load(server, rdb, relaxed, saves_to=None):
    """What the server shows of the file; None: it does not start."""
    with tempfile.TemporaryDirectory(prefix="millrace_old_") as folder:
        shutil.copy(rdb, os.path.join(folder, "dump.rdb"))
        port = free_port()
        words = [server, "--port", str(port), "--dir", folder, "--save", "", "--enable-debug-command", "yes",
                 "--rdb-version-check", "relaxed" if relaxed else "strict"]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 30
            client = None
            while client is None and process.poll() is None and time.monotonic() < deadline:
                try:
                    client = RespClient(port=port)
                    client.command("PING")
                except (OSError, ReplyError):
                    client = None
                    time.sleep(0.02)
            if client is None:
                return None
            keys = sorted(client.command("KEYS", "*"), key=repr)
            shown = {"digest": client.command("DEBUG", "DIGEST"),
                     "keys": [(key, client.command("TYPE", key), client.command("OBJECT", "ENCODING", key),
                               client.command("DEBUG", "DIGEST-VALUE", key)) for key in keys]}
            if saves_to is not None:
                client.command("SAVE")
                shutil.copy(os.path.join(folder, "dump.rdb"), saves_to)
            return shown
        finally:
            process.kill()
            process.wait()


def compare(options, rdb, relaxed):
    """What differs, or nothing."""
    with tempfile.TemporaryDirectory(prefix="millrace_old_") as folder:
        saved = os.path.join(folder, "saved.rdb")
        ours = load(options.server, rdb, relaxed, saved)
        valkey = load(options.valkey, rdb, relaxed)
        if (ours is None) != (valkey is None):
            return f"only {'Valkey' if ours is None else 'ours'} loads it"
        if ours is None:
            return ""
        for mine, theirs in zip(ours["keys"], valkey["keys"]):
            if mine != theirs:
                return f"{mine} in ours, {theirs} in Valkey"
        if ours != valkey:
            return f"digest {ours['digest']} in ours, {valkey['digest']} in Valkey"
        again = load(options.valkey, saved, False)
        if again is None or again["digest"] != ours["digest"]:
            return "Valkey does not find the same in the file that ours has saved"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server")
    parser.add_argument("--valkey", required=True)
    parser.add_argument("--assets", required=True)
    options = parser.parse_args()
    passed = failed = 0
    for name in sorted(os.listdir(options.assets)):
        if not name.endswith(".rdb"):
            continue
        for relaxed in (False, True):
            problem = compare(options, os.path.join(options.assets, name), relaxed)
            passed += not problem
            failed += bool(problem)
            if problem:
                print(f"{name}{', relaxed' if relaxed else ''}: {problem}", flush=True)
    if passed + failed == 0:
        print(f"no RDB files in {options.assets}")
        failed = 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
