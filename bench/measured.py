# SPDX-License-Identifier: BSD-3-Clause
"""What the scripts of this folder share: a server that is measured, a fast client, and valkey-benchmark as the load.

    with Server("valkey-server --io-threads 2", "--appendonly", "yes", core=0) as server:
        server.client.call("SET", "key", "value")               # b'OK'
        load("valkey-benchmark", server.port, "-t", "get", "-q", core=1)
        print(server.cpu_seconds(), server.info()["used_memory"])

A server gets the first free port from 7450 on, or from the environment's FIRST_PORT.
"""
import itertools
import os
import shlex
import socket
import subprocess
import tempfile
import time

START_SECONDS = 600  # Large files and slow disks take their time.


class ReplyError(Exception):
    """An error reply; str() of it is the text without the leading '-'."""


def encode(*words):
    """The request of these words as it is sent."""
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


class Client:
    """A client of RESP2. Replies are bytes, int, None or lists of these."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=600)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb", buffering=1 << 20)

    def close(self):
        self.file.close()
        self.socket.close()

    def call(self, *words):
        self.socket.sendall(encode(*words))
        return self.reply()

    def pipeline(self, commands):
        """The replies to all of them; an error is not raised but is one of the replies."""
        self.socket.sendall(b"".join(encode(*words) for words in commands))
        return [self._read() for _ in commands]

    def reply(self):
        """The next reply; an error is raised."""
        reply = self._read()
        if isinstance(reply, ReplyError):
            raise reply
        return reply

    def _read(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else self.file.read(size + 2)[:-2]
        if kind == b":":
            return int(rest)
        if kind == b"*":
            size = int(rest)
            return None if size < 0 else [self._read() for _ in range(size)]
        if kind == b"-":
            return ReplyError(rest.decode())
        if kind == b"":
            raise ConnectionError("the server closed the connection")
        return rest


def before_all_else(command):
    """The command; with REALTIME=1 so that its first thread runs before all else on the machine, which takes root."""
    return f"chrt --reset-on-fork -f 1 {command}" if os.environ.get("REALTIME") == "1" else command


def cpu_seconds(pid):
    """What a process has used, all of its threads, those that have ended too."""
    return time.clock_gettime((~pid << 3) | 2)  # Its clock, see clock_getcpuclockid(3).


class Server:
    """A server process that has loaded its data and answers; `seconds_to_start` is how long that took.

    `command` may have directives. With `core` it runs on that core only. Its files and its log are in `folder`; without
    one it has a folder that goes when it stops.
    """

    def __init__(self, command, *directives, core=None, port=None, folder=None, environment=None):
        self.port = port or free_port()
        self.own_folder = None if folder else tempfile.TemporaryDirectory(prefix="millrace_bench_")
        folder = folder or self.own_folder.name
        self.log_path = os.path.join(folder, "log")
        words = [*on_core(core), *shlex.split(command), "--port", str(self.port), "--save", "", "--dir", folder,
                 *directives]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log, env={**os.environ, **(environment or {})})
        began = time.monotonic()
        self.client = self._first_client(command)
        self.seconds_to_start = time.monotonic() - began

    def _first_client(self, command):
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                client = Client(self.port)
                client.call("PING")
                return client
            except (OSError, ReplyError):  # It does not listen yet, or is still loading.
                time.sleep(0.01)
        log = self.log()
        self.stop()
        raise RuntimeError(f"{command} does not answer:\n{log}")

    def info(self, section="everything"):
        text = self.client.call("INFO", section).decode()
        return dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def rss(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        self.process.kill()
        self.process.wait()
        if self.own_folder:
            self.own_folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def free_port():
    for port in itertools.count(int(os.environ.get("FIRST_PORT", "7450"))):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def on_core(core):
    """What a command begins with that runs on this core; None is any core."""
    return [] if core is None else ["taskset", "-c", str(core)]


def load(benchmark, port, *words, core=None):
    """Runs valkey-benchmark to its end; what it printed."""
    return subprocess.run([*on_core(core), *shlex.split(benchmark), "-p", str(port), *words], stdout=subprocess.PIPE,
                          text=True, check=True).stdout


def start_load(benchmark, port, *words, core=None):
    """The process of a valkey-benchmark that runs until the caller ends it."""
    return subprocess.Popen([*on_core(core), benchmark, "-p", str(port), *words], stdout=subprocess.DEVNULL)
