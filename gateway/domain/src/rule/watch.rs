//! What a rule remembers of its tracks, and what it says about one frame. One file beside this per family of rule.

use super::{
    RuleConfig, RuleKind, accident::Collisions, down::Fallen, left::Placed, line::Crossings, presence,
    presence::Growth, running::Runners, stay::Loiterers, stop::Standing, way::Ways,
};
use crate::{
    alarm::{Detail, Evidence, Moment},
    detection::ObjectClass,
    geometry::Confidence,
    ids::TrackId,
    time::Pts,
    track::Track,
};

/// One frame as a rule sees it.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) at: Moment,
    pub(super) tracks: &'a [Track],
    /// The rule's alarm runs.
    pub(super) is_running: bool,
}

impl Frame<'_> {
    /// An earlier picture of the same run, in both times.
    pub(super) fn moment_of(&self, pts: Pts) -> Moment {
        Moment { pts, wall: self.at.wall.plus_media(pts - self.at.pts) }
    }

    pub(super) fn track(&self, id: TrackId) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id == id)
    }

    /// Tracks that have a detection in this frame; the others are only expected somewhere.
    pub(super) fn seen(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter().filter(|track| !track.is_coasting(self.at.pts))
    }
}

/// What one frame says about the condition.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub(super) count: u32,
    /// Since when it has been so.
    pub(super) since: Moment,
    pub(super) class: ObjectClass,
    pub(super) tracks: Vec<TrackId>,
    pub(super) score: Confidence,
    pub(super) detail: Option<Detail>,
}

impl Verdict {
    /// As many as there are tracks, since now.
    pub(super) fn of<'a>(at: Moment, tracks: impl Iterator<Item = &'a Track>) -> Self {
        let counted: Vec<&Track> = tracks.collect();
        let votes = |class: ObjectClass| counted.iter().filter(|track| track.class == class).count();
        let class = counted.iter().map(|track| track.class).max_by_key(|&class| votes(class));
        let mut ids: Vec<_> = counted.iter().map(|track| track.id).collect();
        ids.sort_unstable();
        ids.truncate(Evidence::MOST_TRACKS);
        let scores = counted.iter().map(|track| track.confidence.value());
        Self {
            count: u32::try_from(counted.len()).unwrap_or(u32::MAX),
            since: at,
            class: class.unwrap_or(ObjectClass::Other),
            tracks: ids,
            score: Confidence::new(scores.fold(0.0, f32::max)),
            detail: None,
        }
    }

    pub(super) fn since(mut self, since: Option<Moment>) -> Self {
        if let Some(since) = since.filter(|since| since.pts < self.since.pts) {
            self.since = since;
        }
        self
    }

    pub(super) fn with(mut self, detail: Detail) -> Self {
        self.detail = Some(detail);
        self
    }
}

/// A rule's memory of its tracks.
#[derive(Clone, Debug)]
pub(super) enum Watch {
    /// Each frame speaks for itself.
    Presence,
    Growth(Growth),
    Crossings(Crossings),
    Ways(Ways),
    Loiterers(Loiterers),
    Standing(Standing),
    Collisions(Collisions),
    Fallen(Fallen),
    Placed(Placed),
    Runners(Runners),
}

impl Watch {
    /// Remembers nothing yet.
    pub(super) fn new(kind: &RuleKind) -> Self {
        match kind {
            RuleKind::Crowding { .. }
            | RuleKind::Intrusion { .. }
            | RuleKind::WaterEdge { .. }
            | RuleKind::Smoke
            | RuleKind::Fire => Self::Presence,
            RuleKind::CrowdSurge { .. } => Self::Growth(Growth::default()),
            RuleKind::LineCrossing { .. } => Self::Crossings(Crossings::default()),
            RuleKind::WrongWay { .. } => Self::Ways(Ways::default()),
            RuleKind::Loitering { .. } => Self::Loiterers(Loiterers::default()),
            RuleKind::StoppedVehicle { .. } => Self::Standing(Standing::default()),
            RuleKind::Accident { .. } => Self::Collisions(Collisions::default()),
            RuleKind::PersonDown { .. } => Self::Fallen(Fallen::default()),
            RuleKind::LeftObject { .. } => Self::Placed(Placed::default()),
            RuleKind::Running { .. } => Self::Runners(Runners::default()),
        }
    }

    /// Takes one frame. Frames come in order and belong to one run.
    pub(super) fn observe(&mut self, config: &RuleConfig, frame: &Frame<'_>) -> Verdict {
        match self {
            Self::Presence if matches!(config.kind, RuleKind::Crowding { .. }) => {
                presence::verdict(config, frame)
            }
            Self::Presence => presence::verdict_of_feet(config, frame),
            Self::Growth(growth) => growth.observe(config, frame),
            Self::Crossings(crossings) => crossings.observe(config, frame),
            Self::Ways(ways) => ways.observe(config, frame),
            Self::Loiterers(loiterers) => loiterers.observe(config, frame),
            Self::Standing(standing) => standing.observe(config, frame),
            Self::Collisions(collisions) => collisions.observe(config, frame),
            Self::Fallen(fallen) => fallen.observe(config, frame),
            Self::Placed(placed) => placed.observe(config, frame),
            Self::Runners(runners) => runners.observe(config, frame),
        }
    }

    /// A time runs that may become an alarm: someone is in the zone, stands, lies, or something was put down.
    pub(super) fn is_counting(&self) -> bool {
        match self {
            Self::Presence | Self::Growth(_) | Self::Crossings(_) | Self::Ways(_) | Self::Runners(_) => false,
            Self::Loiterers(loiterers) => loiterers.is_counting(),
            Self::Standing(standing) => standing.is_counting(),
            Self::Collisions(collisions) => collisions.is_counting(),
            Self::Fallen(fallen) => fallen.is_counting(),
            Self::Placed(placed) => placed.is_counting(),
        }
    }
}
