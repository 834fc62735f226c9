#!/bin/sh
# Cargo's RUSTC_WORKSPACE_WRAPPER: instruments our own crates for libFuzzer, on stable Rust, and links libFuzzer into the
# one binary that it drives. Dependencies stay as they are, so they are built as usual.
rustc=$1
shift
case " $* " in
  *" --crate-name build_script_build "* | *" --print "* | *" -vV "*) exec "$rustc" "$@" ;;
  *" --crate-name guided "*)
    set -- "$@" --extern "libfuzzer_sys=$LIBFUZZER_DIR/libsharpeyes_libfuzzer.rlib" \
      -L "dependency=$LIBFUZZER_DIR/deps"
    ;;
esac
exec "$rustc" "$@" --cfg fuzzing -Cpasses=sancov-module \
  -Cllvm-args=-sanitizer-coverage-level=4 \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
  -Cllvm-args=-sanitizer-coverage-pc-table \
  -Cllvm-args=-sanitizer-coverage-trace-compares
