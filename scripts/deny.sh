#!/usr/bin/env bash
# Checks licences, bans and sources of all crates against deny.toml, and known vulnerabilities when the list of them
# can be had: that one comes from the network, and a machine without it must still be able to check the rest.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo deny --version >/dev/null 2>&1; then
  echo "deny: building cargo-deny once (some minutes)" >&2
  if ! cargo install --locked cargo-deny; then
    echo "deny: SKIPPED, cargo-deny is not installed and could not be: licences are NOT checked" >&2
    exit 0
  fi
fi

# libFuzzer is in a workspace of its own, with its own exception: nothing of it comes into the product.
fuzzer=(--manifest-path fuzz/libfuzzer/Cargo.toml --config fuzz/libfuzzer/deny.toml)
cargo deny --locked check licenses bans sources
cargo deny --locked "${fuzzer[@]}" check licenses bans sources
if cargo deny --locked fetch db; then
  cargo deny --locked check advisories
  cargo deny --locked "${fuzzer[@]}" check advisories
else
  echo "deny: SKIPPED advisories, the list of vulnerabilities could not be fetched" >&2
fi
