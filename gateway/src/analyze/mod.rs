//! From access units to alarms: decode, choose frames, detect, track, apply rules.
//!
//! `pipeline` is the decision, and the same for live and for replay; `decode` is GStreamer's room; `scheduler` shares
//! the inference threads among the cameras; `own` keeps detectors in processes of their own; `live` and [`crate::replay`] drive them. Nothing here can hold up the
//! recording: it reads the hub, which never waits.

pub mod decode;
mod detectors;
pub mod gate;
pub mod ladder;
mod live;
pub mod motion;
mod own;
pub mod pipeline;
pub mod pixels;
mod pool;
mod region;
pub mod rounds;
pub mod scheduler;
pub mod seat;
mod snapshot;
pub mod watch;

pub use detectors::{Detectors, Loaded, NoAnswer};
pub use live::{AlarmSink, AnalysisSettings, AnalysisStatus, Fault, LiveAnalysis};
pub use own::serve as serve_detector;
pub use pool::{InferencePool, MOST_LEFT_HANGING, PoolStatus, TimeLimits, Worker};
pub use snapshot::jpeg;
