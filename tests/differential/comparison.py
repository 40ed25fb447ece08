# SPDX-License-Identifier: BSD-3-Clause
"""When two replies count as equal. Each command is sent with the name of one of these checks.

Equal bytes are equal always. `exact` accepts nothing else; the others allow for what Valkey does not promise: the order
of members in a table, what a random command picks, and the time that has passed.
"""

MS_TOLERANCE = 20000
SECONDS_TOLERANCE = 20


def is_error(reply):
    return isinstance(reply, tuple) and reply[0] in (b"-", b"!")


def items_of(reply):
    """What is in an array, set, map or push; None for everything else."""
    if isinstance(reply, list):
        return reply
    if isinstance(reply, tuple) and reply[0] in (b"~", b"%", b">"):
        return reply[1]
    return None


def kind_of(reply):
    return reply[0] if isinstance(reply, tuple) else type(reply)


def sorted_items(items):
    return sorted(items, key=repr)


def pairs_of(items):
    return [(repr(items[at]), repr(items[at + 1])) for at in range(0, len(items) - 1, 2)]


def unordered(reference, ours, _):
    """Members of a set, keys: in any order, but each once."""
    first, second = items_of(reference), items_of(ours)
    return (first is not None and second is not None and kind_of(reference) == kind_of(ours)
            and sorted_items(first) == sorted_items(second))


def pairs(reference, ours, _):
    """A map, or the flat list that it is with RESP2."""
    first, second = items_of(reference), items_of(ours)
    return (first is not None and second is not None and kind_of(reference) == kind_of(ours)
            and len(first) == len(second) and sorted(pairs_of(first)) == sorted(pairs_of(second)))


def scanned(reference, ours, request):
    """[cursor, items]: all of them, if both were done at once."""
    if not (isinstance(reference, list) and isinstance(ours, list) and len(reference) == len(ours) == 2):
        return False
    if not (isinstance(reference[1], list) and isinstance(ours[1], list)):
        return False
    words = request.words
    start = words[1] if words[0].lower() == b"scan" else words[2]
    if start != b"0" or reference[0] != b"0" or ours[0] != b"0":
        return isinstance(ours[0], bytes) and ours[0].isdigit()
    flat = words[0].lower() in (b"scan", b"sscan") or any(
        word.split(b"\0", 1)[0].lower() in (b"novalues", b"noscores") for word in words)
    if flat:
        return sorted(set(reference[1])) == sorted(set(ours[1]))
    return sorted(set(pairs_of(reference[1]))) == sorted(set(pairs_of(ours[1])))


def strict_if_packed(kept, then):
    """The command before was OBJECT ENCODING: where the encoding keeps the order of arrival, the order is checked."""
    def check(reference, ours, request):
        return request.before[0] not in kept and then(reference, ours, request)
    return check


RDB_SETS_AND_TABLES = (2, 4, 20, 22)  # A set's members come in any order, and so does what a table holds.
RDB_STREAMS = (15, 19, 21)  # When consumers were seen is in there.


def dumped(reference, ours, _):
    """Payloads of DUMP: the same bytes, but for orders, times of day, and how strings are compressed."""
    if not (isinstance(reference, bytes) and isinstance(ours, bytes) and reference and ours):
        return False
    return reference[0] == ours[0] and (b"\xc3" in reference or b"\xc3" in ours  # It announces a compressed string.
                                        or reference[0] in RDB_SETS_AND_TABLES + RDB_STREAMS)


def leaves(reply):
    items = items_of(reply)
    if items is None:
        return [reply]
    return [leaf for item in items for leaf in leaves(item)]


def picked(reference, ours, request):
    """As many, and each of them of what the reply before lists; with a positive count, none twice."""
    if kind_of(reference) != kind_of(ours):
        return False
    first, second = items_of(reference), items_of(ours)
    if (first is None) != (second is None) or first is not None and len(first) != len(second):
        return False
    if is_error(reference) or is_error(ours):
        return False
    known = {repr(leaf).lstrip("(") for leaf in leaves(request.before[1])}
    if not all(repr(leaf).lstrip("(") in known for leaf in leaves(ours)):
        return False
    words = request.words
    if len(words) > 2 and not words[2].startswith(b"-") and second is not None and len(words) == 3:
        return len({repr(item) for item in second}) == len(second)
    return True


def shape(reference, ours, _):
    """The same kind and size, whatever is in it."""
    if is_error(reference) or kind_of(reference) != kind_of(ours):
        return False
    first, second = items_of(reference), items_of(ours)
    return first is None or len(first) == len(second)


def close(first, second, tolerance):
    if isinstance(first, int) and isinstance(second, int):
        return first == second or first > 1000 and second > 1000 and abs(first - second) <= tolerance
    one, other = items_of(first), items_of(second)
    if one is None or other is None or kind_of(first) != kind_of(second) or len(one) != len(other):
        return first == second
    return all(close(a, b, tolerance) for a, b in zip(one, other))


