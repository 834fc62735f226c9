//! Refusals: one table from reason to status and code. The body is `{code, message, field?}`.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use sharpeyes_domain::{ids::DiskName, segment::Gap};

use super::dto::{ErrorBody, Incident};
use crate::{
    access::accounts::AccountError, record::clip::ClipError, store::db::DbError, transcode::QuotaReached,
};

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// No live session.
    #[error("sign in first")]
    NotSignedIn,
    /// Name or password is wrong, or the account is disabled.
    #[error("name or password is wrong")]
    SignInRefused,
    /// The role does not have this verb at all.
    #[error("your role may not do this")]
    Denied,
    /// There is no such thing, or none that this viewer may see.
    #[error("there is no such thing")]
    NotFound,
    /// Nothing was recorded in the time asked for.
    #[error("nothing was recorded then")]
    NoFootage,
    /// Nothing of a camera's recording lies in the time asked for.
    #[error("nothing was recorded then")]
    NothingRecorded {
        /// Why.
        gaps: Vec<Gap>,
    },
    /// It is recorded, and its disk is not there now.
    #[error("this lies on disk `{disk}`, which is not there now")]
    DiskAway {
        /// Which.
        disk: DiskName,
    },
    /// Footage that is no longer fresh is looked at for a reason.
    #[error("footage older than 24 hours needs a purpose and a case")]
    PurposeNeeded,
    /// Rules are not what a site file may say.
    #[error("{}", problems.first().map_or("the rules cannot be read", |first| &first.message))]
    BadRules {
        /// All that is wrong, each with its place.
        problems: Vec<super::dto::RuleProblem>,
    },
    /// As many transcodes run as may.
    #[error("{in_use} of {limit} transcodes are running")]
    TranscodeQuota {
        /// How many may.
        limit: u32,
        /// How many do.
        in_use: u32,
    },
    /// The request may have been made by another site's page.
    #[error("the request does not come from this site's own page")]
    CrossSite,
    /// The policies could not be loaded.
    #[error("access policies cannot be evaluated, so nothing is permitted; the log says why")]
    PolicyUnavailable,
    /// The request is not what the document says.
    #[error("{0}")]
    Malformed(String),
    /// The request is well formed and cannot be done.
    #[error("{message}")]
    Unprocessable {
        /// Stable word.
        code: &'static str,
        /// For people.
        message: String,
        /// Which field.
        field: Option<&'static str>,
    },
    /// Someone else was faster.
    #[error("the incident has changed meanwhile")]
    Conflict {
        /// As it is now.
        current: Box<Incident>,
    },
    /// Too many failed attempts.
    #[error("too many attempts")]
    Throttled {
        /// Until the next one is looked at.
        wait: Duration,
    },
    /// The range lies outside.
    #[error("the range lies outside the {len} bytes")]
    Range {
        /// Length of the whole.
        len: u64,
    },
    /// The live view needs a WebSocket.
    #[error("this address speaks WebSocket only")]
    UpgradeNeeded,
    /// Our fault. The log has the rest.
    #[error("internal error: {0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ApiError {
    /// The table.
    fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NotSignedIn => (StatusCode::UNAUTHORIZED, "not_signed_in"),
            Self::SignInRefused => (StatusCode::UNAUTHORIZED, "sign_in_refused"),
            Self::Denied => (StatusCode::FORBIDDEN, "denied"),
            Self::CrossSite => (StatusCode::FORBIDDEN, "cross_site"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::NoFootage => (StatusCode::NOT_FOUND, "no_footage"),
            Self::NothingRecorded { .. } => (StatusCode::NOT_FOUND, "nothing_recorded"),
            Self::DiskAway { .. } => (StatusCode::SERVICE_UNAVAILABLE, "disk_away"),
            Self::PurposeNeeded => (StatusCode::FORBIDDEN, "purpose_needed"),
            Self::BadRules { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "bad_rules"),
            Self::TranscodeQuota { .. } => (StatusCode::TOO_MANY_REQUESTS, "transcode_quota"),
            Self::PolicyUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "policy_unavailable"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
            Self::Unprocessable { code, .. } => (StatusCode::UNPROCESSABLE_ENTITY, code),
            Self::Conflict { .. } => (StatusCode::CONFLICT, "conflict"),
            Self::Throttled { .. } => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Self::Range { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "range"),
            Self::UpgradeNeeded => (StatusCode::UPGRADE_REQUIRED, "upgrade_needed"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.status_and_code();
        let mut body = ErrorBody {
            code: code.to_owned(),
            message: self.to_string(),
            field: None,
            retry_after_s: None,
            current: None,
            gaps: None,
            problems: None,
            limit: None,
            in_use: None,
        };
        let mut extra = None;
        match self {
            Self::Internal(error) => {
                tracing::error!(error = %*error, "a request failed");
                // What the disk or the database said is for the log, not for whoever asked.
                "internal error; the log says more".clone_into(&mut body.message);
            }
            Self::Unprocessable { field, .. } => body.field = field.map(str::to_owned),
            Self::Conflict { current } => body.current = Some(current),
            Self::Throttled { wait } => {
                let seconds = wait.as_millis().div_ceil(1000).max(1);
                let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
                body.retry_after_s = Some(seconds);
                extra = Some((header::RETRY_AFTER, HeaderValue::from(seconds)));
            }
            Self::Range { len } => {
                extra =
                    HeaderValue::from_str(&format!("bytes */{len}")).ok().map(|v| (header::CONTENT_RANGE, v));
            }
            Self::NothingRecorded { gaps } => {
                body.gaps = Some(gaps.iter().map(super::dto::Gap::from).collect());
            }
            Self::BadRules { problems } => {
                body.field = Some("rules".to_owned());
                body.problems = Some(problems);
            }
            Self::TranscodeQuota { limit, in_use } => {
                (body.limit, body.in_use) = (Some(limit), Some(in_use));
            }
            Self::PurposeNeeded
            | Self::NotSignedIn
            | Self::SignInRefused
            | Self::Denied
            | Self::NotFound
            | Self::NoFootage
            | Self::DiskAway { .. }
            | Self::CrossSite
            | Self::PolicyUnavailable
            | Self::Malformed(_)
            | Self::UpgradeNeeded => {}
        }
        let mut response = (status, Json(body)).into_response();
        if let Some((name, value)) = extra {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl From<ClipError> for ApiError {
    fn from(error: ClipError) -> Self {
        match error {
            ClipError::Nothing { .. } => Self::NoFootage,
            ClipError::DiskAway { disk } => Self::DiskAway { disk },
            ClipError::Length => {
                Self::Unprocessable { code: "clip_length", message: error.to_string(), field: None }
            }
            ClipError::Index(_) | ClipError::Table { .. } | ClipError::File { .. } | ClipError::Mp4(_) => {
                Self::Internal(Box::new(error))
            }
        }
    }
}

impl From<QuotaReached> for ApiError {
    fn from(full: QuotaReached) -> Self {
        Self::TranscodeQuota { limit: full.limit.into(), in_use: full.in_use.into() }
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        let (code, field) = match &error {
            AccountError::Db(_) | AccountError::Hash(_) => return Self::Internal(Box::new(error)),
            AccountError::Refused => return Self::SignInRefused,
            AccountError::Throttled { wait } => return Self::Throttled { wait: *wait },
            AccountError::NotFound => return Self::NotFound,
            AccountError::BadName => ("bad_name", Some("name")),
            AccountError::NameTaken => ("name_taken", Some("name")),
            AccountError::BadDisplayName => ("bad_display_name", Some("display_name")),
            AccountError::Password(problem) => (problem.code(), Some("password")),
            AccountError::UnknownArea(_) => ("unknown_area", Some("areas")),
            AccountError::NoUnit(_) => ("unit_needed", Some("unit")),
            AccountError::NoArea(_) => ("area_needed", Some("areas")),
            AccountError::LastAdministrator => ("last_administrator", None),
            AccountError::SetupCode => ("setup_code", Some("code")),
            AccountError::WrongPassword => ("wrong_password", Some("current_password")),
        };
        Self::Unprocessable { code, message: error.to_string(), field }
    }
}
