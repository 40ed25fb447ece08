#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Each header compiles alone.
set -uo pipefail
cd "$(dirname "$0")/../.."
source tools/setup.sh
need_packages "${build_packages[@]}" "${test_packages[@]}"
configure_preset release -DMILLRACE_TESTS=ON
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake --build --preset release -j "$(build_jobs)" --target check_headers -- -k 0 2>&1 | tee "$log"
failed=$(grep -c '^FAILED: ' "$log")
all=$(find src -name '*.h' | wc -l)
((PIPESTATUS[0] == 0 || failed > 0)) || failed=1
echo "$((all - failed)) passed, $failed failed"
((failed == 0))
