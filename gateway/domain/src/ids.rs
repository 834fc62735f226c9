//! Identifiers. Names that people write in the site file are checked text; rows are numbers; neither can be mixed up.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// Why a text is no identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no identifier: use 1 to 64 of a-z, 0-9, `-` and `_`, beginning with a letter or digit")]
pub struct IdError {
    /// The refused text.
    pub text: String,
}

fn check(text: &str) -> Result<Arc<str>, IdError> {
    let fine = (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        && !text.starts_with(['-', '_']);
    if fine { Ok(text.into()) } else { Err(IdError { text: text.chars().take(80).collect() }) }
}

macro_rules! name_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// # Errors
            /// [`IdError`] when `text` is not 1 to 64 of `a-z 0-9 - _`, beginning with a letter or digit.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check(text).map(Self)
            }

            /// The text as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }
    )+};
}

impl DiskName {
    /// The disk of a site file that names none.
    #[must_use]
    pub fn main() -> Self {
        Self("main".into())
    }
}

macro_rules! row_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

name_id! {
    /// A node of the area tree: county, township, village or grid.
    AreaId,
    /// A device.
    CameraId,
    /// A disk of recordings, as the site file calls it.
    DiskName,
    /// A zone of one camera.
    ZoneId,
    /// A line of one camera.
    LineId,
    /// A rule of one camera.
    RuleId,
    /// A detector.
    ModelId,
    /// A department or team that incidents are dispatched to.
    UnitId,
    /// A class of incidents: what a rule watches for, or what people report.
    ClassId,
    /// Another system that reports incidents.
    IntakeId,
    /// Another system that is told of incidents.
    TargetId,
}

row_id! {
    /// One uninterrupted RTSP session of a stream, in the footage index.
    RunId,
    /// One recorded file of a run, in the footage index.
    SegmentId,
    /// Footage that is held for a case.
    HoldId,
    /// One firing of one rule.
    AlarmId,
    /// One item of the dispatch queue.
    IncidentId,
    /// A viewer's account.
    AccountId,
    /// A small file that belongs to an incident.
    AttachmentId,
    /// A technical fault, for technicians.
    TicketId,
    /// A hand-over of the shift.
    HandoverId,
    /// Rules that are tried on a recording.
    TrialId,
}

/// One thing over time in one camera and one session of the analysis; never reused within it, meaningless outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrackId(pub u64);

/// Which of a camera's streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamKind {
    /// The large picture: recorded.
    Main,
    /// The small picture: analysed, and shown in the wall.
    Sub,
}

impl StreamKind {
    /// `main` or `sub`, as in paths, rows and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Sub => "sub",
        }
    }
}

/// One RTSP stream of one camera, shown as `camera/main`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId {
    /// The device.
    pub camera: CameraId,
    /// Which of its streams.
    pub kind: StreamKind,
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.camera, self.kind.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_refuse_what_could_escape_a_path_or_a_query() {
        for text in ["", "..", "a/b", "a b", "A", "é", "-a", "_a", "a\0", &"x".repeat(65)] {
            assert!(CameraId::new(text).is_err(), "{text:?}");
        }
        for text in ["a", "0", "cam-01", "north_gate", &"x".repeat(64)] {
            assert!(CameraId::new(text).is_ok(), "{text:?}");
        }
    }
}
