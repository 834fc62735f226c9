//! Supervision sheets (督办单), as they were issued: what is printed, byte for byte, with its SHA-256. Only added.

use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sharpeyes_domain::{
    alarm::Evidence,
    ids::{AccountId, AlarmId, AreaId, ClassId, IncidentId, UnitId},
    incident::IncidentState,
    level::Level,
    time::WallTime,
};

use super::{DispatchTx, rows::unreadable, write::json};
use crate::store::db::DbError;

/// A supervision sheet.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// Of which incident.
    pub incident: IncidentId,
    /// The version of the history row that made it.
    pub version: i64,
    /// Its number is `year` and `n`.
    pub year: i16,
    /// From 1.
    pub n: u32,
    /// What is printed on it; `None`: an older release issued it, and kept no more than its number.
    pub issued: Option<Result<Issued, AlteredSheet>>,
}

/// A sheet is not what was issued: what is kept has another hash. Nothing is printed from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sheet {year}-{n} of incident {incident} is not what was issued: its SHA-256 differs")]
pub struct AlteredSheet {
    /// Of which incident.
    pub incident: IncidentId,
    /// Its number is `year` and `n`.
    pub year: i16,
    /// From 1.
    pub n: u32,
}

/// What was issued.
#[derive(Clone, Debug, PartialEq)]
pub struct Issued {
    /// What is printed.
    pub body: SheetBody,
    /// Of the bytes that are kept.
    pub sha256: [u8; 32],
}

/// All that is printed on a sheet, names included, as it was when it was issued. Fields are only ever added, and what is
/// added has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SheetBody {
    /// The sheet's own number, `2026-3`; `None`: it stands beside what is kept only.
    #[serde(default)]
    pub sheet_number: Option<String>,
    /// The site's name.
    pub site: String,
    /// Which one of its incident, from 1.
    pub edition: u32,
    /// When it was issued.
    #[serde(rename = "at_ms")]
    pub at: WallTime,
    /// By whom; `None`: the machine.
    pub by: Option<AccountId>,
    /// Their name.
    pub by_name: Option<String>,
    /// What is demanded.
    pub demand: Option<String>,
    /// How often the units were reminded or pressed before.
    pub urged_before: u32,
    /// The incident's number.
    pub number: String,
    /// How urgent it was.
    pub level: Level,
    /// Where it stood.
    pub state: IncidentState,
    /// What kind of event.
    pub class: ClassId,
    /// In Chinese.
    pub class_name: String,
    /// In English.
    pub class_name_en: String,
    /// Where.
    pub area: AreaId,
    /// From the root down.
    pub area_path: Vec<String>,
    /// The camera's name.
    pub camera_name: Option<String>,
    /// Where, in words.
    pub location: Option<String>,
    /// In a few words; `None`: an alarm.
    pub title: Option<String>,
    /// Why the first alarm was raised; `None`: a report.
    pub evidence: Option<Evidence>,
    /// When it began.
    #[serde(rename = "began_ms")]
    pub began: WallTime,
    /// When the units should be done.
    #[serde(rename = "due_ms")]
    pub due: Option<WallTime>,
    /// The units that are supervised.
    pub units: Vec<SheetUnit>,
    /// The picture of the incident; `None`: there is none.
    pub still: Option<Still>,
}

/// A unit on a sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetUnit {
    /// Which.
    pub unit: UnitId,
    /// Its name.
    pub name: String,
    /// It leads.
    pub is_lead: bool,
}

/// A picture by its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Still {
    /// Of which alarm.
    pub alarm: AlarmId,
    /// SHA-256 of the JPEG, hexadecimal.
    pub sha256: String,
}

impl DispatchTx<'_> {
    /// Issues a sheet under the next number of the year. `body` is told that number, and which sheet of the incident it
    /// is, from 1.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn issue_sheet(
        &self,
        incident: IncidentId,
        version: i64,
        year: i16,
        body: impl FnOnce(String, u32) -> SheetBody,
    ) -> Result<(), DbError> {
        let before = "SELECT count(*) FROM supervision WHERE incident = ?1";
        let before: u32 = self.first(before, [incident.0], |row| row.get(0))?.unwrap_or(0);
        let next = "SELECT coalesce(max(n), 0) + 1 FROM supervision WHERE year = ?1";
        let n: u32 = self.first(next, [year], |row| row.get(0))?.unwrap_or(1);
        let body = json(&body(number(year, n), before + 1)).into_bytes();
        let sha256: [u8; 32] = Sha256::digest(&body).into();
        self.run(
            "INSERT INTO supervision (incident, version, year, n, body, sha256) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![incident.0, version, year, n, body, sha256],
        )
        .map(drop)
    }

    /// How often an incident was urged before a version of it.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn times_urged(&self, incident: IncidentId, version: i64) -> Result<u32, DbError> {
        let sql =
            "SELECT count(*) FROM incident_history WHERE incident = ?1 AND version < ?2 AND action = 'urge'";
        Ok(self.first(sql, params![incident.0, version], |row| row.get(0))?.unwrap_or(0))
    }

    /// What a person is called.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn person(&self, account: AccountId) -> Result<Option<String>, DbError> {
        self.first("SELECT display_name FROM account WHERE id = ?1", [account.0], |row| row.get(0))
    }

    /// The picture of an alarm by its bytes.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn still(&self, alarm: AlarmId) -> Result<Option<Still>, DbError> {
        self.first("SELECT jpeg FROM snapshot WHERE alarm = ?1", [alarm.0], |row| {
            Ok(Still { alarm, sha256: hex::encode(Sha256::digest(row.get_ref(0)?.as_blob()?)) })
        })
    }
}

/// As it is printed.
fn number(year: i16, n: u32) -> String {
    format!("{year}-{n}")
}

impl Sheet {
    /// Its number as it is printed.
    #[must_use]
    pub fn number(&self) -> String {
        number(self.year, self.n)
    }
}

pub(super) fn sheet(row: &Row<'_>) -> rusqlite::Result<Sheet> {
    let incident = IncidentId(row.get("incident")?);
    let (year, n) = (row.get("year")?, row.get("n")?);
    let sha256: Option<[u8; 32]> = row.get("sha256")?;
    let issued = match (row.get_ref("body")?.as_blob_or_null()?, sha256) {
        (Some(body), Some(sha256)) => Some(issued(body, sha256)?.ok_or(AlteredSheet { incident, year, n })),
        _ => None,
    };
    Ok(Sheet { incident, version: row.get("version")?, year, n, issued })
}

/// `None`: it is not what was issued.
fn issued(body: &[u8], sha256: [u8; 32]) -> rusqlite::Result<Option<Issued>> {
    if <[u8; 32]>::from(Sha256::digest(body)) != sha256 {
        return Ok(None);
    }
    Ok(Some(Issued { body: serde_json::from_slice(body).map_err(unreadable)?, sha256 }))
}
