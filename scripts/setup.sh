#!/usr/bin/env bash
# Brings what building, testing and the demo need on a Debian-like machine that has git, make, a Rust toolchain and Node.
# Safe to run again: what is there is left alone, and then this takes about a second.
set -euo pipefail
cd "$(dirname "$0")/.."

# Versions below which the build is known to fail.
readonly RUST_MINIMUM=1.92
readonly NODE_MINIMUM=20.19

readonly DEBIAN_PACKAGES=(
  # Building: a C compiler for SQLite and ring, GStreamer's headers for decoding and for the simulated cameras.
  gcc libc6-dev pkg-config
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstrtspserver-1.0-dev
  # Decoding H.264 and H.265, and encoding the simulated cameras' streams.
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
  gstreamer1.0-libav
  # Test videos, and a browser that shows Chinese.
  ffmpeg chromium fonts-noto-cjk poppler-utils
  # An RTSP server that is not ours, to test ingest against.
  vlc-bin vlc-plugin-base
  # An MQTT broker that is not ours, to tell of incidents.
  mosquitto
  # File systems whose power is cut, and a C++ compiler for libFuzzer.
  e2fsprogs xfsprogs g++
  # Taking ONNX Runtime out of its wheel, and training the detector.
  python3 python3-pip python3-venv
)

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
  say "$@"
  exit 1
}

# at_least VERSION MINIMUM
at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

require_toolchains() {
  command -v cargo >/dev/null || fail "no Rust toolchain: install $RUST_MINIMUM or newer, with clippy and rustfmt"
  local rust node
  rust=$(rustc --version | awk '{ print $2 }')
  at_least "$rust" "$RUST_MINIMUM" || fail "Rust $rust is too old: $RUST_MINIMUM or newer is needed"
  cargo clippy --version >/dev/null 2>&1 || fail "the Rust toolchain lacks clippy"
  cargo fmt --version >/dev/null 2>&1 || fail "the Rust toolchain lacks rustfmt"
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    fail "no Node: install $NODE_MINIMUM or newer, with npm"
  fi
  node=$(node --version)
  at_least "${node#v}" "$NODE_MINIMUM" || fail "Node $node is too old: $NODE_MINIMUM or newer is needed"
}

# One line each: the Debian packages that are not installed.
missing_packages() {
  local package
  for package in "${DEBIAN_PACKAGES[@]}"; do
    dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed \
      || printf '%s\n' "$package"
  done
}

install_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "this is no Debian-like system; it needs what these Debian packages hold:"
    say "  ${DEBIAN_PACKAGES[*]}"
    say "going on in the hope that they are there"
    return
  fi
  local missing
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]} > 0)) || return 0
  say "installing Debian packages: ${missing[*]}"
  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "not root and no sudo; as root run: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  # A list of packages that cannot be refreshed may still do; if not, the installation says what is missing.
  "${as_root[@]}" apt-get update --quiet >&2 || say "the list of packages could not be refreshed"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --quiet --yes --no-install-recommends "${missing[@]}" >&2 \
    || fail "apt-get could not install: ${missing[*]}"
}

install_nextest() {
  if cargo nextest --version >/dev/null 2>&1; then return; fi
  say "building cargo-nextest once (some minutes)"
  cargo install --locked cargo-nextest
}

require_toolchains
install_packages
scripts/onnxruntime.sh
install_nextest
