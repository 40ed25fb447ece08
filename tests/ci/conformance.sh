#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Valkey's own Tcl suite against our server, where the shared folder with its runner stands beside this repository.
#
#   tests/conformance/units.txt               the units that run, one a line
#   tests/conformance/known_exceptions.txt    tests that may fail: `name of the test :: why`, one a line
#
# A failure that is not in the list fails this step; so does a server that stops answering. A test in the list that
# passes is named, so that the list shrinks.
set -uo pipefail
cd "$(dirname "$0")/../.."
runner=../shared/tools/valkey-tests
[[ -x $runner ]] || { echo "skipped: ../shared/tools/valkey-tests is not on this machine"; exit 0; }
source tools/setup.sh
server=build/release/bin/millrace-server
[[ -x $server ]] || { echo "no $server; run ./test first"; echo "0 passed, 1 failed"; exit 1; }

units=()
while read -r unit _; do
  [[ -z $unit || $unit == \#* ]] || units+=(--single "$unit")
done <tests/conformance/units.txt
((${#units[@]})) || { echo "skipped: tests/conformance/units.txt names no unit yet"; exit 0; }

# The runner and the suite are read-only and elsewhere; the log stays here. There is neither replication nor a cluster.
"$runner" run "$server" --tags "-needs:repl -cluster" "${units[@]}" "$@" >build/conformance.txt 2>&1
log=${VALKEY_TESTS_ROOT:-/var/cache/millrace-valkey-tests}/last.log
cp "$log" build/conformance.log || { tail -n 20 build/conformance.txt; echo "0 passed, 1 failed"; exit 1; }
exec tests/ci/compare_conformance.py build/conformance.log tests/conformance/known_exceptions.txt
