#!/usr/bin/env bash
# Scores the shipped detector beside others on real test videos, on unseen scenes and on the demo's footage:
# target/eval/{real,scenes,footage}.json, the tables on standard output, and the ten worst frames of each as pictures.
set -euo pipefail
cd "$(dirname "$0")/.."
export ORT_DISABLE_TELEMETRY=1

readonly SHARED=$(realpath -m "${SHARPEYES_SHARED:-../shared}") WORK=$PWD/.cache/training OUT=$PWD/target/eval
python=$(scripts/training-env.sh)
scripts/training-scenes.sh "$WORK/scenes-test" 300 1000001
others=()
if [[ -d $SHARED/data ]]; then
  "$python" inference/training/teacher.py --shared "$SHARED" --out "$WORK/labels" --test-only
  others=(--shared "$SHARED" --labels "$WORK/labels")
else
  echo "skipped: the test videos and the other detectors (no data in $SHARED)" >&2
fi
"$python" inference/training/evaluate.py --model inference/models/sharpeyes-nano/model.onnx \
  "${others[@]}" --scenes "$WORK/scenes-test" --footage tests/footage --out "$OUT"
