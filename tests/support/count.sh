# SPDX-License-Identifier: BSD-3-Clause
#
# For scripts that run several programs, each of which ends in a line `N passed, N failed`: sums these up. Sourced.
passed=0
failed=0

run() {  # name, command...: a program that does not end in a count has failed
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
