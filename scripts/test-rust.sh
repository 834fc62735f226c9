#!/usr/bin/env bash
# Runs every Rust test, then says which of them skipped and why.
set -euo pipefail
cd "$(dirname "$0")/.."

# nextest keeps its results in the workspace, wherever cargo builds.
junit=target/nextest/default/junit.xml
shared=${SHARPEYES_SHARED:-../shared}
rm -f "$junit"
if [[ ! -d $shared/data ]]; then
  echo "note: no test data in $shared: tests on real video and real models will say that they skip" >&2
fi

status=0
# One more than there are cores: the whole scenarios that may run beside others wait for most of their time.
cargo nextest run --workspace --locked --test-threads "$(($(nproc) + 1))" || status=$?
# Last word: what really ran. It fails, too, when the runner left no results.
python3 scripts/test-summary.py "$junit" || status=$((status == 0 ? 1 : status))
exit "$status"
