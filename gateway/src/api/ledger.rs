//! The ledger (台账) as a file, for whoever may make reports of its areas. It is written while it is read.

use std::{collections::HashMap, fs::File, io::Read as _, sync::Arc};

use axum::{
    body::{Body, Bytes},
    http::header,
    response::Response,
};
use serde::Deserialize;
use sharpeyes_config::Site;
use sharpeyes_domain::ids::{AccountId, AreaId};
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;

use super::{
    dto,
    error::ApiError,
    extract::Params,
    guard::Guard,
    incidents::{names, word},
    statistics::{kind, scope},
    vigil::Vigil,
};
use crate::{
    access::gate::{Object, Purpose},
    bulletin::{Lang, Ledger},
    store::{
        audit::Outcome,
        db::DbError,
        statistics::{IncidentKind, LedgerCursor, Scope, Statistics},
    },
};

/// So many incidents are in memory at once.
const PAGE: u32 = 500;
/// So much of a finished file.
const PIECE: usize = 64 << 10;

/// Which incidents, and how they are written.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LedgerQuery {
    /// Those that came from here on.
    from_ms: i64,
    /// And before then; at most 367 days later.
    to_ms: i64,
    /// In this area and what lies in it.
    area: Option<String>,
    /// Of this class.
    class: Option<String>,
    /// From this source.
    source: Option<String>,
    /// That this unit was told of.
    unit: Option<String>,
    /// What it is read in.
    format: dto::LedgerFormat,
    /// In which language: Chinese if not given.
    #[serde(default)]
    #[param(required = false)]
    lang: dto::BulletinLanguage,
}

/// Every incident of a time with all that is known of it, as a file. It is as long as it is: nothing says so before.
#[utoipa::path(get, path = "/api/v1/ledger", params(LedgerQuery), responses(
    (status = 200, content_type = "application/octet-stream"), (status = 404, body = dto::ErrorBody),
    (status = 422, body = dto::ErrorBody, description = "`too_many_rows`: a workbook holds 1,048,575 incidents"),
))]
pub(super) async fn export(guard: Guard, Params(query): Params<LedgerQuery>) -> Result<Response, ApiError> {
    let now = guard.state.clock.wall();
    if let Some(area) = &query.area {
        guard.acts_in(&word("area", area)?).await?;
    }
    let scope = scope(&guard, query.from_ms, query.to_ms, now, query.area.as_deref())?;
    if scope.areas.is_empty() {
        return Err(ApiError::NotFound);
    }
    let kind = kind(query.class.as_deref(), query.source.as_deref(), query.unit.as_deref())?;
    let (extension, media_type) = match query.format {
        dto::LedgerFormat::Csv => ("csv", "text/csv; charset=utf-8"),
        dto::LedgerFormat::Xlsx => {
            ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        }
    };
    // Before the first byte: who takes it away is written down, whether or not it arrives.
    let detail = format!(
        "ledger {extension} {}..{} areas {} class {} source {} unit {}",
        query.from_ms,
        query.to_ms,
        query.area.clone().unwrap_or_else(|| roots(&guard)),
        query.class.as_deref().unwrap_or("-"),
        query.source.as_deref().unwrap_or("-"),
        query.unit.as_deref().unwrap_or("-"),
    );
    let entry = guard.entry(&Object::Site, Purpose::Duty, Outcome::Allowed, detail);
    guard.state.accounts.audit().append(entry).await?;
    let reader = Reader {
        statistics: guard.state.statistics.clone(),
        at: LedgerCursor::start(&scope),
        scope,
        kind,
        site: Arc::clone(&guard.state.site),
        names: names(&guard).await?,
        lang: query.lang.into(),
    };
    let body = match query.format {
        dto::LedgerFormat::Csv => Body::from_stream(lines(Vigil::new(&guard), reader)),
        dto::LedgerFormat::Xlsx => {
            // Its rows wait on the disk until it is closed: one at a time.
            let turn = guard.state.statistics.ledger_turn().await?;
            // It ends with the service, and when nobody waits for it any more.
            let stop = guard.state.shutdown.child_token();
            let _stops = stop.clone().drop_guard();
            let write = move || {
                let _turn = turn;
                reader.xlsx(&stop)
            };
            let file = tokio::task::spawn_blocking(write).await;
            let file = file.map_err(|error| ApiError::Internal(Box::new(error)))??;
            Body::from_stream(pieces(Vigil::new(&guard), file))
        }
    };
    let name = format!("attachment; filename=\"ledger-{}-{}.{extension}\"", query.from_ms, query.to_ms);
    Response::builder()
        .header(header::CONTENT_TYPE, media_type)
        .header(header::CONTENT_DISPOSITION, name)
        .body(body)
        .map_err(|error| ApiError::Internal(Box::new(error)))
}

