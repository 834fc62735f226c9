//! The way to one target, whatever its protocol.

use std::{path::PathBuf, time::Duration};

use sharpeyes_config::{Channel, Target};
use sharpeyes_domain::{ids::IncidentId, time::WallTime};

use super::{fault::Failure, mqtt::Mqtt, webhook::Webhook};
use crate::store::outbox::OutboxRow;

/// What every protocol needs to get through.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    /// Whose certificates are believed; `None`: the public authorities'.
    pub(super) authority: Option<PathBuf>,
    /// One attempt takes no longer.
    pub(super) timeout: Duration,
}

/// One message as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) incident: IncidentId,
    /// What repeats are recognised by.
    pub(super) key: String,
    /// What happened.
    pub(super) event: String,
    /// From 1.
    pub(super) attempt: u32,
    pub(super) body: String,
}

impl Letter {
    pub(super) fn of(row: &OutboxRow) -> Self {
        // It is in the body, which was written with it.
        let body: Option<serde_json::Value> = serde_json::from_str(&row.body).ok();
        let key = body.as_ref().and_then(|body| body.get("key")?.as_str()).unwrap_or_default().to_owned();
        Self {
            incident: row.incident,
            key,
            event: row.event.clone(),
            attempt: row.attempts.saturating_add(1),
            body: row.body.clone(),
        }
    }
}

/// How a target is reached.
pub(super) enum Line {
    Webhook(Webhook),
    Mqtt(Mqtt),
}

impl Line {
    pub(super) fn to(target: &Target) -> Self {
        let reach = Reach { authority: target.authority.clone(), timeout: target.timeout };
        match &target.channel {
            Channel::Webhook { url, secret } => {
                Self::Webhook(Webhook { url: url.clone(), secret: secret.clone(), reach })
            }
            Channel::Mqtt { url, topic, login } => {
                Self::Mqtt(Mqtt::new(target.id.as_str(), url.clone(), topic.clone(), login.clone(), reach))
            }
        }
    }

    /// Messages that may be on their way at the same time, where the target allows `at_once`.
    pub(super) const fn at_once(&self, at_once: usize) -> usize {
        match self {
            Self::Webhook(_) => at_once,
            // One session, and acknowledgements are waited for: order costs nothing there.
            Self::Mqtt(_) => 1,
        }
    }

    pub(super) async fn deliver(&self, letter: &Letter, now: WallTime) -> Result<(), Failure> {
        match self {
            Self::Webhook(webhook) => webhook.deliver(letter, now).await,
            Self::Mqtt(mqtt) => mqtt.deliver(letter).await,
        }
    }
}
