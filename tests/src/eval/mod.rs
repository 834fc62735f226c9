//! How often an alarm is true, and how late: the analysis scored on every labelled video that there is.
//!
//! The product is a process here as for everybody else: `sharpeyes replay` runs on each video, at rung `full` and
//! `auto`, and what it wrote is compared with the labels. docs/evaluation.md says what counts as what.
//! Tracking is scored by `tests/eval/tracking.py`, with a library of the field's own measures.

pub mod clip;
pub mod counting;
pub mod day;
pub mod page;
pub mod retrack;
pub mod run;
pub mod score;
pub mod table;
pub mod tally;
pub mod tracking;
