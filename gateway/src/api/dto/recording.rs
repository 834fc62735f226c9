//! Timelines and recordings. Unlike an incident's clip, offsets are milliseconds here.

use serde::{Deserialize, Serialize};
use sharpeyes_domain::{access, segment::Span, timeline::GapMark};
use utoipa::ToSchema;

use super::{Gap, LiveStream};

/// `GET /timeline`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Timeline {
    /// The left edge.
    pub from_ms: i64,
    /// The right edge.
    pub to_ms: i64,
    /// What lies closer together than this is one mark.
    pub bin_ms: i64,
    /// The gateway's clock.
    pub now_ms: i64,
    /// One for each camera, in the order asked for, or of the site file.
    pub rows: Vec<TimelineRow>,
}

/// One camera's stream on a timeline.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TimelineRow {
    /// Which camera.
    pub camera: String,
    /// Its name.
    pub name: String,
    /// Its area.
    pub area: String,
    /// Which stream of it.
    pub stream: LiveStream,
    /// The oldest recorded instant of the stream, wherever the edges are; `null` when there is none.
    pub first_ms: Option<i64>,
    /// The newest recorded instant.
    pub until_ms: Option<i64>,
    /// Between the edges; interruptions shorter than a bin are closed.
    pub recorded: Vec<TimelineSpan>,
    /// What is missing between the edges.
    pub gaps: Vec<TimelineGap>,
    /// Empty for those who may not list incidents.
    pub alarms: Vec<TimelineAlarm>,
    /// Footage that is kept whatever its age.
    pub holds: Vec<TimelineHold>,
}

/// A stretch that is recorded.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct TimelineSpan {
    /// From.
    pub from_ms: i64,
    /// To.
    pub to_ms: i64,
}

/// Missing recording: one gap, or several closer together than a bin.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TimelineGap {
    /// From the beginning of the first.
    pub from_ms: i64,
    /// To the end of the last; `null` while it lasts.
    pub to_ms: Option<i64>,
    /// Stable word for the cause of the longest, e.g. `camera_offline`.
    pub cause: String,
    /// How many.
    pub n: u32,
    /// What is really missing between the edges.
    pub missing_ms: i64,
}

/// One alarm, or several of a camera closer together than a bin.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TimelineAlarm {
    /// Incident of the most severe.
    pub incident: i64,
    /// The most severe.
    pub alarm: i64,
    /// When the first began; may lie before the left edge.
    pub from_ms: i64,
    /// When the last ended; `null` while one of them runs.
    pub to_ms: Option<i64>,
    /// Of the most severe: stable word for the kind of event, e.g. `intrusion`.
    pub kind: String,
    /// Of the most severe: `red`, `orange`, `yellow` or `blue`.
    pub level: String,
    /// How many.
    pub n: u32,
}

/// Footage that is kept whatever its age.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TimelineHold {
    /// Its number.
    pub id: i64,
    /// From.
    pub from_ms: i64,
    /// To.
    pub to_ms: i64,
    /// What it is kept for; empty for those who may not hold.
    pub case_number: String,
}

/// `GET /timeline/next-alarm`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NearAlarm {
    /// Which camera saw it.
    pub camera: String,
    /// What it belongs to.
    pub incident: i64,
    /// Which alarm.
    pub alarm: i64,
    /// When its condition first held.
    pub at_ms: i64,
    /// Stable word for the kind of event.
    pub kind: String,
    /// `red`, `orange`, `yellow` or `blue`.
    pub level: String,
}

/// Which way to jump.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JumpDirection {
    /// To the first alarm that began later.
    #[default]
    Next,
    /// To the last alarm that began earlier.
    Previous,
}

/// `GET /cameras/{id}/recording`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Recording {
    /// Which camera.
    pub camera: String,
    /// Which stream of it.
    pub stream: LiveStream,
    /// Wall time of the first picture: the keyframe at or before what was asked for.
    pub start_ms: i64,
    /// Wall time after the last picture.
    pub end_ms: i64,
    /// Ask on from here: what follows of the wanted stretch is coded otherwise, and is a file of its own.
    pub continues_ms: Option<i64>,
    /// How long it plays.
    pub duration_ms: i64,
    /// From each offset on, the time in the file runs beside wall time.
    pub spans: Vec<RecordingSpan>,
    /// What is missing in the stretch asked for, each gap in its full length; in the file a picture stands still.
    pub gaps: Vec<Gap>,
    /// `h264` or `h265`.
    pub codec: String,
    /// For `MediaSource.isTypeSupported`: of the pictures alone.
    pub mime: String,
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// Pictures a second, on average.
    pub fps: f64,
    /// A step from picture to picture.
    pub frame_ms: i64,
    /// There is sound.
    pub has_audio: bool,
    /// Of the file at `mp4`.
    pub size_bytes: u64,
    /// Where the pictures are as the camera coded them, with ranges.
    pub mp4: String,
    /// Where they are re-coded while they are read, for browsers that cannot play them.
    pub h264: String,
}

/// Where the time in a file meets wall time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct RecordingSpan {
    /// Since the beginning of the file.
    pub offset_ms: i64,
    /// Wall time there.
    pub wall_ms: i64,
}

/// Why someone looks at footage that is older than a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FootagePurpose {
    /// Following up an incident.
    Incident,
    /// A check of the work.
    Inspection,
    /// A fault of a camera or of its recording.
    Fault,
    /// An authority's written request.
    Retrieval,
}

impl From<FootagePurpose> for access::FootagePurpose {
    fn from(purpose: FootagePurpose) -> Self {
        match purpose {
            FootagePurpose::Incident => Self::Incident,
            FootagePurpose::Inspection => Self::Inspection,
            FootagePurpose::Fault => Self::Fault,
            FootagePurpose::Retrieval => Self::Retrieval,
        }
    }
}

impl From<&Span> for TimelineSpan {
    fn from(span: &Span) -> Self {
        Self { from_ms: span.from.0, to_ms: span.to.0 }
    }
}

impl From<&GapMark> for TimelineGap {
    fn from(gap: &GapMark) -> Self {
        Self {
            from_ms: gap.from.0,
            to_ms: gap.to.map(|to| to.0),
            cause: gap.cause.as_str().to_owned(),
            n: gap.n,
            missing_ms: i64::try_from(gap.missing.as_millis()).unwrap_or(i64::MAX),
        }
    }
}
