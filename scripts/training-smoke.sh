#!/usr/bin/env bash
# The whole training once in small, in about two minutes: scenes are rendered, a network learns from them for some
# steps, is exported, and scored. It shows that the pipeline runs, not that its detector is any good.
set -euo pipefail
cd "$(dirname "$0")/.."
export ORT_DISABLE_TELEMETRY=1

python=$(scripts/training-env.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scripts/training-scenes.sh "$work/scenes" 24 5
(cd inference/training/scenes && npm test --silent && ../../../console/node_modules/.bin/biome check .)
cd inference/training
"$python" -m ruff check --quiet .
"$python" -m ruff format --quiet --check .
"$python" -m unittest --quiet
"$python" train.py --scenes "$work/scenes" --out "$work/run" --steps 30
# A second half of the same run goes on where the first one stopped.
"$python" train.py --scenes "$work/scenes" --out "$work/run" --steps 40 --resume
"$python" export.py --weights "$work/run/last.pt" --to "$work/model"
# Between the exported model and the run that it is from.
"$python" blend.py --first "$work/model/model.onnx" --second "$work/run/last.pt" --share 0.7 --scenes "$work/scenes" --out "$work/blend"
"$python" export.py --weights "$work/blend/last.pt" --to "$work/model"
"$python" evaluate.py --model "$work/model/model.onnx" --scenes "$work/scenes" --out "$work/eval"
