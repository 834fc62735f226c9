//! The Sharp Eyes gateway as a library; `main.rs` is its command line.
//!
//! Modules are listed in the order in which one frame passes through them.

/// Every picture of every camera is taken by one thread and given back by another; glibc's allocator spends an eighth of
/// a recorder's time on that (docs/benchmarks.md). Here and not in `main.rs`, so that tests and benches run with it, too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod check;
pub mod clock;
pub mod retry;

pub mod ingest;

pub mod hub;

pub mod mp4;

pub mod record;

pub mod live;

pub mod models;

pub mod analyze;

pub mod stills;
pub mod transcode;
pub mod trial;

pub mod canary;

pub mod desk;

pub mod store;

pub mod noise;

pub mod outbound;

pub mod tickets;

pub mod bulletin;

pub mod access;

pub mod api;

pub mod app;

pub mod cli;

pub mod probe;

pub mod replay;
