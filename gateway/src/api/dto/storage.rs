//! Disks, retention and holds on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /storage`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Storage {
    /// The disks of recordings, as the site file names them.
    pub volumes: Vec<Volume>,
    /// The clock that ages footage.
    pub clock: RetentionClock,
    /// The newest deletions, the newest first, 100 at most.
    pub deletions: Vec<Deletion>,
    /// What all of it is kept for, as measured within the last hour.
    pub tiers: TierBytes,
    /// What each stream has on each disk, as measured within the last hour.
    pub cameras: Vec<StreamStorage>,
}

/// Bytes by what they are kept for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TierBytes {
    /// Files that neither an alarm nor a hold keeps.
    pub base_bytes: u64,
    /// Files that an alarm keeps and no hold.
    pub incident_bytes: u64,
    /// Files that a hold keeps.
    pub held_bytes: u64,
}

/// A disk of recordings.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Volume {
    /// In the site file.
    pub name: String,
    /// Where it is mounted.
    pub dir: String,
    /// Its own name, from its identity file; empty before its first use.
    pub uuid: String,
    /// How it is.
    pub state: DiskState,
    /// The cause and what to do, English; empty when all is well.
    pub detail: String,
    /// In all; absent while the disk is away.
    pub total_bytes: Option<u64>,
    /// For the recorder.
    pub free_bytes: Option<u64>,
    /// Of all complete files.
    pub recorded_bytes: u64,
    /// Absent where the file system has no limit, or is away.
    pub inodes_free: Option<u64>,
    /// How long it lasts.
    pub forecast: StorageForecast,
}

/// How a disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiskState {
    /// Recording goes on.
    Ok,
    /// No room is left, and nothing may be deleted.
    Full,
    /// Nobody may write to it.
    ReadOnly,
    /// It is not mounted.
    Missing,
    /// Another disk is mounted in its place.
    Swapped,
    /// It failed; nothing is written until it is mounted anew.
    Failed,
    /// It needs too long.
    Slow,
    /// What was asked of it does not come back.
    NotAnswering,
}

/// How long the disk lasts when the cameras go on as in the last day.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StorageForecast {
    /// Of all streams.
    pub bytes_per_day: u64,
    /// Until it is full; absent when expiry makes room in time.
    pub full_in_days: Option<f64>,
    /// Days of footage that fit; absent while nothing is written.
    pub keeps_days: Option<f64>,
    /// Every camera's legal floor fits.
    pub is_enough: bool,
    /// What is missing for that.
    pub shortfall_bytes: Option<u64>,
}

/// The clock that ages footage.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RetentionClock {
    /// What it says.
    pub trusted_ms: i64,
    /// The wall clock is so far ahead of it that nothing is deleted for its age; absent: both agree.
    pub doubted_ahead_ms: Option<i64>,
    /// The wall clock is believed after so long, unless it is set right or confirmed before.
    pub confirmed_in_ms: Option<i64>,
}

/// A deleted file.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Deletion {
    /// When.
    pub at_ms: i64,
    /// Whose.
    pub camera: String,
    /// `main` or `sub`.
    pub stream: String,
    /// What it showed, from …
    pub from_ms: i64,
    /// … to.
    pub to_ms: i64,
    /// Of the file.
    pub bytes: u64,
    /// Of the file, hexadecimal.
    pub sha256: String,
    /// Why.
    pub reason: DeletionReason,
}

/// Why a file was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeletionReason {
    /// Its time was over.
    Expired,
    /// The camera has used up its bytes.
    Bytes,
    /// The disk was full.
    DiskFull,
    /// What a crash tore off a file, which nothing can play.
    Torn,
}

/// Under which law a camera records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LegalBasis {
    /// 30 days.
    General,
    /// 90 days.
    KeyTarget,
}

/// What one stream has on a disk.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StreamStorage {
    /// The camera.
    pub camera: String,
    /// `main` or `sub`.
    pub stream: String,
    /// Which disk.
    pub disk: String,
    /// Where the oldest file begins.
    pub oldest_ms: i64,
    /// Where the newest complete file ends.
    pub newest_ms: i64,
    /// Of all complete files.
    pub bytes: u64,
    /// Over the last day, or since it began.
    pub bytes_per_day: u64,
    /// Days for what no alarm and no hold needs.
    pub base_days: u32,
    /// Days for what happened around an alarm.
    pub incident_days: u32,
    /// Days that the law asks for.
    pub floor_days: u32,
    /// Which law.
    pub legal_basis: LegalBasis,
    /// Past so many bytes of all of it, base footage that is older than the floor goes early.
    pub max_bytes: Option<u64>,
    /// Past so many bytes of incident footage, what is older than `base_days` goes early.
    pub incident_max_bytes: Option<u64>,
    /// Past so many held bytes there is a ticket; nothing is deleted for it.
    pub held_warn_bytes: Option<u64>,
    /// Of files that neither an alarm nor a hold keeps.
    pub base_bytes: u64,
    /// Of files that an alarm keeps and no hold.
    pub incident_bytes: u64,
    /// Of files that a hold keeps.
    pub held_bytes: u64,
    /// A full disk has cost footage that is younger than the law asks for.
    pub is_below_floor: bool,
}

/// Footage that stays for a case.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Hold {
    /// Number.
    pub id: i64,
    /// The camera.
    pub camera: String,
    /// `main` or `sub`.
    pub stream: String,
    /// From a keyframe …
    pub from_ms: i64,
    /// … to a keyframe. The files that it touches stay whole.
    pub to_ms: i64,
    /// For which case.
    pub case_number: String,
    /// May be empty.
    pub note: String,
    /// Account name of who made it.
    pub owner: String,
    /// When it was made.
    pub created_ms: i64,
    /// When somebody looks whether it is still needed.
    pub review_ms: i64,
    /// Absent while it holds.
    pub released_ms: Option<i64>,
    /// Account name.
    pub released_by: Option<String>,
    /// Of the files that it touches.
    pub bytes: u64,
}

/// `POST /holds`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHold {
    /// The camera.
    pub camera: String,
    /// `main` if absent.
    pub stream: Option<HoldStream>,
    /// Widened to the keyframe before.
    pub from_ms: i64,
    /// Widened to the keyframe after; not after now.
    pub to_ms: i64,
    /// 1 to 64 characters.
    pub case_number: String,
    /// At most 1,000 characters.
    pub note: Option<String>,
    /// When somebody looks whether it is still needed: later than now.
    pub review_ms: i64,
}

/// Which stream is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldStream {
    /// The large picture.
    Main,
    /// The small picture.
    Sub,
}

/// `POST /holds/{id}/release`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRelease {
    /// 1 to 1,000 characters.
    pub reason: String,
}

/// Which holds are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldScope {
    /// Those that hold.
    #[default]
    Open,
    /// The released ones too.
    All,
}
