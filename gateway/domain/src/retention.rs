//! How long footage is kept: the policy and its legal floor, the clock that ages it, what goes first when the disk is
//! full, and how long the disk will last. Pure decisions; `gateway::record::retention` carries them out.

mod clock;
mod forecast;

use std::time::Duration;

pub use clock::{Doubt, RetentionClock};
pub use forecast::{Capacity, Forecast, StreamUse, forecast};

use crate::{closed::closed_enum, ids::SegmentId, segment::Span, time::WallTime};

const DAY: Duration = Duration::from_secs(86_400);

closed_enum! {
    /// Why the law asks for a recording, and with it for how long.
    pub enum LegalBasis ("legal basis") {
        /// Public security video, Decree 799 article 17: 30 days.
        General => "general",
        /// Key targets of the Anti-Terrorism Law, article 32: 90 days.
        KeyTarget => "key_target",
    }
}

impl LegalBasis {
    /// Days that the law asks for at least.
    #[must_use]
    pub const fn floor_days(self) -> u32 {
        match self {
            Self::General => 30,
            Self::KeyTarget => 90,
        }
    }
}

closed_enum! {
    /// Why a recorded file was deleted.
    pub enum DeletionReason ("deletion reason") {
        /// Its time was over.
        Expired => "expired",
        /// The camera has used up its bytes, and the file was older than the legal floor.
        Bytes => "bytes",
        /// The disk was full.
        DiskFull => "disk_full",
        /// What a crash tore off a file: nothing can play it, and no hold and no incident covers it.
        Torn => "torn",
    }
}

closed_enum! {
    /// How the disk under the recording is.
    pub enum DiskState ("disk state") {
        /// Recording goes on.
        Ok => "ok",
        /// No room or no inode is left, and nothing may be deleted.
        Full => "full",
        /// The file system does not let anyone write.
        ReadOnly => "read_only",
        /// Nothing, or something without an identity file, is mounted there.
        Missing => "missing",
        /// Another disk is mounted there.
        Swapped => "swapped",
        /// Reading, writing or syncing failed: what was not yet synced may be lost.
        Failed => "failed",
        /// A sync takes longer than it should.
        Slow => "slow",
        /// Whatever was asked of it does not come back.
        NotAnswering => "not_answering",
    }
}

/// A policy that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Shorter than the law allows.
    #[error("is {days} days, and the legal floor is {floor} days (legal_basis = \"{basis}\")")]
    BelowFloor {
        /// As asked for.
        days: u32,
        /// As the law asks for.
        floor: u32,
        /// By which law.
        basis: LegalBasis,
    },
    /// What happened around an alarm would go before the rest.
    #[error("is {incident} days, which is shorter than keep_days = {base}")]
    IncidentShorter {
        /// Days for footage of incidents.
        incident: u32,
        /// Days for the rest.
        base: u32,
    },
}

/// How long one camera's footage is kept. Invariant: no shorter than the floor, incidents no shorter than the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    base_days: u32,
    incident_days: u32,
    max_bytes: Option<u64>,
    basis: LegalBasis,
    tiers: TierLimits,
}

/// Limits of one stream in bytes, by what they are kept for. `None`: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TierLimits {
    /// Past so many bytes of incident footage, what is older than the rest may get goes early.
    pub incident_bytes: Option<u64>,
    /// Past so many held bytes somebody is told. Nothing is deleted for it.
    pub held_bytes: Option<u64>,
}

impl Default for Policy {
    fn default() -> Self {
        let basis = LegalBasis::General;
        let tiers = TierLimits::default();
        Self { base_days: basis.floor_days(), incident_days: 90, max_bytes: None, basis, tiers }
    }
}

impl Policy {
    /// # Errors
    /// [`PolicyError`] when a time is too short.
    pub const fn new(
        base_days: u32,
        incident_days: u32,
        max_bytes: Option<u64>,
        basis: LegalBasis,
    ) -> Result<Self, PolicyError> {
        let floor = basis.floor_days();
        if base_days < floor {
            return Err(PolicyError::BelowFloor { days: base_days, floor, basis });
        }
        if incident_days < base_days {
            return Err(PolicyError::IncidentShorter { incident: incident_days, base: base_days });
        }
        let tiers = TierLimits { incident_bytes: None, held_bytes: None };
        Ok(Self { base_days, incident_days, max_bytes, basis, tiers })
    }

    /// The same with limits for what incidents and holds keep.
    #[must_use]
    pub const fn with_tiers(self, tiers: TierLimits) -> Self {
        Self { tiers, ..self }
    }

    /// Limits for what incidents and holds keep.
    #[must_use]
    pub const fn tiers(&self) -> TierLimits {
        self.tiers
    }

    /// Past so many bytes footage of `tier` goes early; and how old it must be for that.
    const fn early(&self, tier: Tier) -> Option<(u64, u32)> {
        match (tier, self.max_bytes, self.tiers.incident_bytes) {
            (Tier::Base, Some(most), _) => Some((most, self.basis.floor_days())),
            // No sooner than footage that no alarm needs.
            (Tier::Incident, _, Some(most)) => Some((most, self.base_days)),
            (Tier::Base | Tier::Incident | Tier::Held, ..) => None,
        }
    }

    /// Days for what no alarm and no hold needs.
    #[must_use]
    pub const fn base_days(&self) -> u32 {
        self.base_days
    }

