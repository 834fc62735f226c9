#!/usr/bin/env bash
# Brings the Python packages of tests/peer into .cache/peer/venv and prints the interpreter's path. Safe to run again:
# what is there is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly VENV=.cache/peer/venv REQUIREMENTS=tests/peer/requirements.txt
stamp=$(sha256sum "$REQUIREMENTS" | cut -d ' ' -f 1)
if [[ $(cat "$VENV/stamp" 2>/dev/null) != "$stamp" ]]; then
  echo "bench: installing OpenCV and ONNX Runtime for Python into $VENV" >&2
  mkdir -p "$(dirname "$VENV")"
  python3 -m venv "$VENV" >&2 || {
    echo "bench: python3 -m venv failed (Debian: apt-get install python3-venv)" >&2
    exit 1
  }
  "$VENV/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: --requirement "$REQUIREMENTS" >&2
  echo "$stamp" >"$VENV/stamp"
fi
echo "$PWD/$VENV/bin/python"