def near_lines(reference, ours):
    """What near_ms says of the bytes of several replies, but never of those that it does not say yes to."""
    first, second = reference.split(b"\r\n"), ours.split(b"\r\n")
    return len(first) == len(second) and all(
        one == other or one[:1] == other[:1] == b":" and close(int(one[1:]), int(other[1:]), MS_TOLERANCE)
        for one, other in zip(first, second))


def near_ms(reference, ours, _):
    return close(reference, ours, MS_TOLERANCE)


def near_seconds(reference, ours, _):
    return close(reference, ours, SECONDS_TOLERANCE)


def ties(reference, ours, request):
    """The nearest places. The reply before lists all, with distances; those equally far come in any order."""
    first, second, listed = items_of(reference), items_of(ours), items_of(request.before[1])
    if not first or not second or not listed or len(first) != len(second):
        return False
    distances = {item[0]: item[1] for item in listed}
    names = [[item[0] if isinstance(item, list) else item for item in items] for items in (first, second)]
    return ([distances.get(name) for name in names[0]] == [distances.get(name) for name in names[1]]
            and len(set(names[1])) == len(names[1]) and None not in map(distances.get, names[1]))


def collated(text):
    """Equal for texts that strcoll calls equal: the servers run in the locale C, where a zero byte ends them."""
    return text.split(b"\0", 1)[0]


def same_texts(reference, ours, _):
    """A whole list in alphabetical order. Sorting is not stable in Valkey, so equal texts come in any order."""
    return (isinstance(reference, list) and isinstance(ours, list) and sorted(reference) == sorted(ours)
            and list(map(collated, reference)) == list(map(collated, ours)))


def alphabetical(reference, ours, request):
    """SORT ALPHA with LIMIT, GET and so on. The reply before lists all elements in order: only if some of them differ
    and are equal to strcoll, which of them stands where is open, and with it what GET shows of them."""
    listed = request.before[1]
    return (isinstance(listed, list) and shape(reference, ours, request)
            and any(one != other and collated(one) == collated(other) for one, other in zip(listed, listed[1:])))


def small(reference, ours, _):
    """Seconds since something: they are few."""
    return isinstance(reference, int) and isinstance(ours, int) and 0 <= reference < 120 and 0 <= ours < 120


def pending(reference, ours, _):
    """XPENDING's long form: [id, consumer, idle, deliveries]."""
    if not (isinstance(reference, list) and isinstance(ours, list) and len(reference) == len(ours)):
        return False
    for one, other in zip(reference, ours):
        if not (isinstance(one, list) and isinstance(other, list) and len(one) == len(other) == 4):
            return False
        if one[:2] + one[3:] != other[:2] + other[3:] or abs(one[2] - other[2]) > MS_TOLERANCE:
            return False
    return True


TIMES = {b"idle", b"inactive"}


def stream_info(reference, ours, _):
    """XINFO: times of day, and the milliseconds since something."""
    if isinstance(reference, int) and isinstance(ours, int):
        return reference == ours or reference > 10 ** 11 and abs(reference - ours) <= MS_TOLERANCE
    one, other = items_of(reference), items_of(ours)
    if one is None or other is None or kind_of(reference) != kind_of(ours) or len(one) != len(other):
        return reference == ours
    empty = one[:2] == other[:2] == [b"length", 0]
    for at, (first, second) in enumerate(zip(one, other)):
        if at and empty and one[at - 1] == b"radix-tree-keys":
            continue  # Valkey may keep a block without entries.
        if at and one[at - 1] == b"radix-tree-nodes" and isinstance(first, int) and isinstance(second, int):
            continue  # There is no radix tree in ours.
        if at and isinstance(one[at - 1], bytes) and one[at - 1] in TIMES and isinstance(first, int):
            if not (isinstance(second, int) and abs(first - second) <= MS_TOLERANCE):
                return False
        elif not stream_info(first, second, None):
            return False
    return True


def transaction(then):
    """EXEC of one command: its reply is compared as it would be alone."""
    def check(reference, ours, request):
        if not (isinstance(reference, list) and isinstance(ours, list) and len(reference) == len(ours)):
            return False
        return all(one == other or then(one, other, request) for one, other in zip(reference, ours))
    return check


def never(*_):
    return False


CHECKS = {
    "exact": never, "unordered": unordered, "pairs": pairs, "scanned": scanned, "picked": picked, "shape": shape,
    "near_ms": near_ms, "near_seconds": near_seconds, "small": small, "pending": pending, "stream_info": stream_info,
    "set_members": strict_if_packed((b"intset",), unordered), "hash_words": strict_if_packed((b"listpack",), unordered),
    "hash_pairs": strict_if_packed((b"listpack",), pairs), "dumped": dumped, "ties": ties,
    "same_texts": same_texts, "alphabetical": alphabetical,
}


def check_named(name):
    return transaction(CHECKS[name[5:]]) if name.startswith("exec:") else CHECKS[name]