    /// Days for what happened around an alarm.
    #[must_use]
    pub const fn incident_days(&self) -> u32 {
        self.incident_days
    }

    /// Past so many bytes per stream, base footage that is older than the floor goes early.
    #[must_use]
    pub const fn max_bytes(&self) -> Option<u64> {
        self.max_bytes
    }

    /// Under which law.
    #[must_use]
    pub const fn basis(&self) -> LegalBasis {
        self.basis
    }

    /// No footage is kept for less than either of the two would: the longer times, the longer floor, no limit of bytes.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        let basis = if other.basis.floor_days() > self.basis.floor_days() { other.basis } else { self.basis };
        Self {
            base_days: self.base_days.max(other.base_days),
            incident_days: self.incident_days.max(other.incident_days),
            max_bytes: None,
            basis,
            tiers: TierLimits::default(),
        }
    }

    /// What the law asks for.
    #[must_use]
    pub fn floor(&self) -> Duration {
        DAY * self.basis.floor_days()
    }

    /// How long footage of `tier` is kept; `None`: until the hold is released.
    #[must_use]
    pub fn kept_for(&self, tier: Tier) -> Option<Duration> {
        match tier {
            Tier::Base => Some(DAY * self.base_days),
            Tier::Incident => Some(DAY * self.incident_days),
            Tier::Held => None,
        }
    }
}

/// What a piece of footage is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The law alone.
    Base,
    /// It shows what led to an alarm, the alarm, or what followed.
    Incident,
    /// Somebody holds it for a case: nothing deletes it.
    Held,
}

/// A recorded file as retention sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its row; rows are numbered in the order of recording, whatever the wall clock said.
    pub id: SegmentId,
    /// By the wall clock of that time.
    pub span: Span,
    /// Of the file.
    pub bytes: u64,
    /// What it is kept for.
    pub tier: Tier,
    /// The retention clock before its row was made: it cannot be older than that. 0: there was none yet.
    pub not_before: WallTime,
    /// By how much the retention clock was set forward since, without that time having been seen to pass.
    pub unseen: Duration,
}

impl Kept {
    /// Where its age is counted from, on the retention clock that says `now`. A wall time that the retention clock
    /// contradicts (1970, or the future) does not count. Where there was none to contradict it, footage from the future
    /// waits until the clock gets there.
    #[must_use]
    pub fn aged_from(&self, now: WallTime) -> WallTime {
        let label = self.span.to.plus(self.unseen);
        let earliest = self.not_before.plus(self.unseen);
        let is_contradicted = self.not_before > WallTime(0) && label > now.plus(DAY);
        if is_contradicted { earliest } else { label.max(earliest) }
    }

    /// How long it has been kept.
    #[must_use]
    pub fn age(&self, now: WallTime) -> Duration {
        now.since(self.aged_from(now))
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_expired(&self, policy: &Policy, now: WallTime) -> bool {
        policy.kept_for(self.tier).is_some_and(|kept_for| self.age(now) >= kept_for)
    }
}

/// A file that is to go, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// Its row.
    pub id: SegmentId,
    /// Why.
    pub reason: DeletionReason,
}

/// What of one tier of one stream is to be deleted now. `oldest_first` is its beginning. `bytes` is what its limit is
/// compared with: for base footage all of the stream, for incidents what they keep of it. A limit takes footage that is
/// older than the legal floor, of incidents what is older than base footage gets, and nothing else.
#[must_use]
pub fn due(policy: &Policy, now: WallTime, oldest_first: &[Kept], bytes: u64) -> Vec<Deletion> {
    let mut left = bytes;
    let mut deletions = Vec::new();
    for kept in oldest_first {
        let goes_early =
            policy.early(kept.tier).is_some_and(|(most, days)| left > most && kept.age(now) >= DAY * days);
        let reason = if kept.is_expired(policy, now) {
            DeletionReason::Expired
        } else if goes_early {
            DeletionReason::Bytes
        } else {
            continue;
        };
        left = left.saturating_sub(kept.bytes);
        deletions.push(Deletion { id: kept.id, reason });
    }
    deletions
}

/// What a full disk needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// Bytes.
    pub bytes: u64,
    /// Files, when inodes are short.
    pub files: u64,
}

impl Need {
    /// Nothing is needed.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.bytes == 0 && self.files == 0
    }
}

/// A file that may be shed, with its camera's policy.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// The file.
    pub kept: Kept,
    /// Of its camera.
    pub policy: Policy,
}

/// What a full disk loses: base footage only, and first what has the largest share of its legal floor behind it, so
/// that every camera is cut to the same share of what the law asks for, whatever its bit rate.
#[must_use]
pub fn shed(now: WallTime, mut candidates: Vec<Candidate>, need: Need) -> Vec<SegmentId> {
    candidates.retain(|candidate| candidate.kept.tier == Tier::Base);
    let share = |candidate: &Candidate| {
        candidate.kept.age(now).as_secs_f64() / candidate.policy.floor().as_secs_f64()
    };
    candidates.sort_by(|a, b| share(b).total_cmp(&share(a)).then(a.kept.id.cmp(&b.kept.id)));
    let (mut bytes, mut files) = (0, 0);
    let mut chosen = Vec::new();
    for Candidate { kept, .. } in candidates {
        if bytes >= need.bytes && files >= need.files {
            break;
        }
        bytes += kept.bytes;
        files += 1;
        chosen.push(kept.id);
    }
    chosen
}

#[cfg(test)]
mod tests;
