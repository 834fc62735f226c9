//! Reports as they were made: bytes with their SHA-256. Only added.

use rusqlite::{OptionalExtension as _, Row, params};
use sha2::{Digest as _, Sha256};
use sharpeyes_domain::{
    ids::{AreaId, IncidentId},
    time::WallTime,
};

use super::Statistics;
use crate::store::{
    db::DbError,
    dispatch::rows::{json, wall},
};

const SELECT: &str = "SELECT id, kind, title, from_ms, to_ms, made_ms, made_by, areas, incident,
        iif(incident IS NULL, 1, (SELECT count(*) FROM bulletin o WHERE o.incident = bulletin.incident
            AND o.id <= bulletin.id)) AS edition, sha256 FROM bulletin";
/// In one answer.
const MOST_LISTED: u32 = 200;

/// What is to be kept.
#[derive(Clone, Debug)]
pub struct NewBulletin {
    /// What it is about.
    pub kind: String,
    /// What it is called.
    pub title: String,
    /// Its time.
    pub from: WallTime,
    /// Its time.
    pub to: WallTime,
    /// When it is made.
    pub made: WallTime,
    /// By whom.
    pub made_by: String,
    /// Areas that it covers, each with all that lies in it.
    pub areas: Vec<AreaId>,
    /// Of a flash report.
    pub incident: Option<IncidentId>,
}

/// What is kept, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulletinRow {
    /// Its number.
    pub id: i64,
    /// What it is about.
    pub kind: String,
    /// What it is called.
    pub title: String,
    /// Its time.
    pub from: WallTime,
    /// Its time.
    pub to: WallTime,
    /// When it was made.
    pub made: WallTime,
    /// By whom.
    pub made_by: String,
    /// Areas that it covers, each with all that lies in it.
    pub areas: Vec<AreaId>,
    /// Of a flash report.
    pub incident: Option<IncidentId>,
    /// Which one of its incident, from 1.
    pub edition: u32,
    /// Of its bytes.
    pub sha256: [u8; 32],
}

impl Statistics {
    /// Keeps a report. `body` makes its bytes, and is told which one of its incident it is, from 1.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn keep_bulletin(
        &self,
        new: NewBulletin,
        body: impl FnOnce(u32) -> Vec<u8> + Send + 'static,
    ) -> Result<BulletinRow, DbError> {
        let areas = serde_json::Value::from_iter(new.areas.iter().map(AreaId::as_str)).to_string();
        let db = self.db.clone();
        let kept = {
            let new = new.clone();
            self.db.write(move |transaction| {
                let incident = new.incident.map(|id| id.0);
                let before = "SELECT count(*) FROM bulletin WHERE incident = ?1";
                let before: u32 = transaction
                    .query_row(before, [incident], |row| row.get(0))
                    .map_err(|source| db.error(source))?;
                let edition = before + 1;
                let body = body(edition);
                let sha256: [u8; 32] = Sha256::digest(&body).into();
                transaction
                    .execute(
                        "INSERT INTO bulletin (kind, title, from_ms, to_ms, made_ms, made_by, areas, incident, sha256, body)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                        params![
                            new.kind,
                            new.title,
                            new.from.0,
                            new.to.0,
                            new.made.0,
                            new.made_by,
                            areas,
                            incident,
                            sha256,
                            body,
                        ],
                    )
                    .map(|_| (transaction.last_insert_rowid(), edition, sha256))
                    .map_err(|source| db.error(source))
            })
        };
        let (id, edition, sha256) = kept.await?;
        Ok(BulletinRow {
            id,
            kind: new.kind,
            title: new.title,
            from: new.from,
            to: new.to,
            made: new.made,
            made_by: new.made_by,
            areas: new.areas,
            incident: new.incident,
            edition,
            sha256,
        })
    }

    /// The newest ones before this number, at most 200; only those of `incident` where one is named.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn bulletins(
        &self,
        before: Option<i64>,
        incident: Option<IncidentId>,
    ) -> Result<Vec<BulletinRow>, DbError> {
        self.read(move |c| {
            let of = if incident.is_some() { "incident = ?3" } else { "?3 IS NULL" };
            let sql = format!("{SELECT} WHERE id < ?1 AND {of} ORDER BY id DESC LIMIT ?2");
            let incident = incident.map(|id| id.0);
            c.prepare_cached(&sql)?
                .query_map(params![before.unwrap_or(i64::MAX), MOST_LISTED, incident], row)?
                .collect()
        })
        .await
    }

    /// One with its bytes, as they were made.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn bulletin(&self, id: i64) -> Result<Option<(BulletinRow, Vec<u8>)>, DbError> {
        self.read(move |c| {
            let sql = SELECT.replace("sha256 FROM", "sha256, body FROM") + " WHERE id = ?1";
            c.prepare_cached(&sql)?.query_row([id], |found| Ok((row(found)?, found.get("body")?))).optional()
        })
        .await
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<BulletinRow> {
    Ok(BulletinRow {
        id: row.get("id")?,
        kind: row.get("kind")?,
        title: row.get("title")?,
        from: wall(row, "from_ms")?,
        to: wall(row, "to_ms")?,
        made: wall(row, "made_ms")?,
        made_by: row.get("made_by")?,
        areas: json(row, "areas")?,
        incident: row.get::<_, Option<i64>>("incident")?.map(IncidentId),
        edition: row.get("edition")?,
        sha256: row.get("sha256")?,
    })
}
