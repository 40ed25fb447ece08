#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# All tests with the thread sanitizer, without suppressions.
exec "$(dirname "$0")/../../test" tsan
