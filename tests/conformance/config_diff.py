#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares the settings of Millrace with those of Valkey 9.1.2: names, defaults, bounds, error texts,
the configuration file and the command line, and that each reads what the other one rewrites.

    config_diff.py CONFIG_SHELL [VALKEY_SERVER]

Ends with 0 when all is equal, 77 (skipped) without a Valkey server. Known differences are in KNOWN,
each with its reason.
"""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

REFERENCE = "/var/cache/millrace-reference/bin/valkey-server"
SKIPPED = 77

HIDDEN = """io-threads-always-active min-io-threads-avoid-copy-reply min-string-size-avoid-copy-reply
    min-string-size-avoid-copy-reply-threaded use-exit-on-panic enable-debug-assert watchdog-period
    debug-context rdb-key-save-delay key-load-delay loading-process-events-interval-bytes
    aof-disable-auto-gc cluster-message-gossip-perc cluster-ping-interval lua-enable-insecure-api
    lua-enable-deprecated-api""".split()

# Settings that Valkey does not have.
OURS = {"aof-checksum-annotations", "aof-reply-after-write", "hotkey-top-k", "hotkey-window-seconds",
        "maxmemory-count-buffers"}

# Values tried on every setting; what is accepted is read back.
VALUES = ["xx", "", "0", "1", "-1", "7", "99", "1000", "yes", "NO", "200%", "5%", "1.5", "007", "+1", "1kb",
          "3mb", "2g", "2GB", "4t", "-99999999999999999", "99999999999999999999", "9223372036854775807",
          "9223372036854775808", "18446744073709551615", "a b", " 1", "1 2 3", "1 2", "no", "always"]

SPECIAL = {
    "save": ["3600 1 300 10", "3600", "0 1", "1 0", "  1 2 ", "1  2", "1x 2", "'1 2'", "+1 2", "010 2"],
    "client-output-buffer-limit": [
        "normal 1 2 3", "replica 1mb 2mb 3", "slave 1gb 1gb 60", "Normal 0 0 0", "primary 1 2 3",
        "normal 1 2", "normal -1 0 0", "normal 1 2 -3", "normal 1kb 2x 3", "normal 0 0 0 pubsub 1 2 3",
        "normal 0 0 0 normal 1 2 3", "normal 0 0 1.5", "pubsub 1 2 3 nope 1 2 3",
        "normal 0 0 0  pubsub 1 2 3", "normal 18446744073709551615 0 0", "normal 0 0 ", "normal 0 0 60s"],
    "oom-score-adj-values": ["3 2 1", "-2000 0 0", "-2001 0 0", "2001 0 0", "a b c", "1 2 3 4", "1 2 3.5",
                             "010 020 030", "+1 2 3", "1  2 3"],
    "notify-keyspace-events": ["KEA", "AKE", "K", "Kg", "KEg$lshzxet", "KEA$", "Q", "Km", "Kn", "KnA", "mA",
                               "AKEmn", "KEg$lshzxetd", "KE gA", " ", "$lshzxetgd"],
    "shutdown-on-sigint": ["default", "save", "save nosave", "NOW FORCE", "default save", "safe failover",
                           "save x", "save save", " save  now "],
    "latency-tracking-info-percentiles": ["50", "50 99 99.9 100", "0", "100.1", "50 50", "99.99999",
                                          "99.123456789", "1e1", "5 ", " 5", "50.0", "0x10", "nan", "inf",
                                          "00.1"],
    "proc-title-template": ["{title}", "{nope}", "{title", "x{port}{tls-port} {listen-addr}", "plain", "{}",
                            "{{title}}", "a}b", "{Port}", " "],
    "maxmemory-clients": ["0%", "100%", "101%", "-1%", "%", "5.5%", "05%", "x%", "1mb"],
    "slot-migration-max-failover-repl-bytes": ["-2", "-1mb", "1mb", "--1"],
    "cluster-announce-hostname": ["a" * 255, "a" * 256, "a.b-c", "a_b"],
    "cluster-announce-human-nodename": ["a_b", "a,b", "a=b", "a.b", "a@b", "\u00e4"],
    "cluster-announce-ip": ["::1", "a_b", "x" * 45, "x" * 46, "a,b"],
    "cluster-announce-client-ipv4": ["1.2.3.4", "1.2.3", "::1"],
    "cluster-announce-client-ipv6": ["1.2.3.4", "::1"],
    "oom-score-adj": ["YES", "absolute", "relative"],
    "locale-collate": ["C", "POSIX", "nope"],
    "dbfilename": ["a/b", "a\\b", "dump.rdb"],
    "tls-auth-clients-user": ["cn", "uri", "off"],
    "hz": ["500", "501"],
    "loglevel": ["Nothing", "warning", "notice"],
    "maxmemory": ["kb", "-0", "00012", "1Kb", "18446744073709551616"],
}

# Settings that do something to the reference server when set, or to the shell.
NOT_SET = {"dir", "port", "bind", "requirepass", "maxclients", "appendonly", "primaryauth", "masterauth",
           "primaryuser", "masteruser", "loglevel", "repl-diskless-load", "enable-debug-assert"}

# (setting, value): why the answers differ.
KNOWN = {
    "io-threads": "starting threads fails on some machines",
    "locale-collate": "depends on the locales of the machine",
    "jemalloc-bg-thread": "depends on how the reference was built",
    "activedefrag": "our own words",
}
KNOWN_VALUES = {
    ("maxmemory-clients", "9223372036854775808"): "a size above 2^63 is read as a percentage by Valkey",
    ("maxmemory-clients", "18446744073709551615"): "as above",
    ("slot-migration-max-failover-repl-bytes", "18446744073709551615"): "as above, read as -1",
}

GET = ["maxmemory", "loglevel", "save", "proc-title-template", "timeout", "bind", "client-output-buffer-limit",
       "shutdown-on-sigint", "unixsocketperm", "replicaof", "slaveof", "oom-score-adj-values",
       "latency-tracking-info-percentiles", "hash-max-listpack-entries", "hz", "replica-priority"]

COMMAND_LINES = [
    [], ["--port"], ["--nope"], ["--maxmemory=1gb"], ["--maxmemory 1gb"], ["maxmemory", "1gb"],
    ["--maxmemory", "1gb", "--maxmemory", "2gb"], ["--save", "3600", "1", "300", "100"],
    ["--save", "3600 1 300 100"], ["--save", "3600 1", "300 100"],
    ["--save", "3600 1", "--save", "300 100"], ["--save", ""], ["--save"],
    ["--save", "--loglevel", "verbose"], ["--loglevel", "--save", "verbose"],
    ["--proc-title-template", "--a b"], ["--proc-title-template", "a \"b\" 'c'"],
    ["--proc-title-template \"--a b\""], ["--proc-title-template", "a\nb"],
    ["--proc-title-template", "\"x y\""], ["--proc-title-template", "-"],
    ["--proc-title-template", "--"], ["--"], ["-x"], ["-h"], ["--maxmemory", "\"1gb\""],
    ["--maxmemory", "1gb\r\n"], ["--maxmemory ", "1gb"], ["--maxmemory \"1gb", "--loglevel", "verbose"],
    ["--client-output-buffer-limit", "normal 1 2 3"],
    ["--client-output-buffer-limit", "normal", "1", "2", "3", "pubsub", "1", "2", "3"],
    ["--bind", "127.0.0.1 ::1"], ["--bind", "127.0.0.1", "::1"], ["--bind", ""], ["--bind"],
    ["--oom-score-adj-values", "1 2 3"], ["--latency-tracking-info-percentiles"],
    ["--shutdown-on-sigint", "now force"], ["--shutdown-on-sigint", "now", "force"],
    ["--shutdown-on-sigint"], ["--notify-keyspace-events", "KE", "A"], ["--unixsocketperm", "0700"],
    ["--unixsocketperm", "8"], ["--unixsocketperm", "1000"], ["--MaxMemory", "5mb"],
    ["--replicaof", "no", "one"], ["--replicaof", ""], ["--replicaof", "a", "70000"],
    ["--replicaof", "--127.0.0.1", "--abc"], ["--Save", "--timeout", "3"], ["--save ", "--timeout", "3"],
    ["--timeout", "3", "--SAVE"], ["--port", "-1"], ["--port", "--5"], ["\"--timeout", "3\""],
    ["--timeout", "3\n--loglevel"], ["--# comment", "--timeout", "3"], ["--", "x"], ["", "x"], [""],
    ["--timeout", "1", "-", "--timeout", "2"], ["--port", "--bla", "--loglevel", "verbose"],
    ["--logfile", "--my--log--file", "--loglevel", "--bla"],
]

FILES = [
    "# c\n   # c2\n\t\n  maxmemory   1mb  \r\nLOGLEVEL Verbose", "maxmemory 1mb # comment",
    "proc-title-template \"a \\x41\\n\"", "proc-title-template 'a \\x41\\''", "proc-title-template a'b c'd",
    "maxmemory \"1mb", "\"maxmemory\" 1mb", "maxmemory", "maxmemory 1 2", "maxmemory \"\"", "\"\" 1", "\"\"",
    "bad", "include", "include a b", "include inc/a.conf", "include inc/[ab].conf\nmaxmemory 5mb",
    "maxmemory 5mb\ninclude \"inc/[ab].conf\"", "include inc/nope*.conf", "include inc",
    "\n\ninclude inc/bad.conf\n", "list-max-ziplist-entries 5\nlua-replicate-commands no", "dynamic-hz",
    "dynamic-hz yes no", "DYNAMIC-HZ yes", "user\n", "rename-command GET\n", "loadmodule", "sentinel",
    "sentinel monitor a 127.0.0.1 1 1", "maxmemory 1mb\0junk 3", "\ufeffmaxmemory 1mb",
    "maxmemory 1mb\\\nloglevel debug", "dir /nonexistent", "dir \"\"", "logfile /nonexistent/x",
    "bind 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "bind \"\"", "bind * -::*", "bind \"127.0.0.1 ::1\"",
    "save 1 2\nsave 3 4", "save 1 2 3 4\nsave \"\"", "save 1 2\nsave \"\"\nsave 3 4", "save 1", "save",
    "save 1 2 3", "save \"\" \"\"", "save \"1 2\"", "save '' 1 2", "save 1 2 ''", "appendfilename a/b",
    "appenddirname a/b", "appenddirname \"\"", "appendfilename \"\"", "cluster-config-file \"\"",
    "dbfilename a/b", "databases 0", "port 70000", "maxclients 0", "repl-backlog-size 1", "hz 0",
    "client-output-buffer-limit normal 1 2 3 4", "client-output-buffer-limit",
    "client-output-buffer-limit \"\"", "client-output-buffer-limit \"normal 1 2 3\"", "appendonly maybe",
    "oom-score-adj-values 1 2", "latency-tracking-info-percentiles \"\"", "notify-keyspace-events \"\"",
    "cluster-enabled yes\nreplicaof a 1", "enable-debug-command LOCAL", "io-threads 300", "req-res-logfile x",
    "proc-title-template {x}", "propagation-error-behavior bad", "slave-priority 5\nreplica-priority 6",
    "maxmemory 1mb\nmaxmemory x", "hash-max-ziplist-entries 5", "unixsocketperm 0777",
]

REWRITES = [
    "# top\n\nmaxmemory 1gb\n  # indented\n\n\nloglevel \"debug\"\nsave 1 2\nsave 3 4\nslave-priority 5\n",
    "maxmemory 1gb\nmaxmemory 2gb\nport 0\nclient-output-buffer-limit normal 1 2 3\n"
    "client-output-buffer-limit replica 1mb 2mb 3\nnotify-keyspace-events KEA\nbind 127.0.0.1 -::1\n",
    "proc-title-template 'x y \"z'\nmaxmemory-clients 5%\nunixsocketperm 755\nshutdown-on-sigint now force\n"
    "latency-tracking-info-percentiles 50 99.99\noom-score-adj-values 1 2 3\noom-score-adj yes\n"
    "hash-max-ziplist-entries 5\navailability-zone \"\\x01\\\"\"\nreplica-announce-ip a\n",
]


class Valkey:
    """A reference server of our own, spoken to over a Unix socket."""

    def __init__(self, binary, folder, arguments, text=None):
        self.path = os.path.join(folder, "socket")
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.process = subprocess.Popen([binary] + arguments, cwd=folder, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.socket = None
        for _ in range(250):
            if self.process.poll() is not None:
                return
            try:
                connection = socket.socket(socket.AF_UNIX)
                connection.connect(self.path)
                self.socket, self.stream = connection, connection.makefile("rb")
                self.command("ping")
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("the reference does not start: %r" % arguments)

    def command(self, *words):
        encoded = [word.encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(encoded) +
                            b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded))
        return self.reply()

    def reply(self):
        line = self.stream.readline()[:-2].decode("latin1")
        if line[0] in "+-":
            return line[1:]
        if line[0] == "$":
            return None if line == "$-1" else self.stream.read(int(line[1:]) + 2)[:-2].decode("latin1")
        return [self.reply() for _ in range(int(line[1:]))]

    def get(self, *patterns):
        flat = self.command("config", "get", *patterns)
        return list(zip(flat[::2], flat[1::2]))

    def set(self, *words):
        return self.command("config", "set", *words)

    def rewrite(self):
        return self.command("config", "rewrite")

    def stop(self):
        self.process.kill()
        return self.process.communicate()


def unquote(text):
    """The words of a line that quote() wrote."""
    words, at = [], 0
    letters = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b"}
    while at < len(text):
        at += 1  # The quote, or the blank before it.
        if text[at - 1] != '"':
            continue
        word = ""
        while text[at] != '"':
            if text[at] != "\\":
                word, at = word + text[at], at + 1
            elif text[at + 1] == "x":
                word, at = word + chr(int(text[at + 2:at + 4], 16)), at + 4
            else:
                word, at = word + letters.get(text[at + 1], text[at + 1]), at + 2
        words.append(word)
        at += 1
    return words


def quote(word):
    return '"' + "".join("\\x%02x" % byte for byte in word.encode()) + '"'


class Shell:
    """config_shell, with the interface of Valkey."""

    def __init__(self, binary, folder, arguments):
        self.process = subprocess.Popen([binary] + arguments, cwd=folder, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def send(self, command, words):
        line = " ".join([command] + [quote(word) for word in words]) + "\n"
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()

    def line(self):
        return self.process.stdout.readline().decode("latin1").rstrip("\n")

    def get(self, *patterns):
        self.send("get", patterns)
        pairs = []
        while (line := self.line()) not in (".", ""):
            pairs.append(tuple(unquote(line)))
        return [pair for pair in pairs if pair[0] not in OURS]

    def set(self, *words):
        self.send("set", words)
        return self.line()

    def rewrite(self):
        self.send("rewrite", [])
        return self.line()

    def stop(self):
        return self.process.communicate()


class Comparison:
    def __init__(self, shell, reference, folder):
        self.shell, self.reference, self.folder = shell, reference, folder
        self.base = "port 0\nunixsocket %s/socket\ndir %s\nsave \"\"\n" % (folder, folder)
        self.differences = 0

    def differ(self, what, ours, theirs):
        self.differences += 1
        print("%s\n    millrace: %r\n    valkey:   %r" % (what, ours, theirs))

    def check(self, what, ours, theirs):
        if ours != theirs:
            self.differ(what, ours, theirs)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def start(self, text, arguments=()):
        """Both servers with this file and these arguments."""
        path = self.write("test.conf", text)
        arguments = [path] + list(arguments)
        return (Shell(self.shell, self.folder, arguments),
                Valkey(self.reference, self.folder, arguments))

    def outcome(self, ours, theirs):
        """What became of the two starts: values, or what stands on standard error."""
        if theirs.socket is None:
            return ours.stop()[1].decode("latin1"), theirs.stop()[1].decode("latin1")
        values = ours.get(*GET), theirs.get(*GET)
        errors = ours.stop()[1].decode("latin1")
        theirs.stop()
        return (errors or values[0]), values[1]

    def defaults(self):
        ours, theirs = self.start(self.base)
        self.check("CONFIG GET *", ours.get("*"), theirs.get("*"))
        for pattern in (["SAVE", "m*", "Slaveof", "slowlog-max-len"], ["*a?c*-[lp]*"], ["[^a-r]*"], HIDDEN):
            self.check("CONFIG GET %s" % pattern, ours.get(*pattern), theirs.get(*pattern))
        ours.stop()
        theirs.stop()

    def sets(self):
        ours, theirs = self.start(self.base + "enable-protected-configs yes\n")
        names = [name for name, _ in theirs.get("*")] + HIDDEN
        for name in names:
            if name in NOT_SET or name in KNOWN:
                continue
            before = theirs.get(name)[0][1]
            for value in VALUES + SPECIAL.get(name, []):
                if (name, value) in KNOWN_VALUES:
                    continue
                what = "CONFIG SET %s %r" % (name, value)
                answers = ours.set(name, value), theirs.set(name, value)
                self.check(what, *answers)
                if answers == ("OK", "OK"):
                    self.check(what + ", then GET", ours.get(name), theirs.get(name))
            self.check("CONFIG SET %s back" % name, ours.set(name, before), theirs.set(name, before))
        for words in (["nope", "1"], ["maxmemory", "1", "maxmemory", "2"], ["maxmemory", "1", "MAXMEMORY", "2"],
                      ["maxmemory", "x", "nope", "1"], ["daemonize", "yes", "nope", "1"],
                      ["MAXMEMORY", "x"], ["SLAVE-priority", "x"], ["primaryauth", "x", "daemonize", "yes"],
                      ["maxmemory", "5mb", "hz", "x"], ["slave-priority", "1", "replica-priority", "2"],
                      ["dir", ""], ["dir", "/nonexistent"], ["dir", "/etc/passwd"], ["user", "x"]):
            self.check("CONFIG SET %s" % words, ours.set(*words), theirs.set(*words))
        self.check("CONFIG GET after refusals", ours.get("maxmemory", "primaryauth", "hz"),
                   theirs.get("maxmemory", "primaryauth", "hz"))
        ours.stop()
        theirs.stop()

    def starts(self):
        os.makedirs(os.path.join(self.folder, "inc"), exist_ok=True)
        self.write("inc/a.conf", "loglevel debug\n")
        self.write("inc/b.conf", "maxmemory 3mb\n")
        self.write("inc/bad.conf", "\n\nbad x\n")
        for arguments in COMMAND_LINES:
            self.check("start with %r" % arguments, *self.outcome(*self.start(self.base, arguments)))
        for text in FILES:
            self.check("start with file %r" % text, *self.outcome(*self.start(self.base + text)))

    def rewrites(self):
        """Each server reads what the other one wrote, and has the values that the other one had."""
        for text in REWRITES:
            ours, theirs = self.start(self.base + text)
            wanted = [pair for pair in theirs.get("*") if pair[0] not in KNOWN]
            self.check("CONFIG REWRITE", ours.rewrite(), "OK")
            ours.stop()
            theirs.stop()
            path = os.path.join(self.folder, "test.conf")
            reader = Valkey(self.reference, self.folder, [path])
            if reader.socket is None:
                self.differ("Valkey refuses what we wrote for %r" % text, "", reader.stop()[1])
                continue
            self.check("values after our rewrite of %r" % text,
                       [pair for pair in reader.get("*") if pair[0] not in KNOWN], wanted)
            reader.command("config", "rewrite")
            reader.stop()
            text = "".join(line for line in open(path, encoding="utf-8") if not line.startswith("user "))
            self.write("test.conf", text)
            back = Shell(self.shell, self.folder, [path])
            self.check("values after their rewrite of %r" % text,
                       [pair for pair in back.get("*") if pair[0] not in KNOWN], wanted)
            back.stop()


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    reference = sys.argv[2] if len(sys.argv) > 2 else REFERENCE
    if not os.path.exists(reference):
        print("no reference server at " + reference)
        sys.exit(SKIPPED)
    folder = tempfile.mkdtemp(prefix="millrace-config-")
    try:
        comparison = Comparison(os.path.abspath(sys.argv[1]), reference, folder)
        comparison.defaults()
        comparison.sets()
        comparison.starts()
        comparison.rewrites()
    finally:
        shutil.rmtree(folder)
    print("%d differences" % comparison.differences)
    sys.exit(1 if comparison.differences else 0)


if __name__ == "__main__":
    main()
