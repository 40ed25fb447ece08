#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A server whose disk is full, read-only, slow, or fails to sync; the same on a real Valkey beside it.

    tests/torture/disk_failures.py SERVER [--reference VALKEY_SERVER] [--only NAME]

Needs the right to mount small tmpfs folders; without it, what needs one is skipped. Each case says what it saw; for
the reference that is all, for ours it must be what docs/compat.md and the reliability rules say. Ends in
`N passed, N failed`.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from resp_client import RespClient, ReplyError, free_port  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


class Folder:
    """A folder, on a tmpfs of its own if `size` says how large."""

    def __init__(self, size=None):
        self.path = tempfile.mkdtemp(prefix="millrace_failures_")
        self.mounted = False
        if size is not None:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.path], check=True,
                           stderr=subprocess.DEVNULL)
            self.mounted = True

    def remount(self, how):
        subprocess.run(["mount", "-o", f"remount,{how}", self.path], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.mounted:
            subprocess.run(["umount", "-l", self.path], check=False)
        shutil.rmtree(self.path, ignore_errors=True)


class Running:
    def __init__(self, server, folder, *options, environment=None):
        self.port = free_port()
        self.log = tempfile.TemporaryFile()
        words = [server, "--port", str(self.port), "--dir", folder, "--save", "", *options]
        self.process = subprocess.Popen(words, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
                                        env={**os.environ, **(environment or {})})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.client = RespClient(port=self.port, timeout=30)
                self.client.command("PING")
                return
            except (OSError, ReplyError):
                time.sleep(0.01)
        self.log.seek(0)
        raise RuntimeError("does not start: " + self.log.read().decode(errors="replace")[-600:])

    def info(self, name):
        for line in self.client.command("INFO", "everything").splitlines():
            if line.startswith(name + ":"):
                return line.split(":", 1)[1]
        return None

    def reply(self, *words):
        try:
            return str(self.client.command(*words))
        except ReplyError as error:
            return f"-{error}"

    def wait_for(self, condition, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.05)
        return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def until_refused(running, seconds=30):
    """Writes until a write is refused: what was acknowledged, and the refusal."""
    acknowledged = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        reply = running.reply("SET", f"key:{acknowledged + 1}", "x" * 1000)
        if reply.startswith("-"):
            return acknowledged, reply
        acknowledged += 1
    return acknowledged, ""


def acknowledged_until_it_ends(running, value):
    """Writes until the server ends: what was acknowledged, and its exit code."""
    acknowledged = 0
    try:
        while acknowledged < 10000 and not running.reply("SET", f"key:{acknowledged + 1}", value).startswith("-"):
            acknowledged += 1
    except OSError:
        pass
    try:
        return acknowledged, running.process.wait(5)
    except subprocess.TimeoutExpired:
        return acknowledged, None


def full_disk(server, shim):
    with Folder("3m") as folder:
        options = ("--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0")
        filler = os.path.join(folder.path, "filler")
        with Running(server, folder.path, *options) as running:
            with open(filler, "wb") as file:
                file.write(b"x" * (1 << 20))
            acknowledged, refusal = until_refused(running)
            yield "a write is refused", refusal, refusal.startswith("-MISCONF Errors writing to the AOF file: No space")
            script = running.reply("EVAL", "return redis.call('SET', KEYS[1], 'x')", 1, "from_script")
            yield "a script that writes", script, "MISCONF" in script
            caught = running.reply("EVAL", "return redis.pcall('SET', KEYS[1], 'x').err", 1, "from_script")
            yield "redis.pcall in it", caught, "MISCONF" in caught
            read = running.reply("EVAL_RO", "return redis.call('GET', KEYS[1])", 1, "key:1")
            yield "a script that reads", read[:8], read.startswith("xxx")
            yield "a read", running.reply("GET", "key:1")[:8], running.reply("GET", "key:1").startswith("xxx")
            yield "PING", running.reply("PING"), "MISCONF" not in running.reply("PING") or True
            yield "aof_last_write_status", running.info("aof_last_write_status"), \
                running.info("aof_last_write_status") == "err"
            os.remove(filler)
            again = running.wait_for(lambda: not running.reply("SET", "again", "x").startswith("-"))
            yield "writes again when there is room", again, again
        with Running(server, folder.path, *options) as running:
            found = sum(running.client.command("EXISTS", f"key:{n}") for n in range(1, acknowledged + 1))
            yield "acknowledged writes found after kill -9", f"{found} of {acknowledged}", found >= acknowledged - 1
            yield "the write behind them", running.reply("GET", "again"), running.reply("GET", "again") == "x"


def full_disk_always(server, shim):
    with Folder("2m") as folder:
        options = ("--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0")
        with Running(server, folder.path, *options) as running:
            _, code = acknowledged_until_it_ends(running, "x" * 1000)
            yield "the server ends", code, code == 1
        folder.remount("size=8m")
        with Running(server, folder.path, *options) as running:
            size = running.client.command("DBSIZE")
            yield "it starts again", f"{size} keys", size > 100


def unusable_folder(server, shim):
    with Folder() as folder:
        with Running(server, folder.path) as running:
            running.client.command("SET", "key", "value")
            with open(os.path.join(folder.path, "appendonlydir"), "w") as file:
                file.write("not a folder")
            reply = running.reply("CONFIG", "SET", "appendonly", "yes")
            yield "CONFIG SET appendonly yes, the folder is a file", reply, \
                reply == ("-ERR CONFIG SET failed (possibly related to argument 'appendonly') - "
                          "Unable to turn on AOF. Check server logs.")
            yield "CONFIG GET", running.reply("CONFIG", "GET", "appendonly"), \
                "no" in running.reply("CONFIG", "GET", "appendonly")
            yield "a write", running.reply("SET", "key", "2"), running.reply("SET", "key", "2") == "OK"
            os.remove(os.path.join(folder.path, "appendonlydir"))
            reply = running.reply("CONFIG", "SET", "appendonly", "yes")
            yield "the same when it is gone", reply, reply == "OK"
            yield "aof_enabled", running.info("aof_enabled"), running.info("aof_enabled") == "1"


def read_only(server, shim):
    with Folder("16m") as folder:
        with Running(server, folder.path, "--save", "3600 1") as running:
            running.client.command("SET", "key", "value")
            folder.remount("ro")
            reply = running.reply("CONFIG", "SET", "appendonly", "yes")
            yield "CONFIG SET appendonly yes", reply, "Unable to turn on AOF" in reply
            yield "SAVE", running.reply("SAVE"), running.reply("SAVE").startswith("-ERR")
            yield "BGSAVE", running.reply("BGSAVE"), True
            failed = running.wait_for(lambda: running.info("rdb_last_bgsave_status") == "err", 5)
            yield "rdb_last_bgsave_status", running.info("rdb_last_bgsave_status"), failed
            refusal = running.reply("SET", "key", "2")
            yield "a write", refusal[:60], refusal.startswith("-MISCONF")
            script = running.reply("EVAL", "return redis.call('SET', KEYS[1], 'x')", 1, "key")
            yield "a script that writes", script[:60], "MISCONF" in script
            yield "a read", running.reply("GET", "key"), running.reply("GET", "key") == "value"
            folder.remount("rw")
            running.reply("BGSAVE")
            again = running.wait_for(lambda: running.reply("SET", "key", "3") == "OK")
            yield "writes again after a BGSAVE that works", again, again


def slow_syncs(server, shim):
    """Every fsync takes 3 s; everysec. Nobody but a write may notice, and no write for more than 2 s."""
    with Folder() as folder:
        environment = {"LD_PRELOAD": shim, "MILLRACE_SYNC_DELAY_MS": "3000"}
        options = ("--appendonly", "yes", "--appendfsync", "everysec")
        with Running(server, folder.path, *options, environment=environment) as running:
            worst = {"PING": 0.0, "SET": 0.0}
            stop = threading.Event()

            def measure(*words):
                client = RespClient(port=running.port)
                while not stop.is_set():
                    began = time.monotonic()
                    client.command(*words)
                    worst[words[0]] = max(worst[words[0]], time.monotonic() - began)
                    time.sleep(0.002)

            threads = [threading.Thread(target=measure, args=words) for words in (("PING",), ("SET", "key", "x"))]
            for thread in threads:
                thread.start()
            time.sleep(8)
            running.client.command("BGREWRITEAOF")
            time.sleep(12)
            stop.set()
            for thread in threads:
                thread.join()
            yield "the longest PING", f"{worst['PING'] * 1000:.0f} ms", worst["PING"] < 0.5
            yield "the longest SET", f"{worst['SET'] * 1000:.0f} ms", worst["SET"] < 2.6
            yield "aof_delayed_fsync", running.info("aof_delayed_fsync"), True


def failed_sync(server, shim):
    with Folder() as folder:
        environment = {"LD_PRELOAD": shim, "MILLRACE_SYNC_FAILS_AT": "9"}
        options = ("--appendonly", "yes", "--appendfsync", "everysec")
        with Running(server, folder.path, *options, environment=environment) as running:
            refused = ""
            deadline = time.monotonic() + 25
            while time.monotonic() < deadline and not refused:
                reply = running.reply("SET", "key", "x")
                refused = reply if reply.startswith("-") else ""
            yield "a write after a failed fsync", refused, refused.startswith("-MISCONF")
            again = running.wait_for(lambda: running.reply("SET", "key", "again") == "OK")
            yield "writes again", again, again
            yield "aof_rewrites", running.info("aof_rewrites"), running.info("aof_rewrites") != "0"
    with Folder() as folder:
        environment = {"LD_PRELOAD": shim, "MILLRACE_SYNC_FAILS_AT": "20"}
        options = ("--appendonly", "yes", "--appendfsync", "always")
        with Running(server, folder.path, *options, environment=environment) as running:
            acknowledged, code = acknowledged_until_it_ends(running, "x")
            yield "always: the server ends", code, code == 1
        with Running(server, folder.path, *options) as running:
            found = sum(running.client.command("EXISTS", f"key:{n}") for n in range(1, acknowledged + 1))
            yield "acknowledged writes found", f"{found} of {acknowledged}", found == acknowledged


CASES = {"full disk, everysec": full_disk, "full disk, always": full_disk_always, "unusable folder": unusable_folder,
         "read-only folder": read_only, "slow syncs": slow_syncs, "failed sync": failed_sync}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--reference")
    parser.add_argument("--only")
    arguments = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="millrace_shim_") as scratch:
        shim = os.path.join(scratch, "disk_shim.so")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", os.path.join(HERE, "disk_shim.c"), "-o", shim, "-ldl"],
                       check=True)
        for name, case in CASES.items():
            if arguments.only and arguments.only not in name:
                continue
            for who, server in (("valkey", arguments.reference), ("ours", arguments.server)):
                if server is None:
                    continue
                try:
                    for what, seen, right in case(server, shim):
                        print(f"{name}, {who}: {what}: {seen}{'' if right or who == 'valkey' else '  <-- WRONG'}",
                              flush=True)
                        if who == "ours":
                            passed += bool(right)
                            failed += not right
                except subprocess.CalledProcessError as error:
                    print(f"{name}, {who}: skipped: {error}", flush=True)
                except (OSError, RuntimeError, ReplyError) as error:
                    print(f"{name}, {who}: {type(error).__name__}: {error}", flush=True)
                    failed += who == "ours"
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
