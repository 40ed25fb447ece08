#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What ./run, ./test and .ci/run share: the Debian packages, and building a preset. To be sourced.

build_packages=(g++ cmake ninja-build ccache pkg-config libjemalloc-dev libfmt-dev libssl-dev liblua5.1-0-dev)
test_packages=(libgtest-dev libbenchmark-dev clang python3)

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Installs what is missing of the packages named. Asks nothing, and does nothing when all are there.
need_packages() {
  command -v dpkg-query >/dev/null || { need_programs; return; }
  local missing=() package as_root=()
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if ((EUID)); then
    command -v sudo >/dev/null || die "Missing packages, and neither root nor sudo to install them. As root:
    apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "Installing ${missing[*]}"
  local quiet=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  "${as_root[@]}" "${quiet[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 && return
  "${as_root[@]}" "${quiet[@]}" update >&2 || die "The package lists cannot be fetched; is there a network?"
  "${as_root[@]}" "${quiet[@]}" install -y --no-install-recommends "${missing[@]}" >&2 ||
    die "Installing failed; the packages needed are: ${missing[*]}"
}

# Not Debian: only look whether the tools are there; CMake names a library that is missing.
need_programs() {
  local program missing=()
  for program in g++ cmake ninja; do command -v "$program" >/dev/null || missing+=("$program"); done
  ((${#missing[@]})) || return 0
  die "This is no Debian, so install these yourself: ${missing[*]}, and the development files of
    jemalloc, fmt, OpenSSL and Lua 5.1 (the build in C++)"
}

# Compilers at once: one a core, and no more than memory allows at 1.2 GB each.
build_jobs() {
  local cores memory_kb most
  cores=$(nproc)
  memory_kb=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
  most=$((memory_kb / 1200000))
  ((most < 1)) && most=1
  echo $((cores < most ? cores : most))
}

# build_preset PRESET [TARGET...]: builds everything when no target is named. An untouched tree takes a moment.
build_preset() {
  local preset=$1 target targets=()
  shift
  for target in "$@"; do targets+=(--target "$target"); done
  cmake --build --preset "$preset" -j "$(build_jobs)" "${targets[@]}"
}

# configure_preset PRESET [OPTION...]: quiet unless it fails.
configure_preset() {
  local log
  log=$(cmake --preset "$@" 2>&1) || die "$log"
}
