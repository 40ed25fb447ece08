#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The command line clients and load generators of Redis and, where MILLRACE_REFERENCE_BIN names a folder with them, of
# Valkey, against the port named as argument.
set -uo pipefail
port=$1
passed=0
failed=0

expect() {  # what it should print, command...
  local wanted=$1 printed
  shift
  printed=$("$@" 2>&1)
  if [[ $printed == *"$wanted"* ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf '%s: expected %s, but it printed:\n%s\n' "$*" "$wanted" "$(tail -n 5 <<<"$printed")"
  fi
}

check_cli() {
  local cli=$1
  expect PONG "$cli" -p "$port" ping
  expect OK "$cli" -p "$port" set cli:key value
  expect '"value"' "$cli" -p "$port" --no-raw get cli:key
  expect '1# "a" => (integer) 1' "$cli" -p "$port" -3 --no-raw eval 'redis.setresp(3); return {map={a=1}}' 0
  expect 'cli:key' "$cli" -p "$port" --scan --pattern 'cli:*'
  expect 'Biggest string' "$cli" -p "$port" --bigkeys
  expect 'errors: 0, replies: 2' bash -c "printf 'SET cli:a 1\r\nSET cli:b 2\r\n' | '$cli' -p $port --pipe"
  expect 'wrong number of arguments' "$cli" -p "$port" get
}

check_benchmark() {
  local benchmark=$1
  expect 'requests per second' "$benchmark" -p "$port" -q -n 2000 -t set
  expect 'requests per second' "$benchmark" -p "$port" -q -n 20000 -P 16 -t get,incr,lpush,rpop,sadd,hset,zadd,mset
  expect 'requests per second' "$benchmark" -p "$port" -q -n 2000 --threads 2 -t ping
}

check_cli redis-cli
check_benchmark redis-benchmark
if [[ -x ${MILLRACE_REFERENCE_BIN:-}/valkey-cli ]]; then
  check_cli "$MILLRACE_REFERENCE_BIN/valkey-cli"
  check_benchmark "$MILLRACE_REFERENCE_BIN/valkey-benchmark"
fi
echo "$passed passed, $failed failed"
((failed == 0))
