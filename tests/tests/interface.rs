//! The console's types are generated from `console/openapi.json`: it must be what this gateway speaks. And how the
//! command line speaks it.

use std::process::{Command, Stdio};

use sharpeyes_tests::shared::workspace_root;

#[test]
fn the_console_knows_the_interface_as_it_is() -> anyhow::Result<()> {
    let kept: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(workspace_root().join("console/openapi.json"))?)?;
    let spoken = serde_json::to_value(sharpeyes::api::openapi())?;
    assert!(
        kept == spoken,
        "run `cargo run -p sharpeyes -- openapi > console/openapi.json` and `npm run types` in console/"
    );
    Ok(())
}

/// As `sharpeyes openapi | head`.
#[test]
fn a_reader_who_has_had_enough_is_no_failure() -> anyhow::Result<()> {
    let program = env!("CARGO_BIN_EXE_sharpeyes-under-test");
    let piped = || Stdio::piped();
    let mut child = Command::new(program).arg("openapi").stdout(piped()).stderr(piped()).spawn()?;
    drop(child.stdout.take());
    let ended = child.wait_with_output()?;
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
    Ok(())
}
