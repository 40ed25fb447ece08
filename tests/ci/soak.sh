#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The soak with the thread sanitizer: load, hang-ups, CLIENT KILL storms, I/O threads that come and go.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tools/setup.sh
need_packages "${build_packages[@]}"
configure_preset tsan
cmake --build --preset tsan --target millrace-server
python3 tests/soak/soak.py build/tsan/bin/millrace-server "${1:-40}"
