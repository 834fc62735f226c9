//! Tickets as rows. When one is due and when it is over is decided in `domain::ticket`; who may close it, in `access`.

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params, types::Type};
use sharpeyes_domain::{
    ids::{CameraId, TicketId},
    level::Level,
    ticket::{Fault, FaultKey, TicketChange, TicketKind, TicketState},
    time::WallTime,
};
use tokio::sync::watch;

use super::db::{Db, DbError, Migration};

/// The table of tickets.
pub const MIGRATION: Migration =
    Migration { name: "dispatch_010_tickets", sql: include_str!("migrations/dispatch_010_tickets.sql") };

/// What following them live needs.
pub const MIGRATION_060: Migration = Migration {
    name: "dispatch_060_ticket_feed",
    sql: include_str!("migrations/dispatch_060_ticket_feed.sql"),
};

/// A fault that comes back so soon after it was over goes on in its ticket.
const SAME_FAULT: Duration = Duration::from_hours(1);
/// Tickets in one answer, the newest first.
const MOST_LISTED: u32 = 500;
/// Characters of a detail that is added to; what was said first goes first.
const MOST_DETAIL: u32 = 4_000;

const SELECT: &str =
    "SELECT id, kind, camera, state, level, stage, code, detail, remedy, first_ms, last_ms, n_times,
    acknowledged_ms, acknowledged_by, recovered_ms, closed_ms, closed_by, note, seq FROM ticket";
/// The place of the change that is being made. Each statement that has it changes one ticket.
const NEXT_SEQ: &str = "(SELECT coalesce(max(seq), 0) + 1 FROM ticket)";

/// The place of a ticket's last change among the changes of all tickets; 0 is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TicketSeq(pub i64);

/// A person's word on a ticket, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketHand {
    /// When.
    pub at: WallTime,
    /// By whom.
    pub by: String,
}

/// One ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketRow {
    /// Its number.
    pub id: TicketId,
    /// What is broken.
    pub key: FaultKey,
    /// Where it stands.
    pub state: TicketState,
    /// How it was last.
    pub fault: Fault,
    /// When it first began.
    pub first: WallTime,
    /// When it last began, or was last there.
    pub last: WallTime,
    /// How often it began.
    pub times: u32,
    /// Who knows.
    pub acknowledged: Option<TicketHand>,
    /// When it was gone by itself, if it did not come back.
    pub recovered: Option<WallTime>,
    /// Who says that it is done.
    pub closed: Option<TicketHand>,
    /// What was written.
    pub note: String,
    /// The place of its last change.
    pub seq: TicketSeq,
}

/// A list, and the place that it is true at: follow with [`Tickets::changes_since`].
#[derive(Clone, Debug)]
pub struct TicketList {
    /// Every change up to here is in the list.
    pub as_of: TicketSeq,
    /// Open ones first, then by the time of the last sign.
    pub tickets: Vec<TicketRow>,
}

/// What a follower of the tickets gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TicketReplay {
    /// What changed after its place, in order, each ticket once and as it is now. Empty: nothing new.
    Changes(Vec<TicketRow>),
    /// Its place is of no database of ours: it must read a list anew.
    Reset,
}

/// Which tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichTickets {
    /// Those that want someone.
    Open,
    /// Those and the past ones.
    All,
}

/// What a person does to a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketAct {
    /// I know.
    Acknowledge,
    /// It is done.
    Close,
}

/// The tickets of one database file; clones share it.
#[derive(Clone)]
pub struct Tickets {
    db: Db,
    newest: Arc<watch::Sender<TicketSeq>>,
}

