//! Keeping the outbox within bounds: what is too old, what is over, what is too much.

use std::time::Duration;

use rusqlite::{Transaction, params};
use sharpeyes_domain::{ids::TargetId, time::WallTime};

use super::{KEPT, MOST_ROWS, go_on};

/// An incident that nothing was told of for so long is forgotten.
const TOLD_KEPT: Duration = Duration::from_hours(180 * 24);
/// Rows that one pass takes of each kind.
const AT_ONCE: u32 = 5_000;

pub(super) fn retire(tx: &Transaction<'_>, known: &[TargetId], now: WallTime) -> rusqlite::Result<usize> {
    let known = serde_json::Value::from_iter(known.iter().map(TargetId::as_str)).to_string();
    let n_given_up = tx.execute(
        "UPDATE outbox SET state = 'dead', next_ms = NULL, ended_ms = ?2, stage = 'send',
             code = 'target_removed', detail = 'the site file names this target no more'
         WHERE state = 'waiting' AND target NOT IN (SELECT value FROM json_each(?1))",
        params![known, now.0],
    )?;
    // Whoever has no targets any more has no sender that would tidy up.
    tx.execute("DELETE FROM outbox WHERE ended_ms < ?1", params![now.minus(KEPT).0])?;
    Ok(n_given_up)
}

pub(super) fn prune(
    tx: &Transaction<'_>,
    target: &TargetId,
    keep: Duration,
    now: WallTime,
) -> rusqlite::Result<usize> {
    let name = target.as_str();
    // Given up in order, and each incident's next row gets its turn after its own.
    let late = "SELECT id, incident FROM outbox WHERE target = ?1 AND state = 'waiting' AND at_ms < ?2
                ORDER BY at_ms LIMIT ?3";
    let late: Vec<(i64, i64)> = tx
        .prepare_cached(late)?
        .query_map(params![name, now.minus(keep).0, AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (id, incident) in &late {
        tx.prepare_cached(
            "UPDATE outbox SET state = 'dead', next_ms = NULL, ended_ms = ?2, stage = coalesce(stage, 'send'),
                 code = coalesce(code, 'expired'), detail = coalesce(detail, 'not delivered within the time that it is kept')
             WHERE id = ?1",
        )?
        .execute(params![id, now.0])?;
        go_on(tx, target, *incident, now)?;
    }
    let over = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE ended_ms < ?1 LIMIT ?2)";
    let n_over = tx.prepare_cached(over)?.execute(params![now.minus(KEPT).0, AT_ONCE])?;
    let told = "DELETE FROM outbox_told WHERE (target, incident) IN
                    (SELECT target, incident FROM outbox_told WHERE last_ms < ?1 LIMIT ?2)";
    let n_told = tx.prepare_cached(told)?.execute(params![now.minus(TOLD_KEPT).0, AT_ONCE])?;
    Ok(late.len() + n_over + n_told + drop_surplus(tx, target, now)?)
}

fn drop_surplus(tx: &Transaction<'_>, target: &TargetId, now: WallTime) -> rusqlite::Result<usize> {
    let name = target.as_str();
    let count = "SELECT count(*) FROM outbox WHERE target = ?1";
    let n_rows: i64 = tx.prepare_cached(count)?.query_row([name], |row| row.get(0))?;
    let surplus = (n_rows - i64::from(MOST_ROWS)).min(i64::from(AT_ONCE));
    if surplus <= 0 {
        return Ok(0);
    }
    let dropped =
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE target = ?1 ORDER BY id LIMIT ?2)
                   RETURNING incident, state = 'waiting'";
    let dropped: Vec<(i64, bool)> = tx
        .prepare_cached(dropped)?
        .query_map(params![name, surplus], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let n_lost = dropped.iter().filter(|(_, is_waiting)| *is_waiting).count();
    tx.prepare_cached(
        "INSERT INTO outbox_target (target, lost) VALUES (?1, ?2)
         ON CONFLICT (target) DO UPDATE SET lost = lost + excluded.lost",
    )?
    .execute(params![name, i64::try_from(n_lost).unwrap_or(i64::MAX)])?;
    for (incident, _) in &dropped {
        go_on(tx, target, *incident, now)?;
    }
    Ok(dropped.len())
}
