//! The same pictures give the same alarms, byte for byte: the short form of `make eval EVAL_ONLY=day`.

use anyhow::ensure;
use sharpeyes_tests::{
    eval::{
        day::{self, Mix},
        run::{Ladder, Runner},
    },
    model,
};

#[test]
fn minutes_of_mixed_footage_give_the_same_alarms_twice() -> anyhow::Result<()> {
    let out = tempfile::tempdir()?;
    let program = env!("CARGO_BIN_EXE_sharpeyes-under-test");
    let runner = Runner::new(program.into(), out.path().to_owned(), None)?;
    let ladder = if runner.has_ladder()? { Ladder::Auto } else { Ladder::Full };
    let video = day::footage(Mix::SHORT)?;
    let twice = day::twice(&runner, &model::runtime_library()?, &video, ladder, out.path())?;
    ensure!(twice.hashes[0] == twice.hashes[1], "{:?}", twice.hashes);
    // Equal because of nothing would say nothing.
    ensure!(twice.replayed.alarms.len() >= 5, "only {} alarms", twice.replayed.alarms.len());
    Ok(())
}
