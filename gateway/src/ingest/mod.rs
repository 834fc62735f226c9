//! One RTSP session per stream, in this process: from the network to access units with [`Pts`] and wall time.
//!
//! retina is confined to `session`; nothing here decodes, writes files or knows what a detector is.
//! Fed by the site's cameras; feeds the hub (which may lag) and the recorder (which may not).
//!
//! [`Pts`]: sharpeyes_domain::time::Pts

mod announced;
mod attempts;
mod audio;
mod damage;
mod fault;
mod picture;
mod report;
mod session;
mod status;
mod stream;
mod timeline;

pub use attempts::Attempts;
pub use audio::{AudioState, Heard};
pub use fault::{SessionFault, Stage};
pub use session::{Limits, RtspSession, Source, Unit};
pub use status::{FaultReport, Status, StatusCell, StreamState};
pub use stream::{StreamTask, Wiring};
