//! The site file: TOML in, one immutable, checked [`Site`] out.
//!
//! A site that could only half work is refused: everything is parsed, every problem is reported with its path, and
//! nothing is bound or started before that. Raw text ends here; the rest of the gateway sees types.
//! No default may hide a fallback: where the gateway would do less than written, the file must say so.

mod problem;
mod raw;
mod secret;
mod site;
mod target;
mod text;
mod url;
mod validate;
mod written;

pub use problem::{ConfigError, Fault, Problem};
pub use secret::Secret;
pub use site::{
    AnalyseStream, Analysis, Camera, Credentials, Disk, GeoPoint, IncidentSettings, Inference,
    InferenceProcess, InferenceProvider, MapSettings, Playback, Record, Server, Site, Storage, StreamSource,
    Transport,
};
pub use target::{Channel, Target, TargetUrl, TargetUrlError};
pub use url::{RtspUrl, RtspUrlError};
pub use validate::{Environment, TrialRules};
pub use written::{rule_keys, rule_text};

/// The commented example of a whole site, as shipped.
pub const EXAMPLE_SITE: &str = include_str!("../examples/site.toml");
