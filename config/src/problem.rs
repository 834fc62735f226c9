//! What can be wrong with a site file, each with the path to the place.

use std::{fmt, path::PathBuf};

use sharpeyes_domain::{
    area::AreaError,
    closed::UnknownName,
    geometry::{DirectionError, PolygonError},
    ids::IdError,
    retention::PolicyError,
    schedule::WindowError,
    zone::LineError,
};

use crate::{RtspUrlError, TargetUrlError};

/// Why there is no [`crate::Site`]. The caller's answer is to print it and leave with exit code 64.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the site file {path}: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML. The text of the line is not repeated: it may hold a password.
    #[error("{path}: line {line}: {message}")]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// The parser's word.
        message: String,
    },
    /// The file is TOML and says something impossible: all of it at once, in the file's order of sections.
    #[error("{path}: {n} problem(s){list}", path = path.display(), n = problems.len(), list = Listed(problems))]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// At least one.
        problems: Vec<Problem>,
    },
}

struct Listed<'a>(&'a [Problem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, thiserror::Error)]
#[error("{at}: {fault}")]
pub struct Problem {
    /// A path such as `camera[3].rule[0].at_least`; indices count from 0 in the file's order.
    pub at: String,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with one value. No variant repeats a value that may be secret.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A required key is absent.
    #[error("is missing")]
    Missing,
    /// Unknown key, or a value of another type; the deserialiser's own words.
    #[error("{0}")]
    Shape(String),
    /// Empty text.
    #[error("must not be empty")]
    Empty,
    /// An identifier with characters that have no place in one.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A zone that is no polygon.
    #[error(transparent)]
    Polygon(#[from] PolygonError),
    /// A line that is none.
    #[error(transparent)]
    Line(#[from] LineError),
    /// A heading that points nowhere.
    #[error(transparent)]
    Direction(#[from] DirectionError),
    /// A stream's address.
    #[error(transparent)]
    Url(#[from] RtspUrlError),
    /// A schedule line that cannot be read.
    #[error(transparent)]
    Schedule(#[from] WindowError),
    /// Two things of one kind share an identifier.
    #[error("`{id}` is already used by {first}")]
    Duplicate {
        /// The identifier.
        id: String,
        /// Path of the first use.
        first: String,
    },
    /// A reference to something that the file does not define.
    #[error("there is no {what} `{id}`; defined: {defined}")]
    Unknown {
        /// `area`, `zone of this camera`.
        what: &'static str,
        /// The reference.
        id: String,
        /// What could have been meant.
        defined: String,
    },
    /// Recordings that would be deleted too early.
    #[error(transparent)]
    Retention(#[from] PolicyError),
    /// A word out of a closed list.
    #[error(transparent)]
    Word(#[from] UnknownName),
    /// A top-level section that does not exist.
    #[error("there is no such section; the sections are: {0}")]
    Section(&'static str),
    /// A number or duration outside its limits.
    #[error("is {found}, must be within {least} and {most}")]
    Range {
        /// As written.
        found: String,
        /// Smallest allowed.
        least: String,
        /// Largest allowed.
        most: String,
    },
    /// A duration without unit, or no duration.
    #[error("`{0}` is no duration: write for example \"10s\", \"500ms\" or \"1min 30s\"")]
    Duration(String),
    /// A size without unit, or no size.
    #[error("`{0}` is no size: write for example \"16MiB\" or \"2GiB\"")]
    Size(String),
    /// Not `address:port`.
    #[error("`{0}` is no address to listen on: write for example \"127.0.0.1:8460\" or \"[::]:8460\"")]
    Listen(String),
    /// No such time zone on this machine.
    #[error(
        "there is no time zone `{0}` on this machine (names are like Asia/Shanghai; Debian's package is tzdata)"
    )]
    TimeZone(String),
    /// Areas that are no tree.
    #[error(transparent)]
    Area(#[from] AreaError),
    /// A key that has no meaning for this kind of rule.
    #[error("has no meaning in a rule of kind `{0}`")]
    NotOfThisRule(&'static str),
    /// Rules on a camera whose pictures nobody looks at.
    #[error("the camera has rules, but its analysis is \"off\"")]
    RulesUnwatched,
    /// Analysis is wanted and there is no sub stream.
    #[error(
        "there is no `sub` stream: add one, or say analyse = \"main\" (decoding costs more) or analyse = \"off\""
    )]
    NoSub,
    /// A sub stream is to be recorded and there is none.
    #[error("there is no `sub` stream: add one, or say record = \"main\"")]
    NoSubToRecord,
    /// Neither a truth value nor a word.
    #[error("must be true, false, \"main\", \"sub\" or \"both\"")]
    RecordShape,
    /// Sound without a recording to go into.
    #[error("sound is recorded beside pictures, and the camera is not recorded")]
    SoundAlone,
    /// A shadow model without a question.
    #[error(
        "is asked nothing: the camera is not analysed or has no rule that raises alarms; give it one, or leave `shadow_model` out"
    )]
    ShadowUnasked,
    /// A shadow model that is the live one.
    #[error("is the camera's own `model`: name another one that is installed, or leave it out")]
    ShadowTwin,
    /// Nothing to do with this camera.
    #[error("the camera is neither recorded nor analysed")]
    Idle,
    /// `password` without `username`.
    #[error("is set without `username`")]
    PasswordAlone,
    /// `username` without `password`.
    #[error("is set without `password` (an empty one is password = \"\")")]
    UsernameAlone,
    /// Credentials in two places.
    #[error("carries a user name or password, and so does {0}: keep one")]
    CredentialsTwice(&'static str),
    /// No working hours.
    #[error("must be hours of a day in order, such as [\"08:30-12:00\", \"14:30-18:00\"]")]
    Hours,
    /// No day of the calendar.
    #[error("`{0}` is no day: write for example \"2026-10-01\"")]
    Date(String),
    /// A token that can be guessed.
    #[error("has fewer than 24 characters: make one with `openssl rand -hex 24`")]
    ShortToken,
    /// The address of another system.
    #[error(transparent)]
    TargetUrl(#[from] TargetUrlError),
    /// A key that has no meaning for this kind of target.
    #[error("has no meaning for a target of kind `{0}`")]
    NotOfThisTarget(&'static str),
    /// What no MQTT topic may begin with.
    #[error("must be levels divided by `/`, none empty, without `+` and `#`, and not begin with `$`")]
    Topic,
    /// Neither a text nor `{ env = … }` nor `{ file = … }`.
    #[error("must be \"text\", {{ env = \"NAME\" }} or {{ file = \"path\" }}")]
    PasswordShape,
    /// The environment does not have it.
    #[error("the environment variable {0} is not set, or not UTF-8")]
    PasswordEnv(String),
    /// The file cannot be read.
    #[error("cannot read the password file {path}: {source}")]
    PasswordFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
