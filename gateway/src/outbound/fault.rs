//! Why an attempt failed, what becomes of the message, and what a technician can do.

use std::{io, time::Duration};

use sharpeyes_domain::target::SendStage;
use tokio_rustls::rustls::{self, CertificateError};

use crate::store::outbox::Refusal;

/// Why one attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How far it came.
    pub stage: SendStage,
    /// Stable word for what.
    pub code: String,
    /// What exactly, English, without secrets.
    pub detail: String,
    /// What follows.
    pub verdict: Verdict,
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The target cannot be reached: no message is to blame, and none is tried until it is back.
    Away,
    /// This message is tried again, not before the time that the target asks for.
    Again(Option<Duration>),
    /// The target will never take this message.
    Refused,
}

impl Failure {
    pub(super) fn away(stage: SendStage, code: &str, detail: impl ToString) -> Self {
        Self { stage, code: code.to_owned(), detail: detail.to_string(), verdict: Verdict::Away }
    }

    pub(super) fn again(stage: SendStage, code: &str, detail: impl ToString) -> Self {
        Self { stage, code: code.to_owned(), detail: detail.to_string(), verdict: Verdict::Again(None) }
    }

    /// The time for an attempt ran out at this stage. One that had connected says nothing about other messages.
    pub(super) fn late(stage: SendStage, limit: Duration) -> Self {
        let detail = format!("no end within {limit:?}");
        match stage {
            SendStage::Resolve | SendStage::Connect | SendStage::Tls => Self::away(stage, "timeout", detail),
            SendStage::Send | SendStage::Answer => Self::again(stage, "timeout", detail),
        }
    }

    /// Connecting failed.
    pub(super) fn connect(error: &io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::ConnectionRefused => "refused",
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "unreachable",
            io::ErrorKind::TimedOut => "timeout",
            _ => "connect_failed",
        };
        Self::away(SendStage::Connect, code, error)
    }

    /// Encryption failed: of a certificate that is not accepted it says why, because each reason has a remedy of its own.
    pub(super) fn tls(error: &io::Error) -> Self {
        use CertificateError as C;
        let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let code = match cause {
            Some(rustls::Error::InvalidCertificate(why)) => match why {
                C::Expired | C::ExpiredContext { .. } => "certificate_expired",
                C::NotValidYet | C::NotValidYetContext { .. } => "certificate_not_valid_yet",
                C::NotValidForName | C::NotValidForNameContext { .. } => "certificate_name",
                C::UnknownIssuer => "certificate_unknown_issuer",
                _ => "certificate_refused",
            },
            _ => "tls_failed",
        };
        Self::away(SendStage::Tls, code, error)
    }

    pub(super) fn refusal(&self) -> Refusal {
        Refusal {
            stage: self.stage.as_str().to_owned(),
            code: self.code.clone(),
            detail: self.detail.clone(),
        }
    }
}

/// What to do about a failure, English.
#[must_use]
pub fn remedy(stage: &str, code: &str) -> &'static str {
    match (stage, code) {
        (_, "expired") => "look why the target was away for so long; what is still of use can be sent again",
        (_, "target_removed") => "the site file names this target no more",
        ("resolve", _) => "check the host name in the site file, and this machine's name servers",
        ("connect", "refused") => {
            "check that the target's service runs and that the port in the site file is its port"
        }
        ("connect", _) => "check the cable, the route and the firewalls between this machine and the target",
        ("tls", "ca_unreadable") => "check the file that `ca` names in the site file: certificates in PEM",
        ("tls", "certificate_expired") => {
            "the target's certificate has run out: whoever runs it renews it; check this machine's clock, too"
        }
        ("tls", "certificate_not_valid_yet") => {
            "check this machine's clock, and from when the target's certificate holds"
        }
        ("tls", "certificate_name") => {
            "write the name that stands in the target's certificate into `url`, or have it certified for this one"
        }
        ("tls", "certificate_unknown_issuer") => {
            "name the authority that signed the target's certificate with `ca` in the site file, or check that it is that one"
        }
        ("tls", _) => {
            "check the target's certificate and what versions of TLS it speaks (1.2 and 1.3 are spoken here)"
        }
        ("answer", "http_401" | "http_403" | "not_authorised") => {
            "check `secret`, or user name and password, on both sides, and both clocks"
        }
        ("answer", "http_404" | "http_405") => "check the path of `url` in the site file",
        ("answer", "http_410") => "the target says that it takes nothing here any more: ask whoever runs it",
        ("answer", "http_400" | "http_413" | "http_415" | "http_422") => {
            "the target does not understand the message: give whoever runs it docs/outbound.md and the message's number"
        }
        ("answer", "redirected") => {
            "redirections are not followed: write the address that it leads to into the site file"
        }
        ("answer", "timeout") | ("send", "timeout") => {
            "the target takes too long: look at its load, or give `timeout` in the site file more"
        }
        _ => "look at the target's own log",
    }
}
