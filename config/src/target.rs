//! Other systems that are told of incidents, as the site file has them.

use std::{fmt, num::NonZeroU16, path::PathBuf, time::Duration};

use sharpeyes_domain::{
    ids::{AreaId, ClassId, TargetId},
    level::Level,
    target::Share,
};
use url::Url;

use crate::Secret;

/// Another system that is told of incidents.
#[derive(Clone, Debug)]
pub struct Target {
    /// Unique in the site.
    pub id: TargetId,
    /// For people.
    pub name: String,
    /// What it is told for: shown to technicians, and what `share` is to be measured by.
    pub purpose: String,
    /// How it is reached.
    pub channel: Channel,
    /// Of which classes; empty: of all.
    pub classes: Vec<ClassId>,
    /// Of which levels; empty: of all.
    pub levels: Vec<Level>,
    /// Of which areas, with what lies in them; empty: of all.
    pub areas: Vec<AreaId>,
    /// Of which events; empty: of all.
    pub events: Vec<String>,
    /// What it may be told beyond the incident itself.
    pub share: Vec<Share>,
    /// Whose certificates are believed; `None`: the public authorities'.
    pub authority: Option<PathBuf>,
    /// One attempt takes no longer.
    pub timeout: Duration,
    /// What could not be delivered for so long is given up.
    pub keep: Duration,
    /// When it has failed for so long, technicians get a ticket.
    pub alert_after: Duration,
    /// Messages of different incidents on their way at the same time.
    pub at_once: NonZeroU16,
}

/// How a target is reached.
#[derive(Clone, Debug)]
pub enum Channel {
    /// HTTP POST, signed.
    Webhook {
        /// Where.
        url: TargetUrl,
        /// What the signature is made with.
        secret: Secret<String>,
    },
    /// MQTT 3.1.1, quality of service 1.
    Mqtt {
        /// The broker.
        url: TargetUrl,
        /// What topics begin with.
        topic: String,
        /// User name and password.
        login: Option<(String, Secret<String>)>,
    },
}

impl Channel {
    /// Where it leads.
    #[must_use]
    pub const fn url(&self) -> &TargetUrl {
        match self {
            Self::Webhook { url, .. } | Self::Mqtt { url, .. } => url,
        }
    }

    /// `webhook` or `mqtt`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "webhook",
            Self::Mqtt { .. } => "mqtt",
        }
    }
}

/// Why a text is no address of a target. The text itself is never repeated: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetUrlError {
    /// Not a URL at all.
    #[error("is no URL: {0}")]
    Syntax(#[from] url::ParseError),
    /// Of another kind than the target.
    #[error("has the scheme `{found}`, must be {}", allowed.join(" or "))]
    Scheme {
        /// As written.
        found: String,
        /// What could have been meant.
        allowed: &'static [&'static str],
    },
    /// `http:///path`.
    #[error("names no host")]
    NoHost,
    /// A user name or password in the address.
    #[error("carries a user name or password: they belong into keys of their own")]
    Userinfo,
}

/// Where a target is. Invariant: it has a host, a port and a known scheme, and carries no user name or password.
#[derive(Clone, PartialEq, Eq)]
pub struct TargetUrl(Url);

impl TargetUrl {
    pub(crate) fn parse(text: &str, allowed: &'static [&'static str]) -> Result<Self, TargetUrlError> {
        let url = Url::parse(text.trim())?;
        if !allowed.contains(&url.scheme()) {
            return Err(TargetUrlError::Scheme { found: url.scheme().to_owned(), allowed });
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(TargetUrlError::NoHost);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetUrlError::Userinfo);
        }
        Ok(Self(url))
    }

    /// The address to connect to. Do not log it: its query may carry a token; `Display` hides that.
    #[must_use]
    pub const fn as_url(&self) -> &Url {
        &self.0
    }

    /// The host, an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// The port, or the scheme's own.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(if self.is_encrypted() { 8883 } else { 1883 })
    }

    /// `https` or `mqtts`.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        matches!(self.0.scheme(), "https" | "mqtts")
    }
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        if shown.query().is_some() {
            shown.set_query(Some("***"));
        }
        shown.fmt(f)
    }
}

impl fmt::Debug for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
