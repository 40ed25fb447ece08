# SPDX-License-Identifier: BSD-3-Clause
"""Differences on purpose: docs/compat.md says why each is one."""

EXPECTED = [
]


def is_expected(words, reference, ours):
    return any(matches(words, reference, ours) for _, matches in EXPECTED)