impl Tickets {
    /// On a database that has [`MIGRATION_060`]. Blocks.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub fn open(db: Db) -> Result<Self, DbError> {
        let newest = db.read_blocking(latest).map_err(|error| db.error(error))?;
        Ok(Self { db, newest: Arc::new(watch::Sender::new(newest)) })
    }

    /// The newest change that is on the disk and was made through this handle or a clone; wakes with every further one.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<TicketSeq> {
        self.newest.subscribe()
    }

    /// Tells followers, once the change is on the disk.
    fn announce(&self, newest: TicketSeq) {
        self.newest.send_if_modified(|seen| {
            let is_newer = newest > *seen;
            *seen = newest.max(*seen);
            is_newer
        });
    }

    /// What changed after `seq`, at most `limit` tickets.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn changes_since(&self, seq: TicketSeq, limit: u32) -> Result<TicketReplay, DbError> {
        let db = self.db.clone();
        self.db.read(move |connection| changes(connection, seq, limit).map_err(|error| db.error(error))).await
    }

    /// The newest change.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn latest_seq(&self) -> Result<TicketSeq, DbError> {
        let db = self.db.clone();
        self.db.read(move |connection| latest(connection).map_err(|error| db.error(error))).await
    }

    /// Open tickets of cameras that are most urgent: where the centre is blind. The longest lasting first. At most 500.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn blinding(&self) -> Result<Vec<TicketRow>, DbError> {
        let db = self.db.clone();
        self.db.read(move |connection| blinding(connection).map_err(|error| db.error(error))).await
    }

    /// What open tickets are about. Blocks.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn open_blocking(&self) -> Result<Vec<FaultKey>, DbError> {
        let read = |connection: &Connection| list(connection, WhichTickets::Open);
        let rows = self.db.read_blocking(read).map_err(|error| self.db.error(error))?;
        Ok(rows.into_iter().map(|row| row.key).collect())
    }

    /// Writes changes down, all or none. Blocks.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub fn apply_blocking(&self, changes: Vec<TicketChange>, now: WallTime) -> Result<(), DbError> {
        let db = self.db.clone();
        let newest = self.db.write_blocking(move |transaction| {
            let apply_all = || {
                changes.iter().try_for_each(|change| apply(transaction, change, now))?;
                latest(transaction)
            };
            apply_all().map_err(|error| db.error(error))
        })?;
        self.announce(newest);
        Ok(())
    }

    /// Open ones first, then by the time of the last sign.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn list(&self, which: WhichTickets) -> Result<TicketList, DbError> {
        let db = self.db.clone();
        let read = move |connection: &Connection| -> rusqlite::Result<TicketList> {
            // One snapshot for both statements.
            let connection = connection.unchecked_transaction()?;
            Ok(TicketList { as_of: latest(&connection)?, tickets: list(&connection, which)? })
        };
        self.db.read(move |connection| read(connection).map_err(|error| db.error(error))).await
    }

    /// The ticket of that number.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn one(&self, id: TicketId) -> Result<Option<TicketRow>, DbError> {
        let db = self.db.clone();
        self.db.read(move |connection| one(connection, id).map_err(|error| db.error(error))).await
    }

    /// A person acts. A ticket that is closed stays as it is. `None`: there is no such ticket.
    ///
    /// # Errors
    /// [`DbError`] when the database refuses.
    pub async fn act(
        &self,
        id: TicketId,
        act: TicketAct,
        hand: TicketHand,
        note: String,
    ) -> Result<Option<TicketRow>, DbError> {
        let tickets = self.clone();
        // On a thread that runs to its end even when the caller goes away, so that followers hear of every commit.
        let work = move || {
            let db = tickets.db.clone();
            let (row, newest) = tickets.db.write_blocking(move |transaction| {
                let act = || {
                    act_on(transaction, id, act, &hand, &note)?;
                    Ok((one(transaction, id)?, latest(transaction)?))
                };
                act().map_err(|error| db.error(error))
            })?;
            tickets.announce(newest);
            Ok(row)
        };
        tokio::task::spawn_blocking(work).await.unwrap_or(Err(DbError::Closed))
    }
}

