#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Random commands to Valkey and to our server, whose replies and data must be equal, and lines that people wrote, whose
# replies must be equal byte for byte; see tests/differential/. First the canary: planted differences must be found.
# DIFFERENTIAL_SECONDS says how long (120), DIFFERENTIAL_SEED which
# commands: a change is judged by commands that agreed before; `DIFFERENTIAL_SEED=$RANDOM` looks for more.
# MILLRACE_SERVER names another program; MILLRACE_REFERENCE_BIN the folder with a valkey-server.
set -uo pipefail
cd "$(dirname "$0")/../.."
source tools/setup.sh
need_packages python3
reference=../shared/tools/reference
if [[ -z ${MILLRACE_REFERENCE_BIN:-} && -x $reference ]]; then
  MILLRACE_REFERENCE_BIN=$("$reference" bin 2>/dev/null)
fi
if [[ ! -x ${MILLRACE_REFERENCE_BIN:-}/valkey-server ]]; then
  echo "skipped: there is no valkey-server to compare with; MILLRACE_REFERENCE_BIN names its folder"
  exit 0
fi
server=${MILLRACE_SERVER:-build/release/bin/millrace-server}
[[ -x $server ]] || { echo "no $server; run ./test first"; echo "0 passed, 1 failed"; exit 1; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
valkey=$MILLRACE_REFERENCE_BIN/valkey-server
step() {  # script, two programs, options...
  local line
  python3 "$@" 2>&1 | tee "$log"
  line=$(tail -n 1 "$log")
  if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
  else
    failed=$((failed + 1))
  fi
}

seed=(--seed "${DIFFERENTIAL_SEED:-998268729}")
random=tests/differential/differential.py
# With one program, so that only what was planted can be found.
step "$random" "$valkey" "$valkey" --canary --seconds 30
step tests/differential/conversations.py "$valkey" "$(realpath "$server")"
step "$random" "$valkey" "$(realpath "$server")" --seconds "${DIFFERENTIAL_SECONDS:-120}" --failures-max 3 "${seed[@]}"
echo "$passed passed, $failed failed"
((failed == 0))
