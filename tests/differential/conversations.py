#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The same lines to two servers, in RESP2 and RESP3, whose replies must be equal byte for byte.

    conversations.py REFERENCE OURS [FILE...] [--resp 2|3] [--show]

REFERENCE and OURS are programs; FILE is one of conversations/*.txt, all of them by default. A file is made of cases;
each begins with a line `= what it is about`, on new connections and without data. A line of a case is

    CMD WORD...        to the connection a; words as in the shell: "\\x00\\r\\n", 'as it is'
    b: CMD WORD...     to the connection b (any small letter)
    a< "BYTES"         the bytes as they are
    ~ CMD WORD...      the order of the reply's parts does not count
    # CMD WORD...      only the shape counts: each number, and each id of 40 digits, is as good as any other
    ! resp 2           the case is for one version of the protocol only
    -- words           a comment

After each line all that comes back on all connections is compared. --show prints every reply of REFERENCE.
The last line is `N passed, N failed`; a case counts as one in each version.
"""

import argparse
import glob
import os
import re
import shlex
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from resp_client import Server  # noqa: E402

OPTIONS = ["--enable-debug-command", "yes", "--enable-module-command", "yes", "--appendonly", "no", "--hz", "100"]
PROMPT_SECONDS = 0.3  # For the first byte of a reply; what does not come within it counts as none.


def unescape(text):
    """A line's words; \\n, \\r, \\t, \\xHH are known inside of double quotes."""
    words, at = [], 0
    pattern = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|(\S+))')
    while at < len(text.rstrip()):
        found = pattern.match(text, at)
        quoted, plain, bare = found.groups()
        if quoted is not None:
            words.append(re.sub(rb"\\(x[0-9a-fA-F]{2}|.)", escaped, quoted.encode()))
        else:
            words.append((plain if plain is not None else bare).encode())
        at = found.end()
    return words


def escaped(found):
    letter = found.group(1)
    if len(letter) == 3:
        return bytes([int(letter[1:], 16)])
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(letter, letter)


def request(words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def reply_end(data, at=0):
    """Where the reply at `at` ends; None if it is not complete."""
    line = data.find(b"\r\n", at)
    if line < 0:
        return None
    kind, rest, end = data[at:at + 1], data[at + 1:line], line + 2
    if kind in b"$=!" and rest.lstrip(b"-").isdigit():
        size = int(rest)
        return end if size < 0 else end + size + 2 if len(data) >= end + size + 2 else None
    if kind in b"*~>%|":
        parts = max(int(rest), 0) * (2 if kind in b"%|" else 1) + (kind == b"|")
        for _ in range(parts):
            end = reply_end(data, end)
            if end is None:
                return None
    return end


class Side:
    """One server, and the connections of a case."""

    def __init__(self, server):
        self.server = server
        self.links = {}

    def link(self, name, protocol):
        if name not in self.links:
            link = self.links[name] = socket.create_connection(("127.0.0.1", self.server.port), 5)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if protocol == 3:
                link.sendall(request([b"HELLO", b"3"]))
                self.receive(name)
        return self.links[name]

    def receive(self, name):
        """What comes on a connection: at least one reply, if one comes at all, and what is there behind it."""
        link, data, deadline = self.links[name], b"", time.monotonic() + PROMPT_SECONDS
        while True:
            complete = data and reply_end(data) is not None
            link.settimeout(0.0005 if complete else max(deadline - time.monotonic(), 0.0005))
            try:
                more = link.recv(1 << 16)
            except (BlockingIOError, TimeoutError):
                return data
            except OSError:
                return data + b"<closed>"
            if not more:
                return data + b"<closed>"
            data += more
            deadline = max(deadline, time.monotonic() + PROMPT_SECONDS)

    def others(self, name):
        found = {}
        for other, link in self.links.items():
            if other == name:
                continue
            link.settimeout(0.0005)
            try:
                found[other] = link.recv(1 << 16)
            except (BlockingIOError, TimeoutError):
                pass
            except OSError:
                found[other] = b"<closed>"
        return found

    def end_case(self):
        for link in self.links.values():
            link.close()
        self.links = {}
        client = self.server.connect()
        for words in (["CLIENT", "UNPAUSE"], ["SCRIPT", "FLUSH"], ["FUNCTION", "FLUSH"], ["CONFIG", "RESETSTAT"],
                      ["FLUSHALL"], ["ACL", "LOG", "RESET"], ["SLOWLOG", "RESET"]):
            client.typed(*words)
        client.close()


def shape(data):
    data = re.sub(rb"[0-9a-f]{40}", b"ID", data)
    data = re.sub(rb"(?<![a-zA-Z_])-?\d+(\.\d+)?(e[+-]?\d+)?", b"0", data)
    return data


def parts(data):
    """A reply's parts in an order that depends on nothing."""
    end = head = data.find(b"\r\n") + 2
    if data[:1] not in b"*~>%":
        return data
    found, width = [], 2 if data[:1] == b"%" else 1
    while end < len(data):
        part = b""
        for _ in range(width):
            stop = reply_end(data, end)
            if stop is None:
                return data
            part += parts(data[end:stop])
            end = stop
        found.append(part)
    return data[:head] + b"".join(sorted(found))


def equal(mark, reference, ours):
    if mark == "~":
        return parts(reference) == parts(ours)
    if mark == "#":
        return shape(reference) == shape(ours)
    return reference == ours


def run_line(sides, line, protocol):
    """The replies of both to one line."""
    mark = ""
    if line[:2] in ("~ ", "# "):
        mark, line = line[0], line[2:]
    name, raw = "a", False
    found = re.match(r"([a-z])([:<]) (.*)", line)
    if found:
        name, raw, line = found.group(1), found.group(2) == "<", found.group(3)
    words = unescape(line)
    if not raw and words[0] == b"sleep":
        time.sleep(float(words[1]))
        return mark, [({},), ({},)]
    data = b"".join(words) if raw else request(words)
    for side in sides:
        link = side.link(name, protocol)
        try:
            link.sendall(data)
        except OSError:
            pass
    replies = [side.receive(name) for side in sides]
    return mark, [(reply, side.others(name)) for reply, side in zip(replies, sides)]


def run_case(sides, title, lines, protocol, show):
    failed = False
    for line in lines:
        mark, (reference, ours) = run_line(sides, line, protocol)
        if show:
            print(f"    {line}\n        {reference}")
        same = len(reference) == 1 or equal(mark, reference[0], ours[0]) and reference[1] == ours[1]
        if not same:
            if not failed:
                print(f"RESP{protocol}: {title}")
            failed = True
            print(f"    {line[:200]}")
            at = len(os.path.commonprefix([reference[0], ours[0]]))
            for name, replies in (("reference", reference), ("ours     ", ours)):
                print(f"        {name} {clip(replies[0], at)} {replies[1] or ''}")
    for side in sides:
        side.end_case()
    return not failed


def clip(data, at):
    """The reply around the place where the two part."""
    begin, end = max(at - 100, 0), at + 150
    return f"{'...' * (begin > 0)}{data[begin:end]!r}{'...' * (end < len(data))}"


def cases_of(path):
    cases = []
    with open(path) as file:
        for line in file:
            line = line.rstrip("\n")
            if line.startswith("= "):
                cases.append((line[2:], [], {2, 3}))
            elif line.startswith("! resp "):
                cases[-1][2].intersection_update({int(line[7:])})
            elif line.strip() and not line.startswith("--"):
                cases[-1][1].append(line)
    return cases


def main():
    options = argparse.ArgumentParser()
    options.add_argument("programs", nargs=2)
    options.add_argument("files", nargs="*")
    options.add_argument("--resp", type=int)
    options.add_argument("--show", action="store_true")
    options.add_argument("--filter", default="")
    options = options.parse_args()
    files = options.files or sorted(glob.glob(os.path.join(HERE, "conversations", "*.txt")))
    passed = failed = 0
    with Server(options.programs[0], OPTIONS) as reference, Server(options.programs[1], OPTIONS) as ours:
        sides = [Side(reference), Side(ours)]
        for path in files:
            for title, lines, versions in cases_of(path):
                for protocol in sorted(versions & ({options.resp} if options.resp else versions)):
                    if options.filter not in title:
                        continue
                    if run_case(sides, f"{os.path.basename(path)}: {title}", lines, protocol, options.show):
                        passed += 1
                    else:
                        failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
