#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Real clients against our server: the command line tools, redis-py, Celery and RQ, hiredis, and, where npm is there,
# ioredis, node-redis, iovalkey, valkey-glide and BullMQ. What they do is in tests/clients/. MILLRACE_SERVER names another
# program, to see that the expectations hold there too.
set -uo pipefail
cd "$(dirname "$0")/../.."
source tools/setup.sh
need_packages g++ python3 python3-redis python3-celery python3-rq libhiredis-dev redis-tools
reference=../shared/tools/reference
if [[ -z ${MILLRACE_REFERENCE_BIN:-} && -x $reference ]]; then
  MILLRACE_REFERENCE_BIN=$("$reference" bin 2>/dev/null)
  export MILLRACE_REFERENCE_BIN
fi
server=${MILLRACE_SERVER:-build/release/bin/millrace-server}
[[ -x $server ]] || { echo "no $server; run ./test first"; echo "0 passed, 1 failed"; exit 1; }

port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
work=$PWD/build/clients
mkdir -p "$work/data"
"$server" --port "$port" --save "" --dir "$work/data" >"$work/server.log" 2>&1 &
pid=$!
trap 'kill -9 $pid 2>/dev/null' EXIT
for _ in {1..100}; do
  (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
  kill -0 $pid 2>/dev/null || { tail "$work/server.log"; echo "0 passed, 1 failed"; exit 1; }
  sleep 0.1
done

passed=0
failed=0
client() {  # name, command...
  local name=$1 output line
  shift
  output=$(timeout 120 "$@" "$port" 2>&1)
  line=$(tail -n 1 <<<"$output")
  if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
  else
    failed=$((failed + 1))
  fi
  printf '%s: %s\n' "$name" "$output"
}

client "command line" tests/clients/command_line.sh
client redis-py /usr/bin/python3 tests/clients/redis_py.py
client "Celery, RQ" /usr/bin/python3 tests/clients/python_queues.py
if g++ -std=c++20 -O1 tests/clients/hiredis_client.cc -o "$work/hiredis_client" -lhiredis; then
  client hiredis "$work/hiredis_client"
else
  failed=$((failed + 1))
fi
packages=(ioredis redis iovalkey @valkey/valkey-glide bullmq)
fetched=yes
for package in "${packages[@]}"; do [[ -d $work/node_modules/$package ]] || fetched=no; done
if ! command -v npm >/dev/null; then
  echo "${packages[*]}: skipped, npm is not on this machine"
elif [[ $fetched == no ]] &&
  ! (cd "$work" && timeout 90 npm install --no-audit --no-fund --silent "${packages[@]}" >npm.log 2>&1); then
  echo "${packages[*]}: skipped, npm cannot fetch them"
else
  cp tests/clients/*.mjs "$work/"
  client "ioredis, node-redis" node "$work/node_clients.mjs"
  client "iovalkey, valkey-glide" node "$work/valkey_clients.mjs"
  client BullMQ node "$work/bullmq_jobs.mjs"
fi
kill -0 $pid 2>/dev/null || { echo "the server ended:"; tail "$work/server.log"; failed=$((failed + 1)); }
echo "$passed passed, $failed failed"
((failed == 0))
