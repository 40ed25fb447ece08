#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# That clang's thread-safety analysis would notice: the sanitizer builds compile everything with it as an error; here
# a call from the wrong thread role must not compile, and the same call in its role must.
set -uo pipefail
cd "$(dirname "$0")/../.."
source tools/setup.sh
need_packages "${test_packages[@]}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0
failed=0

compiles() { clang++ -std=c++20 -fsyntax-only -Wthread-safety -Werror -Isrc -x c++ - 2>"$scratch/errors"; }
expect() {  # yes|no, what it is, code
  local found=no
  compiles <<<"#include \"base/thread_role.h\"
struct Store { void change() ON_MAIN_THREAD {} int value GUARDED_BY(millrace::main_thread) = 0; };
$3" && found=yes
  if [[ $found == "$1" ]] && { [[ $1 == yes ]] || grep -q 'Wthread-safety' "$scratch/errors"; }; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "$2: compiles=$found, expected $1"
    cat "$scratch/errors"
  fi
}

expect yes "a call in its role" 'void f(Store& s) ON_MAIN_THREAD { s.change(); s.value = 1; }'
expect no "a main-thread function called from the I/O side" 'void f(Store& s) ON_IO_SIDE { s.change(); }'
expect no "a main-thread field read without a role" 'int f(Store& s) { return s.value; }'
expect yes "a callback that says its role" 'void f(Store& s) { millrace::main_thread.assert_current(); s.change(); }'
grep -q -- '-Wthread-safety' cmake/compiler.cmake && grep -q -- '-Werror' cmake/compiler.cmake || {
  echo "cmake/compiler.cmake does not turn the analysis on"
  failed=$((failed + 1))
}
echo "$passed passed, $failed failed"
((failed == 0))
