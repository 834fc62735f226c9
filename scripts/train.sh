#!/usr/bin/env bash
# Trains the shipped detector again, from rendered scenes and labelled photographs to model.onnx: see
# inference/training/README.md. Hours on two processor cores. What is already there is not made again.
#
#   SHARPEYES_SHARED=../shared   photographs, videos and teachers; without it, scenes alone
#   SCENES=4000  STEPS=40000     how many pictures, and batches of 8 patches
set -euo pipefail
cd "$(dirname "$0")/.."
export ORT_DISABLE_TELEMETRY=1

readonly SHARED=$(realpath -m "${SHARPEYES_SHARED:-../shared}") WORK=$PWD/.cache/training MODEL=$PWD/inference/models/sharpeyes-nano
readonly TRAINING=$PWD/inference/training
python=$(scripts/training-env.sh)
photographs=()
[[ ! -d $SHARED/data ]] || photographs=(--shared "$SHARED" --labels "$WORK/labels")

scripts/training-scenes.sh "$WORK/scenes" "${SCENES:-4000}" 1
((${#photographs[@]} == 0)) || "$python" "$TRAINING/teacher.py" --shared "$SHARED" --out "$WORK/labels"

# Memory that was given back to the system comes back slowly: an allocator that keeps it for a while makes the
# training several times as fast on a processor. One that keeps it for good fills 24 GB within a thousand steps.
jemalloc=$(find /usr/lib -name 'libjemalloc.so.2' -print -quit 2>/dev/null || true)
if [[ -n $jemalloc ]]; then
  export LD_PRELOAD=$jemalloc MALLOC_CONF=dirty_decay_ms:40000,muzzy_decay_ms:40000,oversize_threshold:0
fi
"$python" "$TRAINING/train.py" "${photographs[@]}" --scenes "$WORK/scenes" --out "$WORK/run" --resume --steps "${STEPS:-40000}"
unset LD_PRELOAD
"$python" "$TRAINING/export.py" --weights "$WORK/run/last.pt" --to "$MODEL"
scripts/evaluate-detector.sh
