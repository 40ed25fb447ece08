# SPDX-License-Identifier: BSD-3-Clause
"""Pipelines to a server and the replies to them, as fast as Python does it.

Replies keep what kind they are, so that equal means equal on the wire: bulk strings are bytes, integers int, arrays
lists; everything else is a tuple whose first item is the kind's byte: (b"-", text), (b"%", [key, value, ...]).
"""

import os
import signal
import socket
import subprocess
import tempfile
import time

MARKER = b"-- the end of this pipeline --"
MARKER_REPLY = b"$%d\r\n%s\r\n" % (len(MARKER), MARKER)
REPLY_SECONDS_MAX = 20


def encode(words):
    return b"*%d\r\n%s" % (len(words), b"".join([b"$%d\r\n%s\r\n" % (len(word), word) for word in words]))


END = encode([b"ECHO", MARKER])
# Between the pieces of a pipeline, so that replies can be told apart without being parsed.
BREAK = b"-- the next piece --"
BREAK_REPLY = b"$%d\r\n%s\r\n" % (len(BREAK), BREAK)
BREAK = encode([b"ECHO", BREAK])


def parse(data, at):
    """The reply that begins at data[at], and where the next one does."""
    end = data.index(b"\r\n", at)
    kind = data[at]
    if kind == 0x24:  # $
        if data[at + 1] == 0x2D:
            return (b"$",), end + 2
        begin = end + 2
        end = begin + int(data[at + 1:end])
        return data[begin:end], end + 2
    if kind == 0x3A:  # :
        return int(data[at + 1:end]), end + 2
    if kind in b"*~%>|":
        if data[at + 1] == 0x2D:
            return (b"*",), end + 2
        count = int(data[at + 1:end]) * (2 if kind in b"%|" else 1)
        at = end + 2
        items = []
        for _ in range(count):
            item, at = parse(data, at)
            items.append(item)
        return (items if kind == 0x2A else (bytes((kind,)), items)), at
    if kind in b"=!":
        begin = end + 2
        end = begin + int(data[at + 1:end])
        return (bytes((kind,)), data[begin:end]), end + 2
    return (bytes((kind,)), data[at + 1:end]), end + 2


class Gone(Exception):
    """The server ended, closed the connection or did not answer."""


class Side:
    """One of the two servers, and the connection to it."""

    def __init__(self, name, program, port, options):
        self.name = name
        self.program = os.path.abspath(program)
        self.port = port
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="differential-")
        self.process = None
        self.socket = None
        self.change = None  # The canary's: what becomes of a command before it is sent.
        self.start()

    def start(self):
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen(
            [self.program, "--port", str(self.port), "--save", "", "--enable-debug-command", "yes", *self.options],
            stdout=self.log, stderr=self.log, cwd=self.folder,
            env={**os.environ, "LC_ALL": "C"})
        for _ in range(600):
            try:
                self.connect()
                if os.path.realpath(self.ask("CONFIG", "GET", "dir")[1]) != os.path.realpath(self.folder.encode()):
                    break  # Somebody else's.
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise Gone(f"{self.program} does not start on port {self.port}; see {self.folder}/log")

    def connect(self):
        if self.socket:
            self.socket.close()
        self.socket = socket.create_connection(("127.0.0.1", self.port), REPLY_SECONDS_MAX)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def restart(self):
        """After Gone: a fresh process, or a fresh connection to one that hangs no more."""
        self.stop()
        self.start()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def send(self, data):
        """Commands as they go over the wire; receive() gets the replies to them."""
        try:
            self.socket.sendall(data + END)
        except OSError as error:
            raise Gone(f"{self.name}: {error}{self.ended()}") from error

    def receive(self):
        """The bytes of all replies, without the marker's."""
        parts = []
        tail = b""
        while True:
            try:
                part = self.socket.recv(1 << 20)
            except OSError as error:
                raise Gone(f"{self.name}: no reply: {error}{self.ended()}") from error
            if not part:
                raise Gone(f"{self.name} closed the connection{self.ended()}")
            parts.append(part)
            tail = (tail + part[-len(MARKER_REPLY):])[-len(MARKER_REPLY):]
            if tail == MARKER_REPLY:
                return b"".join(parts)[:-len(MARKER_REPLY)]

    def ended(self):
        time.sleep(0.3)
        code = self.process.poll()
        return "" if code is None else f" (the server ended with {code}; its log is {self.folder}/log)"

    def ask(self, *words):
        """One command, its reply parsed."""
        self.send(encode([word if isinstance(word, bytes) else str(word).encode() for word in words]))
        return parse(self.receive(), 0)[0]