/// The areas that a viewer is responsible for, each with what lies in it.
fn roots(guard: &Guard) -> String {
    guard.viewer.areas.iter().map(AreaId::as_str).collect::<Vec<_>>().join(",")
}

/// Reads page after page.
struct Reader {
    statistics: Statistics,
    scope: Scope,
    kind: IncidentKind,
    at: LedgerCursor,
    site: Arc<Site>,
    names: HashMap<AccountId, String>,
    lang: Lang,
}

impl Reader {
    fn xlsx(mut self, stop: &CancellationToken) -> Result<File, ApiError> {
        let ledger = Ledger { site: &self.site, names: &self.names, lang: self.lang };
        ledger.xlsx(&self.site.data_dir, || {
            if stop.is_cancelled() {
                return Err(DbError::Closed.into());
            }
            let page = self.statistics.ledger_blocking(&self.scope, &self.kind, self.at, PAGE)?;
            if let Some(last) = page.last() {
                self.at = LedgerCursor::after(last);
            }
            Ok::<_, ApiError>(page)
        })
    }

    /// The lines of the next page; `None`: that was all.
    async fn lines(&mut self) -> Result<Option<String>, ApiError> {
        let page = self.statistics.ledger(self.scope.clone(), self.kind.clone(), self.at, PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.at = LedgerCursor::after(last);
        let ledger = Ledger { site: &self.site, names: &self.names, lang: self.lang };
        let mut lines = String::new();
        page.iter().for_each(|row| ledger.csv_row(row, &mut lines));
        Ok(Some(lines))
    }
}

type Piece = Result<Bytes, std::io::Error>;

/// A CSV file, page by page. Ends early, with an error, when the session ends or the database cannot be read.
fn lines(vigil: Vigil, reader: Reader) -> impl futures::Stream<Item = Piece> {
    let head = Ledger { site: &reader.site, names: &reader.names, lang: reader.lang }.csv_head();
    futures::stream::unfold((Some(head), Some((vigil, reader))), |(head, state)| async move {
        if let Some(head) = head {
            return Some((Ok(Bytes::from(head)), (None, state)));
        }
        let (mut vigil, mut reader) = state?;
        if !vigil.holds().await {
            return Some((Err(std::io::ErrorKind::PermissionDenied.into()), (None, None)));
        }
        match reader.lines().await {
            Ok(Some(lines)) => Some((Ok(Bytes::from(lines)), (None, Some((vigil, reader))))),
            Ok(None) => None,
            Err(error) => {
                tracing::error!(?error, "a ledger ended early: the database could not be read");
                Some((Err(std::io::Error::other("the database could not be read")), (None, None)))
            }
        }
    })
}

/// A finished file.
fn pieces(vigil: Vigil, file: File) -> impl futures::Stream<Item = Piece> {
    futures::stream::unfold(Some((vigil, file)), |state| async {
        let (mut vigil, mut file) = state?;
        if !vigil.holds().await {
            return Some((Err(std::io::ErrorKind::PermissionDenied.into()), None));
        }
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE];
            let n_read = file.read(&mut piece);
            n_read.map(|n| {
                piece.truncate(n);
                (piece, file)
            })
        });
        match read.await {
            Ok(Ok((piece, _))) if piece.is_empty() => None,
            Ok(Ok((piece, file))) => Some((Ok(Bytes::from(piece)), Some((vigil, file)))),
            Ok(Err(error)) => Some((Err(error), None)),
            Err(error) => Some((Err(std::io::Error::other(error)), None)),
        }
    })
}
