#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What only a running server shows of its memory: that deferred freeing costs no keys, that `maxmemory` is kept on a
# busy core, that growth leaves no empty pages, and that nothing leaks in a minute of churn. A long run is
#
#     MEMORY_MINUTES=10 tests/ci/memory.sh
#
# MILLRACE_SERVER names another program.
set -uo pipefail
cd "$(dirname "$0")/../.."
source tools/setup.sh
source tests/support/count.sh
need_packages python3
server=${MILLRACE_SERVER:-build/release/bin/millrace-server}
[[ -x $server ]] || { echo "no $server; run ./test first"; echo "0 passed, 1 failed"; exit 1; }
minutes=${MEMORY_MINUTES:-1}

run "deferred freeing" python3 tests/memory/deferred_freeing.py "$server"
run "busy core" python3 tests/memory/busy_core.py "$server"
run "busy core, I/O threads" python3 tests/memory/busy_core.py "$server" --io-threads 3
run "quiet growth" python3 tests/memory/quiet_growth.py "$server"
run "churn" python3 tests/memory/churn.py "$server" --minutes "$minutes"
run "churn, I/O threads" python3 tests/memory/churn.py "$server" --minutes "$minutes" --io-threads 3
echo "$passed passed, $failed failed"
((failed == 0))
