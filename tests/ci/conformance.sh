#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Valkey's own Tcl suite against our server, where the shared folder with its runner stands beside this repository.
#
#   tests/ci/conformance.sh               the units of the list, and those marked `threads` once more with I/O threads
#   tests/ci/conformance.sh --io-threads  the whole list with I/O threads only
#
#   tests/conformance/units.txt               the units, one a line
#   tests/conformance/known_exceptions.txt    tests that may fail: `name of the test :: why`, one a line
#   tests/conformance/skipped.txt             tests not to begin, in the same form: they take those behind them along
#
# Further words go to the runner. A failure that is not in the list fails this step; so does a server that stops
# answering. A test in the list that passes is named, so that the list shrinks. Many of the suite's tests sleep and then
# expect; so a unit that fails is run a second time, by itself, and what passes then is called unsteady.
set -uo pipefail
cd "$(dirname "$0")/../.."
runner=../shared/tools/valkey-tests
[[ -x $runner ]] || { echo "skipped: ../shared/tools/valkey-tests is not on this machine"; exit 0; }
source tools/setup.sh
server=build/release/bin/millrace-server
[[ -x $server ]] || { echo "no $server; run ./test first"; echo "0 passed, 1 failed"; exit 1; }

all=()
marked=()
apart=()
while read -r unit mark; do
  [[ -z $unit || $unit == \#* ]] && continue
  [[ $mark == ends-early=* || $mark == without=* ]] && { apart+=("$unit $mark"); continue; }
  all+=(--single "$unit")
  [[ $mark == threads ]] && marked+=(--single "$unit")
done <tests/conformance/units.txt
((${#all[@]})) || { echo "skipped: tests/conformance/units.txt names no unit yet"; exit 0; }

skipped=()
while read -r line; do
  [[ -z $line || $line == \#* ]] || skipped+=(--skiptest "${line%% :: *}")
done <tests/conformance/skipped.txt

passed=0
failed=0
again_max=3  # Units; more than that is no accident.

may_end_early=0  # How many tests of a unit that does not come to its end must have passed.

# One run; the last line of build/NAME.txt is its count. The runner and the suite are read-only and elsewhere; the log
# stays here. There is neither replication nor a cluster.
run_units() {  # name of the log, arguments of the runner...
  local name=$1 log=${VALKEY_TESTS_ROOT:-/var/cache/millrace-valkey-tests}/last.log
  shift
  echo "--- $name"
  "$runner" run "$server" --tags "-needs:repl -cluster" "${skipped[@]}" "$@" >"build/$name.txt" 2>&1
  cp "$log" "build/$name.log" || { tail -n 20 "build/$name.txt"; echo "no log" >>"build/$name.txt"; return; }
  tests/ci/compare_conformance.py "build/$name.log" tests/conformance/known_exceptions.txt "$may_end_early" \
    >"build/$name.txt"
  cat "build/$name.txt"
}

suite() {  # name of the log, arguments of the runner...
  local name=$1 unit options=() again=() lost=0
  run_units "$@"
  [[ " $* " == *" --io-threads "* ]] && options=(--io-threads)
  if [[ $(tail -n 1 "build/$name.txt") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    lost=${BASH_REMATCH[2]}
  else
    lost=1
  fi
  mapfile -t again < <(sed -n 's/^failed in \([^ :]*\): .*/\1/p' "build/$name.txt" | sort -u)
  if ((${#again[@]} && ${#again[@]} <= again_max)) && ! grep -q "^failed in an unknown unit" "build/$name.txt"; then
    lost=0
    for unit in "${again[@]}"; do
      run_units "$name-again" --single "$unit" "${options[@]}"
      if [[ $(tail -n 1 "build/$name-again.txt") =~ ^[1-9][0-9]*\ passed,\ 0\ failed ]]; then
        echo "unsteady: $unit failed once and passed alone"
      else
        lost=$((lost + 1))
      fi
    done
  fi
  failed=$((failed + lost))
}

# The units that have a run of their own.
suite_apart() {  # arguments of the runner...
  local unit mark
  for line in "${apart[@]}"; do
    read -r unit mark <<<"$line"
    if [[ $mark == without=* ]]; then
      suite conformance-apart --single "$unit" --tags "-${mark#*=}" "$@"
    else
      may_end_early=${mark#*=}
      suite conformance-apart --single "$unit" "$@"
      may_end_early=0
    fi
  done
}

if [[ ${1:-} == --io-threads ]]; then
  suite conformance-threads "${all[@]}" "$@"
else
  suite conformance "${all[@]}" "$@"
  ((${#marked[@]})) && suite conformance-threads "${marked[@]}" --io-threads "$@"
fi
suite_apart "$@"
echo "$passed passed, $failed failed"
((failed == 0))
