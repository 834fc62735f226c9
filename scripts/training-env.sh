#!/usr/bin/env bash
# Brings the Python packages of inference/training into .cache/training/venv (PyTorch: some gigabytes, once) and prints
# the interpreter's path. Safe to run again: what is there is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly VENV=.cache/training/venv REQUIREMENTS=inference/training/requirements.txt
stamp=$(sha256sum "$REQUIREMENTS" | cut -d ' ' -f 1)
if [[ $(cat "$VENV/stamp" 2>/dev/null) != "$stamp" ]]; then
  echo "training: installing PyTorch and what goes with it into $VENV" >&2
  mkdir -p "$(dirname "$VENV")"
  python3 -m venv "$VENV" >&2 || {
    echo "training: python3 -m venv failed (Debian: apt-get install python3-venv)" >&2
    exit 1
  }
  # A cache of what is installed once would take as much again of the disk.
  "$VENV/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check --requirement "$REQUIREMENTS" >&2
  echo "$stamp" >"$VENV/stamp"
fi
echo "$PWD/$VENV/bin/python"
