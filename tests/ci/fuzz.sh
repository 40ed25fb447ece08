#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Every fuzz target for some seconds, from its corpus in tests/corpus/NAME/ where there is one.
#
# FUZZ_SECONDS is the time for all of them together (default 240; at least 5 for each). What crashes a target is kept
# in build/fuzz/crashes/. A canary target with a planted mistake must be found out, else the fuzzing itself is broken.
set -uo pipefail
cd "$(dirname "$0")/../.."
source tools/setup.sh
need_packages "${build_packages[@]}" "${test_packages[@]}"

mapfile -t targets < <(find src -name '*_fuzz.cc' -printf '%f\n' | sed 's/\.cc$//' | sort)
passed=0
failed=0
crashes=$PWD/build/fuzz/crashes
configure_preset fuzz -DMILLRACE_TESTS=ON
mkdir -p "$crashes"

canary=build/fuzz/canary_fuzz
flags=(-std=c++20 -g -O1 "-fsanitize=fuzzer,address,undefined,float-cast-overflow")
clang++ "${flags[@]}" tests/support/canary_fuzz.cc -o "$canary" || die "The canary does not compile."
if timeout 60 "$canary" -seed=1 -max_total_time=30 -artifact_prefix="$crashes/canary-" >/dev/null 2>&1; then
  echo "canary_fuzz: its planted mistake was not found"
  failed=$((failed + 1))
else
  rm -f "$crashes"/canary-*
  passed=$((passed + 1))
fi

if ((${#targets[@]})); then
  build_preset fuzz "${targets[@]}" || { echo "$passed passed, $((failed + 1)) failed"; exit 1; }
fi
each=$((${FUZZ_SECONDS:-240} / (${#targets[@]} ? ${#targets[@]} : 1)))
((each >= 5)) || each=5
for target in "${targets[@]}"; do
  corpus=()
  [[ -d tests/corpus/$target ]] && corpus=("tests/corpus/$target")
  fresh=$(mktemp -d)
  if build/fuzz/bin/"$target" -max_total_time="$each" -timeout=10 -rss_limit_mb=3000 -print_final_stats=0 \
    -artifact_prefix="$crashes/$target-" "$fresh" "${corpus[@]}" >"$fresh.log" 2>&1; then
    passed=$((passed + 1))
    echo "$target: $(grep -oE '^Done [0-9]+ runs' "$fresh.log" | tail -n 1)"
  else
    failed=$((failed + 1))
    echo "$target failed:"
    tail -n 40 "$fresh.log"
  fi
  rm -rf "$fresh" "$fresh.log"
done
echo "$passed passed, $failed failed"
((failed == 0))