fn act_on(
    transaction: &Transaction<'_>,
    id: TicketId,
    act: TicketAct,
    hand: &TicketHand,
    note: &str,
) -> rusqlite::Result<()> {
    let set = match act {
        TicketAct::Acknowledge => {
            "acknowledged_ms = :at, acknowledged_by = :by,
             state = CASE state WHEN 'open' THEN 'acknowledged' ELSE state END"
        }
        TicketAct::Close => "closed_ms = :at, closed_by = :by, state = 'closed', is_open = 0",
    };
    let sql = format!(
        "UPDATE ticket SET {set}, note = CASE :note WHEN '' THEN note ELSE :note END, seq = {NEXT_SEQ}
         WHERE id = :id AND state <> 'closed'"
    );
    let values = named_params! { ":at": hand.at.0, ":by": hand.by, ":note": note, ":id": id.0 };
    transaction.execute(&sql, values).map(drop)
}

/// What it told of before is still to be looked at, and whoever knows of that does not know of this.
const fn adds_up(kind: TicketKind) -> bool {
    matches!(kind, TicketKind::Untimed)
}

fn apply(transaction: &Transaction<'_>, change: &TicketChange, now: WallTime) -> rusqlite::Result<()> {
    match change {
        TicketChange::Raise { key, fault, first, times } => {
            let again = transaction.execute(
                &format!(
                    "UPDATE ticket SET level = :level, stage = :stage, code = :code, remedy = :remedy,
                     detail = CASE WHEN :adds THEN substr(detail || '; ' || :detail, -{MOST_DETAIL}) ELSE :detail END,
                     acknowledged_ms = iif(:adds, NULL, acknowledged_ms),
                     acknowledged_by = iif(:adds, NULL, acknowledged_by),
                     last_ms = max(last_ms, :now), n_times = n_times + :times, is_open = 1, recovered_ms = NULL,
                     state = CASE WHEN :adds THEN 'open'
                                  WHEN state = 'recovered' AND acknowledged_ms IS NULL THEN 'open'
                                  WHEN state = 'recovered' THEN 'acknowledged' ELSE state END, seq = {NEXT_SEQ}
                 WHERE id = (SELECT id FROM ticket WHERE kind = :kind AND camera IS :camera
                     AND (is_open = 1 OR (state = 'recovered' AND last_ms >= :recent))
                     ORDER BY is_open DESC, id DESC LIMIT 1)"
                ),
                named_params! {
                    ":level": fault.level.number(),
                    ":stage": fault.stage,
                    ":code": fault.code,
                    ":detail": fault.detail,
                    ":remedy": fault.remedy,
                    ":now": now.0,
                    ":times": times,
                    ":adds": adds_up(key.kind),
                    ":kind": key.kind.as_str(),
                    ":camera": key.camera.as_ref().map(CameraId::as_str),
                    ":recent": now.minus(SAME_FAULT).0,
                },
            )?;
            if again > 0 {
                return Ok(());
            }
            transaction.execute(
                &format!(
                    "INSERT INTO ticket (kind, camera, state, is_open, level, stage, code, detail, remedy, first_ms,
                         last_ms, n_times, seq)
                     VALUES (?1, ?2, 'open', 1, ?3, ?4, ?5, ?6, ?7, ?8, max(?8, ?9), ?10, {NEXT_SEQ})"
                ),
                params![
                    key.kind.as_str(),
                    key.camera.as_ref().map(CameraId::as_str),
                    fault.level.number(),
                    fault.stage,
                    fault.code,
                    fault.detail,
                    fault.remedy,
                    first.0,
                    now.0,
                    times,
                ],
            )?;
        }
        TicketChange::Recover { key, last } => {
            transaction.execute(
                &format!(
                    "UPDATE ticket SET state = 'recovered', is_open = 0, recovered_ms = ?3,
                         last_ms = max(last_ms, ?4), seq = {NEXT_SEQ}
                     WHERE kind = ?1 AND camera IS ?2 AND is_open = 1"
                ),
                params![key.kind.as_str(), key.camera.as_ref().map(CameraId::as_str), now.0, last.0],
            )?;
        }
    }
    Ok(())
}

