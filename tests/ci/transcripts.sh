#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Runs the transcripts in all modes: in process; against Millrace with 1 and 4 I/O threads; and, if
# MILLRACE_REFERENCE_BIN names a folder with a valkey-server, against that, which proves the
# transcripts themselves. Each with RESP2 and RESP3.
#
#     tests/ci/transcripts.sh [FOLDER WITH THE PROGRAMS]    build/release/bin by default
#
# Further arguments go to the runner, such as `--filter strings/`.
set -euo pipefail

programs=$(realpath "${1:-build/release/bin}")
shift || true
work=$(mktemp -d)
server=

stop_server() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    server=
}
trap 'stop_server; rm -rf "$work"' EXIT

# start_server PROGRAM OPTION...: on a free port, which is left in $port.
start_server() {
    local program=$1 tries=0
    shift
    while :; do
        port=$((20000 + RANDOM % 10000))
        (cd "$work" && exec "$program" --port "$port" --save '' --enable-debug-command yes "$@") \
            >"$work/log" 2>&1 &
        server=$!
        for _ in $(seq 100); do
            if ! kill -0 "$server" 2>/dev/null; then break; fi
            if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return; fi
            sleep 0.05
        done
        stop_server
        tries=$((tries + 1))
        if [ "$tries" = 5 ]; then
            cat "$work/log"
            exit 1
        fi
    done
}

failed=0

# run MODE OPTION...
run() {
    local mode=$1
    shift
    for version in 2 3; do
        printf '%s, RESP%s: ' "$mode" "$version"
        "$programs/transcripts" --resp "$version" "$@" >"$work/out" 2>&1 || failed=1
        if [ "$(wc -l <"$work/out")" -gt 2 ]; then echo; fi
        cat "$work/out"
    done
}

run 'in process' "$@"
for threads in 1 4; do
    start_server "$programs/millrace-server" --io-threads "$threads" --io-threads-always-active yes
    run "millrace, io-threads $threads" --port "$port" "$@"
    stop_server
done
if [ -n "${MILLRACE_REFERENCE_BIN:-}" ]; then
    start_server "$MILLRACE_REFERENCE_BIN/valkey-server"
    run 'valkey' --port "$port" "$@"
    stop_server
fi
exit "$failed"
