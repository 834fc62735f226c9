//! libFuzzer around one target, named by `SHARPEYES_FUZZ`. Built and run by scripts/fuzz.sh; `libfuzzer_sys` is no
//! dependency that Cargo knows of: fuzz/rustc.sh names it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sharpeyes_fuzz::Target;

#[expect(clippy::disallowed_methods, reason = "libFuzzer owns the command line")]
static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("SHARPEYES_FUZZ").unwrap_or_default();
    Target::named(&name).unwrap_or_else(|| panic!("SHARPEYES_FUZZ names no target: `{name}`"))
});

fuzz_target!(|input: &[u8]| TARGET.run(input));