fn list(connection: &Connection, which: WhichTickets) -> rusqlite::Result<Vec<TicketRow>> {
    let least_open = match which {
        WhichTickets::Open => 1,
        WhichTickets::All => 0,
    };
    let sql = format!("{SELECT} WHERE is_open >= ?1 ORDER BY is_open DESC, last_ms DESC, id DESC LIMIT ?2");
    connection.prepare_cached(&sql)?.query_map(params![least_open, MOST_LISTED], ticket)?.collect()
}

fn latest(connection: &Connection) -> rusqlite::Result<TicketSeq> {
    let sql = "SELECT coalesce(max(seq), 0) FROM ticket";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0).map(TicketSeq))
}

fn changes(connection: &Connection, seq: TicketSeq, limit: u32) -> rusqlite::Result<TicketReplay> {
    let connection = connection.unchecked_transaction()?;
    if seq.0 < 0 || seq > latest(&connection)? {
        return Ok(TicketReplay::Reset);
    }
    let sql = format!("{SELECT} WHERE seq > ?1 ORDER BY seq LIMIT ?2");
    let rows = connection
        .prepare_cached(&sql)?
        .query_map(params![seq.0, limit], ticket)?
        .collect::<Result<_, _>>()?;
    Ok(TicketReplay::Changes(rows))
}

fn blinding(connection: &Connection) -> rusqlite::Result<Vec<TicketRow>> {
    let sql = format!(
        "{SELECT} WHERE is_open = 1 AND level = 1 AND camera IS NOT NULL ORDER BY first_ms, id LIMIT ?1"
    );
    connection.prepare_cached(&sql)?.query_map([MOST_LISTED], ticket)?.collect()
}

fn one(connection: &Connection, id: TicketId) -> rusqlite::Result<Option<TicketRow>> {
    connection.query_row(&format!("{SELECT} WHERE id = ?1"), [id.0], ticket).optional()
}

fn ticket(row: &Row<'_>) -> rusqlite::Result<TicketRow> {
    let hand = |at: &str, by: &str| -> rusqlite::Result<Option<TicketHand>> {
        let at: Option<i64> = row.get(at)?;
        let by: Option<String> = row.get(by)?;
        Ok(at.zip(by).map(|(at, by)| TicketHand { at: WallTime(at), by }))
    };
    let wrong = |column: usize, error: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error)
    };
    let kind: TicketKind =
        row.get_ref("kind")?.as_str()?.parse().map_err(|error| wrong(1, Box::new(error)))?;
    let state: TicketState =
        row.get_ref("state")?.as_str()?.parse().map_err(|error| wrong(3, Box::new(error)))?;
    let camera: Option<String> = row.get("camera")?;
    let camera =
        camera.map(|id| CameraId::new(&id)).transpose().map_err(|error| wrong(2, Box::new(error)))?;
    Ok(TicketRow {
        id: TicketId(row.get("id")?),
        key: FaultKey { kind, camera },
        state,
        fault: Fault {
            level: Level::from_number(row.get("level")?).unwrap_or(Level::Yellow),
            stage: row.get("stage")?,
            code: row.get("code")?,
            detail: row.get("detail")?,
            remedy: row.get("remedy")?,
        },
        first: WallTime(row.get("first_ms")?),
        last: WallTime(row.get("last_ms")?),
        times: row.get("n_times")?,
        acknowledged: hand("acknowledged_ms", "acknowledged_by")?,
        recovered: row.get::<_, Option<i64>>("recovered_ms")?.map(WallTime),
        closed: hand("closed_ms", "closed_by")?,
        note: row.get("note")?,
        seq: TicketSeq(row.get("seq")?),
    })
}
