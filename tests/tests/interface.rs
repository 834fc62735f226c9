//! The console's types are generated from `console/openapi.json`: it must be what this gateway speaks.

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
