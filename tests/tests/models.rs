//! Detectors from the command line: the built-in one is there without a folder and without a network.

use anyhow::ensure;
use sharpeyes_inference::{BUILT_IN, built_in};
use sharpeyes_tests::gateway::{Finished, Program};

/// `sharpeyes model VERB…` on a folder that does not exist.
async fn model(verb: &[&str]) -> anyhow::Result<Finished> {
    let folder = tempfile::tempdir()?;
    let models = folder.path().join("nowhere");
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    let ran = program.run(&[&["model"], verb, &["--models", &models.to_string_lossy()]].concat(), "").await?;
    ensure!(!models.exists(), "something was written: {ran:#?}");
    Ok(ran)
}

#[tokio::test]
async fn the_list_begins_with_the_shipped_one_and_shows_its_hash() -> anyhow::Result<()> {
    let ran = model(&["list"]).await?;
    ensure!(ran.code == Some(0), "{ran:#?}");
    let mut lines = ran.stdout.lines();
    let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    ensure!(first.starts_with(BUILT_IN) && first.contains("shipped with the product"), "{first}");
    ensure!(second.contains(&built_in().manifest.sha256.to_string()), "{second}");
    for known in ["yolox-tiny", "nanodet-plus-m", "picodet-s", "deimv2-n", "dfine-s", "rf-detr-nano"] {
        ensure!(ran.stdout.lines().any(|line| line.starts_with(known)), "no {known} in {}", ran.stdout);
    }
    Ok(())
}

#[tokio::test]
async fn the_shipped_one_is_whole() -> anyhow::Result<()> {
    for verb in [&["check"] as &[&str], &["check", BUILT_IN]] {
        let ran = model(verb).await?;
        ensure!(ran.code == Some(0) && ran.stdout.starts_with(&format!("{BUILT_IN}: ok, ")), "{ran:#?}");
    }
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_added_says_what_to_do_instead() -> anyhow::Result<()> {
    let check = async |verb: &[&str], code: i32, says: &str| {
        let ran = model(verb).await?;
        ensure!(ran.code == Some(code) && ran.stderr.contains(says), "{verb:?}: {ran:#?}");
        Ok(())
    };
    check(&["add", BUILT_IN], 1, "built into the program").await?;
    check(&["add", "rf-detr-nano"], 1, "RFDETRNano().export()").await?;
    check(&["add", "unheard-of"], 1, "is not a known model").await?;
    check(&["add"], 64, "required").await?;
    let no_model = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    check(&["add", "--file", no_model], 64, "its hash is not known").await?;
    check(&["add", "--file", "/nowhere.onnx"], 1, "cannot read").await
}
