#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# All tests with the address sanitizer and the undefined behaviour sanitizer. The build is clang's, with the
# thread-safety analysis on and its warnings as errors.
exec "$(dirname "$0")/../../test" asan
