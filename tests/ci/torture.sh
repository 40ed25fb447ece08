#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Kills servers under load and at each step on disk, and looks for acknowledged writes that are gone. Short here; the
# long runs are
#
#     TORTURE_CYCLES=4000 tests/ci/torture.sh
#
# MILLRACE_SERVER names another program.
set -uo pipefail
cd "$(dirname "$0")/../.."
source tools/setup.sh
source tests/support/count.sh
need_packages gcc python3
server=${MILLRACE_SERVER:-build/release/bin/millrace-server}
[[ -x $server ]] || { echo "no $server; run ./test first"; echo "0 passed, 1 failed"; exit 1; }
cycles=${TORTURE_CYCLES:-25}

kill_server=(python3 tests/torture/append_only_kill.py "$server" --cycles "$cycles")
run "kill, always" "${kill_server[@]}" --policy always
run "kill, everysec" "${kill_server[@]}" --policy everysec
run "kill, everysec, while rewriting" "${kill_server[@]}" --policy everysec --rewrite
run "steps and cuts" python3 tests/torture/append_only_steps.py "$server" ${TORTURE_STEPS:+--steps "$TORTURE_STEPS"}
echo "$passed passed, $failed failed"
((failed == 0))
