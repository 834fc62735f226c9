//! The Sharp Eyes gateway as a library; `main.rs` is its command line.
//!
//! Modules are listed in the order in which one frame passes through them.

pub mod access;
pub mod clock;
pub mod store;
