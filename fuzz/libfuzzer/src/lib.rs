//! What `fuzz/src/bin/guided.rs` needs of libFuzzer, under the name `libfuzzer_sys`.

pub use libfuzzer_sys::{Corpus, fuzz_target};
