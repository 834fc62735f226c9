#!/usr/bin/env bash
# Trains the shipped detector again, from rendered scenes and labelled photographs to model.onnx: see
# inference/training/README.md. Hours on two processor cores. What is already there is not made again.
#
#   SHARPEYES_SHARED=../shared   photographs, videos and teachers; without it, scenes alone
#   SCENES=6000  STEPS=4000      how many pictures, and batches of the first wave
set -euo pipefail
cd "$(dirname "$0")/.."
export ORT_DISABLE_TELEMETRY=1

readonly SHARED=$(realpath -m "${SHARPEYES_SHARED:-../shared}") WORK=$PWD/.cache/training MODEL=$PWD/inference/models/sharpeyes-nano
readonly TRAINING=$PWD/inference/training
python=$(scripts/training-env.sh)
photographs=()
[[ ! -d $SHARED/data ]] || photographs=(--shared "$SHARED" --labels "$WORK/labels")

scripts/training-scenes.sh "$WORK/scenes" "${SCENES:-6000}" 1
((${#photographs[@]} == 0)) || "$python" "$TRAINING/teacher.py" --shared "$SHARED" --out "$WORK/labels"

# Memory that was given back to the system comes back slowly: an allocator that keeps it makes the training several
# times as fast on a processor.
jemalloc=$(find /usr/lib -name 'libjemalloc.so.2' -print -quit 2>/dev/null || true)
if [[ -n $jemalloc ]]; then
  export LD_PRELOAD=$jemalloc MALLOC_CONF=dirty_decay_ms:-1,muzzy_decay_ms:-1,oversize_threshold:0
fi
train() { "$python" "$TRAINING/train.py" "${photographs[@]}" --scenes "$WORK/scenes" --resume "$@"; }
train --out "$WORK/run" --steps "${STEPS:-4000}" --scenes-from 500 --seed 1
# A second, shorter wave of the learning rate from there.
train --out "$WORK/run2" --init "$WORK/run/last.pt" --steps $((${STEPS:-4000} / 5)) --scenes-from 0 --peak-rate 7e-4 --seed 2
unset LD_PRELOAD
"$python" "$TRAINING/export.py" --weights "$WORK/run2/last.pt" --to "$MODEL"
scripts/evaluate-detector.sh
