#!/usr/bin/env bash
# Coverage-guided fuzzing of what parses bytes: FUZZ_SECONDS for each target, or only those in FUZZ_TARGETS.
# New inputs that reach new code stay in .cache/fuzz; an input that breaks something is printed, and belongs into
# fuzz/corpus when it is mended.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-300}
read -ra targets <<<"${FUZZ_TARGETS:-file head table entry units url site index}"

target_dir=$(realpath -m "${CARGO_TARGET_DIR:-target}")
export LIBFUZZER_DIR=$target_dir/libfuzzer/debug
cargo build --locked --manifest-path fuzz/libfuzzer/Cargo.toml --target-dir "$target_dir/libfuzzer"
# Dependencies come as they are from the usual build; only our own crates are built once more, with all their checks, but
# optimised: twice as many inputs a second.
RUSTC_WORKSPACE_WRAPPER=$PWD/fuzz/rustc.sh \
  cargo build --locked -p sharpeyes-fuzz --features guided --bin guided \
  --config 'profile.dev.package.sharpeyes.opt-level=2' --config 'profile.dev.package.sharpeyes-config.opt-level=2'

# What libFuzzer says of a run, without its progress and its advice.
quiet='^#[0-9]+\s+(NEW|REDUCE|RELOAD|pulse)|NEW_FUNC|^(WARNING: Failed to find function|stat::|INFO: Running)'
status=0
for target in "${targets[@]}"; do
  found=.cache/fuzz/$target
  mkdir -p "$found" .cache/fuzz/broken
  echo "fuzz: $target for $seconds s"
  SHARPEYES_FUZZ=$target "$target_dir/debug/guided" "$found" "fuzz/corpus/$target" \
    -max_total_time="$seconds" -max_len=65536 -timeout=5 -rss_limit_mb=2048 \
    -artifact_prefix=".cache/fuzz/broken/$target-" 2>&1 \
    | sed '/^###### Recommended dictionary/,/^###### End of recommended/d' | grep -vE "$quiet" \
    || status=$?
done
exit "$status"
