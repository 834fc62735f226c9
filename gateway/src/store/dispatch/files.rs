//! Small files of incidents, and saved views.

use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use sharpeyes_domain::{
    ids::{AccountId, AttachmentId, IncidentId, UnitId},
    time::WallTime,
};

use super::{
    Dispatch, DispatchTx,
    rows::{unreadable, wall, word_opt},
};
use crate::store::db::DbError;

/// A larger file is refused.
pub const MOST_ATTACHMENT_BYTES: usize = 5 << 20;
/// More files of one incident are refused.
const MOST_ATTACHMENTS: i64 = 100;
/// More views of one account are refused.
const MOST_VIEWS: i64 = 50;

/// What a file may be: known by its first bytes, whatever its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaType {
    /// A photo.
    Jpeg,
    /// A picture.
    Png,
    /// A document.
    Pdf,
    /// UTF-8 without control characters.
    Text,
}

impl MediaType {
    /// As in `Content-Type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
            Self::Text => "text/plain",
        }
    }

    /// What `body` is by its content; `None` for anything else.
    #[must_use]
    pub fn of(body: &[u8]) -> Option<Self> {
        let is_text = || {
            let text = std::str::from_utf8(body).ok()?;
            let is_plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
            (!text.is_empty() && text.chars().all(is_plain)).then_some(Self::Text)
        };
        match body {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(Self::Pdf),
            _ => is_text(),
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        [Self::Jpeg, Self::Png, Self::Pdf, Self::Text].into_iter().find(|one| one.as_str() == text)
    }
}

/// A file to be kept.
#[derive(Clone, Debug)]
pub struct NewAttachment {
    /// As it was called; for people only.
    pub name: String,
    /// What it is.
    pub media_type: MediaType,
    /// Of the bytes.
    pub sha256: [u8; 32],
    /// At most [`MOST_ATTACHMENT_BYTES`].
    pub body: Vec<u8>,
}

/// A file without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentRow {
    /// Which.
    pub id: AttachmentId,
    /// Whose.
    pub incident: IncidentId,
    /// The unit that added it; `None`: the centre, or who reports.
    pub unit: Option<UnitId>,
    /// Who added it; `None`: another system.
    pub account: Option<AccountId>,
    /// As it was called.
    pub name: String,
    /// What it is.
    pub media_type: MediaType,
    /// Of the bytes.
    pub sha256: Vec<u8>,
    /// When.
    pub at: WallTime,
    /// How large.
    pub bytes: i64,
}

/// A filter that an account has given a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// Which.
    pub id: i64,
    /// As its owner calls it.
    pub name: String,
    /// JSON, as the interface takes it.
    pub filter: String,
}

pub(super) const SELECT_ATTACHMENT: &str =
    "SELECT id, incident, unit, account, name, media_type, sha256, at_ms,
    length(body) AS bytes FROM attachment";

impl DispatchTx<'_> {
    /// Keeps a file. `None` when the incident has as many as it may.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn attach(
        &self,
        incident: IncidentId,
        unit: Option<&UnitId>,
        account: Option<AccountId>,
        new: &NewAttachment,
        now: WallTime,
    ) -> Result<Option<AttachmentId>, DbError> {
        let n_rows = self.run(
            "INSERT INTO attachment (incident, unit, account, name, media_type, sha256, at_ms, body)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
             WHERE (SELECT count(*) FROM attachment WHERE incident = ?1) < ?9",
            params![
                incident.0,
                unit.map(UnitId::as_str),
                account.map(|account| account.0),
                new.name,
                new.media_type.as_str(),
                new.sha256,
                now.0,
                new.body,
                MOST_ATTACHMENTS
            ],
        )?;
        Ok((n_rows == 1).then(|| AttachmentId(self.last_id())))
    }

    /// The same file that the same person added before.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn attached(
        &self,
        incident: IncidentId,
        account: AccountId,
        sha256: &[u8; 32],
    ) -> Result<Option<AttachmentId>, DbError> {
        let sql = "SELECT id FROM attachment WHERE incident = ?1 AND account = ?2 AND sha256 = ?3";
        self.first(sql, params![incident.0, account.0, sha256], |row| row.get(0).map(AttachmentId))
    }

    /// Whether a unit has added a file to an incident since then, or to one that has become part of it since it was told
    /// there.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn has_file_of(&self, incident: IncidentId, unit: &UnitId, since: WallTime) -> Result<bool, DbError> {
        let sql = "WITH RECURSIVE part (id) AS (
                       VALUES (?1) UNION SELECT i.id FROM part JOIN incident i ON i.merged_into = part.id)
                   SELECT 1 FROM part JOIN attachment f ON f.incident = part.id
                   WHERE f.unit = ?2 AND f.at_ms >= CASE part.id WHEN ?1 THEN ?3 ELSE min(?3, coalesce(
                       (SELECT max(t.told_ms) FROM assignment t WHERE t.incident = part.id AND t.unit = ?2), ?3)) END";
        let found = self.first(sql, params![incident.0, unit.as_str(), since.0], |_| Ok(()))?;
        Ok(found.is_some())
    }
}

