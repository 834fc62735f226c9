#!/usr/bin/env bash
# Scores the analysis on every labelled video: target/eval/{results.json,report.html}, tables on standard output.
# EVAL_ONLY=class,... restricts it to rules of some classes, to `tracking`, or to `day`: 24 hours of footage, twice.
set -euo pipefail
cd "$(dirname "$0")/.."
export ORT_DISABLE_TELEMETRY=1

readonly VENV=.cache/eval/venv REQUIREMENTS=tests/eval/requirements.txt
python=()
stamp=$(sha256sum "$REQUIREMENTS" | cut -d ' ' -f 1)
if [[ $(cat "$VENV/stamp" 2>/dev/null) == "$stamp" ]] \
  || { echo "eval: installing motmetrics and trackers into $VENV" >&2 && mkdir -p "$(dirname "$VENV")" \
    && python3 -m venv "$VENV" >&2 \
    && "$VENV/bin/pip" install --quiet --disable-pip-version-check --requirement "$REQUIREMENTS" >&2 \
    && echo "$stamp" >"$VENV/stamp"; }; then
  python=(--python "$PWD/$VENV/bin/python")
else
  echo "skipped: tracking (no packages of $REQUIREMENTS)" >&2
fi
"${CARGO_TARGET_DIR:-target}/${EVAL_PROFILE:-release}/eval" --only "${EVAL_ONLY:-}" "${python[@]}" "$@"
