//! What handlers work with. Cheap to clone.

use std::{ops::Deref, sync::Arc};

use sharpeyes_config::Site;
use tokio_util::sync::CancellationToken;

use super::{blind::Blinding, guard::Views, ports::CameraHealth, seats::Seats, tail::Tail};
use crate::{
    access::{accounts::Accounts, gate::Gate},
    clock::Clock,
    desk::Desk,
    hub::Hub,
    noise::Noise,
    outbound::Prod,
    record::{clip::ClipReader, retention::Keeping},
    stills::Stills,
    store::{
        dispatch::Dispatch, outbox::Outbox, shadow::ShadowLog, statistics::Statistics, tickets::Tickets,
    },
    transcode::Transcodes,
    trial::Trials,
};

/// The parts that the interface stands on.
pub struct Parts {
    /// The checked site.
    pub site: Arc<Site>,
    /// Accounts, sessions and the audit log.
    pub accounts: Accounts,
    /// The one gate.
    pub gate: Gate,
    /// Where people act on incidents.
    pub desk: Desk,
    /// The dispatch queue's tables, for reading.
    pub dispatch: Dispatch,
    /// What statistics are counted from.
    pub statistics: Statistics,
    /// Which sources raise too much.
    pub noise: Noise,
    /// Recordings as playable files.
    pub clips: ClipReader,
    /// Stills of recordings.
    pub stills: Stills,
    /// Recordings re-coded while they are watched.
    pub transcodes: Transcodes,
    /// The disk of recordings, retention and holds.
    pub keeping: Arc<Keeping>,
    /// Technical faults.
    pub tickets: Tickets,
    /// What other systems are to be told.
    pub outbox: Outbox,
    /// Wakes those who tell them.
    pub prod: Prod,
    /// Rules tried on recordings.
    pub trials: Trials,
    /// What rules would have raised that are only written down.
    pub shadow: ShadowLog,
    /// Live pictures.
    pub hub: Hub,
    /// States of streams and analyses.
    pub health: Arc<dyn CameraHealth>,
    /// Time.
    pub clock: Clock,
    /// When this is cancelled, open streams end and the server stops accepting.
    pub shutdown: CancellationToken,
}

/// The state of the router.
#[derive(Clone)]
pub struct ApiState(Arc<Inner>);

struct Inner {
    parts: Parts,
    views: Views,
    tail: Tail,
    seats: Seats,
    blinding: Blinding,
}

impl ApiState {
    /// Around these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            parts,
            views: Views::default(),
            tail: Tail::default(),
            seats: Seats::default(),
            blinding: Blinding::default(),
        }))
    }

    pub(super) fn views(&self) -> &Views {
        &self.0.views
    }

    pub(super) fn tail(&self) -> &Tail {
        &self.0.tail
    }

    pub(super) fn seats(&self) -> &Seats {
        &self.0.seats
    }

    pub(super) fn blinding(&self) -> &Blinding {
        &self.0.blinding
    }
}

impl Deref for ApiState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
