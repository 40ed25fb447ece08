# SPDX-License-Identifier: BSD-3-Clause
"""Differences on purpose: docs/compat.md says why each is one.

An entry is the reason, and a function of the command's words and the two replies that says whether it applies. After
those of EXPECTED the data is the same; after those of PARTINGS it is not, so that the epoch ends.
"""


def decoded_as_far_as_sound(words, reference, ours):
    if len(words) < 2 or words[0].lower() != b"pfdebug":
        return False
    subcommand = words[1].lower().split(b"\0")[0]  # Both take no notice of what stands behind a zero.
    return (subcommand == b"decode" and isinstance(reference, bytes) and isinstance(ours, bytes)
            and reference.startswith(ours))


EXPECTED = [
    ("PFDEBUG DECODE shows what is wrong in a sketch up to the first wrong run", decoded_as_far_as_sound),
]


def reads_past_the_end(words, reference, ours):
    """Valkey takes what stands behind a sketch for the second half of its last run."""
    return (words and words[0].lower() == b"pfadd" and reference in (0, 1) and isinstance(ours, tuple)
            and ours[1].startswith(b"INVALIDOBJ"))


PARTINGS = [
    ("a sketch that ends within a run is damaged", reads_past_the_end),
]


def is_parting(words, reference, ours):
    return any(applies(words, reference, ours) for _, applies in PARTINGS)


def is_expected(words, reference, ours):
    """`words` are those of the command; of one in a transaction, its reply stands in that of EXEC."""
    if isinstance(reference, list) and isinstance(ours, list) and len(reference) == len(ours) == 1:
        reference, ours = reference[0], ours[0]
    return any(applies(words, reference, ours) for _, applies in EXPECTED)
