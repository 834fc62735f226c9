#!/usr/bin/env bash
# training-scenes.sh DIR COUNT SEED: renders so many labelled pictures, or those that are missing.
set -euo pipefail
cd "$(dirname "$0")/../inference/training/scenes"

[[ -d node_modules ]] || npm ci --silent --no-audit --no-fund
mkdir -p "$1/images"
there=$(find "$1/images" -name '*.jpg' | wc -l)
((there >= $2)) || node render.mjs stills --out "$1" --count "$2" --seed "$3" --start "$there"
