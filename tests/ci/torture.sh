#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What is on disk after the worst: power cuts on a simulated disk, servers killed under load and at each step, disks
# that are full, slow or broken, damaged files. Short here; the long runs are
#
#     TORTURE_CYCLES=4000 TORTURE_CUTS=20000 TORTURE_FILES=50000 TORTURE_SEED=$RANDOM tests/ci/torture.sh
#
# The kills are shared eight to three between `always` and `everysec`. All seeds are printed. Where a real Valkey is,
# its files are loaded, and a tenth of the kills runs on it, too (TORTURE_COMPARE=1); what it loses does not count.
# MILLRACE_SERVER names another program; MILLRACE_REFERENCE_BIN the folder with a valkey-server.
set -uo pipefail
cd "$(dirname "$0")/../.."
source tools/setup.sh
source tests/support/count.sh
need_packages gcc python3
server=${MILLRACE_SERVER:-build/release/bin/millrace-server}
[[ -x $server ]] || { echo "no $server; run ./test first"; echo "0 passed, 1 failed"; exit 1; }
reference=../shared/tools/reference
if [[ -z ${MILLRACE_REFERENCE_BIN:-} && -x $reference ]]; then
  MILLRACE_REFERENCE_BIN=$("$reference" bin 2>/dev/null)
fi
valkey=${MILLRACE_REFERENCE_BIN:-}/valkey-server
redis=${MILLRACE_REFERENCE_BIN:-}/redis-server
cycles=${TORTURE_CYCLES:-400}
folder=$(dirname "$server")

program() {  # name, options...: built by ./test
  [[ -x $folder/$1 ]] || return 0
  run "$1" "$folder/$@"
}
# With seed 4, a length that is damaged swallows whole lines with checksums.
program power_cuts --cuts "${TORTURE_CUTS:-8000}" --seed "${TORTURE_SEED:-4}"
program damaged_files --files "${TORTURE_FILES:-50000}" --seed "${TORTURE_SEED:-4}"

kills=(python3 tests/torture/append_only_kill.py)
run "kill, always" "${kills[@]}" "$server" --workers 4 --cycles "$cycles" --policy always
run "kill, everysec" "${kills[@]}" "$server" --workers 4 --cycles $((cycles * 3 / 8)) --policy everysec
if [[ -x $valkey && -n ${TORTURE_COMPARE:-} ]]; then
  for policy in always everysec; do
    echo "--- kill, $policy, real Valkey; does not count"
    "${kills[@]}" "$valkey" --valkey --workers 4 --cycles $((cycles / 10)) --policy "$policy"
  done
fi
run "steps and cuts" python3 tests/torture/append_only_steps.py "$server" --steps "${TORTURE_STEPS:-1000}" --skip-cuts
run "rewrites" python3 tests/torture/append_only_rewrites.py "$server"
run "disk failures" python3 tests/torture/disk_failures.py "$server"
if [[ -x $valkey ]]; then
  run "files both ways" python3 tests/torture/files_both_ways.py "$server" --valkey "$valkey" \
    $([[ -x $redis ]] && echo --redis "$redis")
  [[ ! -x $redis ]] ||
    run "files of Redis 7" python3 tests/torture/redis7_files.py "$server" --redis "$redis" --valkey "$valkey"
  assets=${VALKEY_TESTS_ROOT:-/var/cache/millrace-valkey-tests}/suite/tests/assets
  if [[ -d $assets ]]; then
    run "old encodings" python3 tests/torture/old_encodings.py "$server" --valkey "$valkey" --assets "$assets"
  fi
fi
echo "$passed passed, $failed failed"
((failed == 0))
