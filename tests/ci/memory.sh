#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What only a running server shows of its memory: that deferred freeing costs no keys, and that nothing leaks in a
# minute of churn. A long run is
#
#     MEMORY_MINUTES=10 tests/ci/memory.sh
#
# MILLRACE_SERVER names another program.
set -uo pipefail
cd "$(dirname "$0")/../.."
source tools/setup.sh
need_packages python3
server=${MILLRACE_SERVER:-build/release/bin/millrace-server}
[[ -x $server ]] || { echo "no $server; run ./test first"; echo "0 passed, 1 failed"; exit 1; }
minutes=${MEMORY_MINUTES:-1}

passed=0
failed=0
run() {  # name, command...
  local name=$1 output line
  shift
  echo "--- $name"
  output=$("$@" 2>&1)
  echo "$output"
  line=$(tail -n 1 <<<"$output")
  if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
  else
    failed=$((failed + 1))
  fi
}

run "deferred freeing" python3 tests/memory/deferred_freeing.py "$server"
run "churn" python3 tests/memory/churn.py "$server" --minutes "$minutes"
run "churn, I/O threads" python3 tests/memory/churn.py "$server" --minutes "$minutes" --io-threads 3
echo "$passed passed, $failed failed"
((failed == 0))
