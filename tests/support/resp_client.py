# SPDX-License-Identifier: BSD-3-Clause
#
# A client of RESP2 and RESP3 for tests, and servers to talk to. It needs nothing but Python.
#
#     with Server("build/release/bin/millrace-server", ["--enable-debug-command", "yes"]) as server:
#         client = server.connect(protocol=3)
#         client.command("SET", "key", "value")        # 'OK'
#         client.typed("CONFIG", "GET", "port")        # Reply(kind='%', value=[...])
#
# command() gives plain values: str or bytes, int, float, bool, None, list (also for sets), dict; an error reply is
# raised. typed() keeps what kind of reply it was, so that tests can compare replies exactly.

import os
import socket
import subprocess
import tempfile
import time
from typing import Any, NamedTuple


class ReplyError(Exception):
    """An error reply; str() of it is the text without the leading '-'."""


class Reply(NamedTuple):
    """One reply. `kind` is the first byte on the wire; what is in aggregates are Replies (pairs, for maps)."""
    kind: str
    value: Any


def plain(reply):
    """The value of a reply without its kind; bytes that are text become str."""
    if reply.kind in "$+=(":
        return reply.value.decode() if isinstance(reply.value, bytes) and is_text(reply.value) else reply.value
    if reply.kind == "-" or reply.kind == "!":
        return ReplyError(reply.value.decode(errors="replace"))
    if reply.kind in "*~>":
        return None if reply.value is None else [plain(each) for each in reply.value]
    if reply.kind in "%|":
        return {hashable(plain(key)): plain(value) for key, value in reply.value}
    return reply.value


def is_text(data):
    try:
        data.decode()
        return True
    except UnicodeDecodeError:
        return False


def hashable(value):
    return tuple(value) if isinstance(value, list) else value


class RespClient:
    def __init__(self, host="127.0.0.1", port=6379, protocol=2, timeout=30, path=None):
        if path is not None:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(path)
        else:
            self.socket = socket.create_connection((host, port), timeout)
        self.input = self.socket.makefile("rb")
        self.pushes = []  # Pushes that came between replies.
        if protocol != 2:
            self.command("HELLO", protocol)

    def close(self):
        self.input.close()
        self.socket.close()

    def command(self, *words):
        value = plain(self.typed(*words))
        if isinstance(value, ReplyError):
            raise value
        return value

    def error(self, *words):
        """The text of the error that the command must give."""
        reply = self.typed(*words)
        assert reply.kind in "-!", f"{words}: no error but {plain(reply)!r}"
        return reply.value.decode(errors="replace")

    def typed(self, *words):
        self.send(*words)
        return self.read()

    def send(self, *words):
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        request = b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        self.socket.sendall(request)

    def send_raw(self, data):
        self.socket.sendall(data)

    def read(self):
        """The next reply; pushes before it are kept in `pushes`."""
        while True:
            reply = self._read_one()
            if reply.kind != ">":
                return reply
            self.pushes.append(plain(reply))

    def next_message(self):
        """The next that comes, a push or a reply."""
        return plain(self._read_one())

    def _read_one(self):
        line = self.input.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, rest = chr(line[0]), line[1:-2]
        if kind in "+-(":
            return Reply(kind, rest)
        if kind == ":":
            return Reply(kind, int(rest))
        if kind == ",":
            return Reply(kind, float(rest))
        if kind == "#":
            return Reply(kind, rest == b"t")
        if kind == "_":
            return Reply(kind, None)
        size = int(rest)
        if kind in "$=!":
            return Reply(kind, None if size < 0 else self._read_bulk(size))
        if kind in "*~>":
            return Reply(kind, None if size < 0 else [self._read_one() for _ in range(size)])
        if kind == "%":
            return Reply(kind, [(self._read_one(), self._read_one()) for _ in range(size)])
        if kind == "|":
            # An attribute goes before the reply that it is about; tests want the reply.
            for _ in range(2 * size):
                self._read_one()
            return self._read_one()
        raise ValueError(f"no reply begins with {line!r}")

    def _read_bulk(self, size):
        data = self.input.read(size + 2)
        if len(data) != size + 2:
            raise ConnectionError("the server closed the connection")
        return data[:-2]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A server process on a port of its own, in a folder of its own, until the end of the `with` block."""

    def __init__(self, program, options=()):
        self.folder = tempfile.TemporaryDirectory(prefix="millrace_test_")
        self.port = free_port()
        self.log_path = os.path.join(self.folder.name, "server.log")
        words = [program, "--port", str(self.port), "--save", "", "--dir", self.folder.name, *options]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self._wait_until_ready(program)

    def _wait_until_ready(self, program):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.connect().close()
                return
            except OSError:
                time.sleep(0.05)
        self.close()
        raise RuntimeError(f"{program} does not listen:\n{self.log()}")

    def connect(self, protocol=2):
        return RespClient(port=self.port, protocol=protocol)

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        self.folder.cleanup()