impl Dispatch {
    /// A file of an incident with its bytes.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn attachment(
        &self,
        incident: IncidentId,
        id: AttachmentId,
    ) -> Result<Option<(AttachmentRow, Vec<u8>)>, DbError> {
        self.read(move |c| {
            let sql = "SELECT *, length(body) AS bytes FROM attachment WHERE incident = ?1 AND id = ?2";
            c.prepare_cached(sql)?
                .query_row([incident.0, id.0], |row| Ok((attachment_row(row)?, row.get("body")?)))
                .optional()
        })
        .await
    }

    /// The views of an account, by name.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn views(&self, account: AccountId) -> Result<Vec<SavedView>, DbError> {
        self.read(move |c| {
            c.prepare_cached("SELECT * FROM saved_view WHERE account = ?1 ORDER BY name")?
                .query_map([account.0], |row| {
                    Ok(SavedView { id: row.get("id")?, name: row.get("name")?, filter: row.get("filter")? })
                })?
                .collect()
        })
        .await
    }

    /// Keeps a view under a name; one of the same name is replaced. `None` when the account has as many as it may.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn save_view(
        &self,
        account: AccountId,
        name: String,
        filter: String,
    ) -> Result<Option<SavedView>, DbError> {
        let db = self.db.clone();
        self.db
            .write(move |t| {
                let kept = t.query_row(
                    "INSERT INTO saved_view (account, name, filter) SELECT ?1, ?2, ?3
                     WHERE (SELECT count(*) FROM saved_view WHERE account = ?1 AND name <> ?2) < ?4
                     ON CONFLICT (account, name) DO UPDATE SET filter = excluded.filter RETURNING id",
                    params![account.0, name, filter, MOST_VIEWS],
                    |row| row.get(0),
                );
                let id = kept.optional().map_err(|source| db.error(source))?;
                Ok(id.map(|id| SavedView { id, name, filter }))
            })
            .await
    }

    /// Forgets a view. `false` when the account has none of this number.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn forget_view(&self, account: AccountId, id: i64) -> Result<bool, DbError> {
        let db = self.db.clone();
        self.db
            .write(move |t| {
                t.execute("DELETE FROM saved_view WHERE account = ?1 AND id = ?2", [account.0, id])
                    .map(|n| n == 1)
                    .map_err(|source| db.error(source))
            })
            .await
    }
}

pub(super) fn attachment_row(row: &Row<'_>) -> rusqlite::Result<AttachmentRow> {
    let media_type: String = row.get("media_type")?;
    Ok(AttachmentRow {
        id: AttachmentId(row.get("id")?),
        incident: IncidentId(row.get("incident")?),
        unit: word_opt(row, "unit")?,
        account: row.get::<_, Option<i64>>("account")?.map(AccountId),
        name: row.get("name")?,
        media_type: MediaType::from_text(&media_type).ok_or_else(|| unreadable(std::fmt::Error))?,
        sha256: row.get("sha256")?,
        at: wall(row, "at_ms")?,
        bytes: row.get("bytes")?,
    })
}
