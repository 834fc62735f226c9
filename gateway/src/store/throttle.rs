//! Failed sign-ins, kept across restarts, so that guessing gets slower and slower.
//!
//! Three keys are slowed down: an account from one source, a source over all accounts, an account over all sources.
//! The last one does not touch a source from which the account was signed in to before: strangers lock nobody out.

use std::time::Duration;

use rusqlite::{OptionalExtension, Transaction, params};
use sharpeyes_domain::time::WallTime;

use super::{
    accounts::name_key,
    db::{Db, DbError},
};

/// Failures are forgotten after this time without another.
const MEMORY: Duration = Duration::from_hours(24);

/// How one kind of key is slowed down.
#[derive(Clone, Copy)]
struct Slope {
    /// Failures that cost nothing.
    free: u32,
    /// The delay doubles from one second up to this.
    cap: Duration,
}

const PAIR: Slope = Slope { free: 4, cap: Duration::from_mins(15) };
const SOURCE: Slope = Slope { free: 20, cap: Duration::from_mins(15) };
const ACCOUNT: Slope = Slope { free: 30, cap: Duration::from_mins(1) };

impl Slope {
    fn delay(self, failures: u32) -> Duration {
        match failures.checked_sub(self.free + 1) {
            None => Duration::ZERO,
            Some(doublings) => Duration::from_secs(1 << doublings.min(20)).min(self.cap),
        }
    }
}

/// Whether an attempt may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Yes; it counts as failed until [`Throttle::forgive`].
    Open,
    /// Not before this time.
    Blocked {
        /// Then.
        until: WallTime,
    },
}

/// The failed sign-ins. Cheap to clone.
#[derive(Clone)]
pub struct Throttle {
    db: Db,
}

impl Throttle {
    /// On a database that has the access schema.
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    /// Asks to look at an attempt, and counts it as failed before anybody looks: parallel guesses gain nothing.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn begin(&self, name: &str, source: &str, now: WallTime) -> Result<Attempt, DbError> {
        let (name, source) = (name_key(name), source.to_owned());
        let db = self.db.clone();
        self.db.write(move |t| begin(t, &name, &source, now).map_err(|e| db.error(e))).await
    }

    /// The attempt succeeded after all.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn forgive(&self, name: &str, source: &str) -> Result<(), DbError> {
        let (name, source) = (name_key(name), source.to_owned());
        let db = self.db.clone();
        self.db.write(move |t| forgive(t, &name, &source).map_err(|e| db.error(e))).await
    }
}

fn keys(name: &str, source: &str) -> [(String, Slope); 3] {
    [
        (format!("pair:{source}:{name}"), PAIR),
        (format!("source:{source}"), SOURCE),
        (format!("account:{name}"), ACCOUNT),
    ]
}

fn begin(t: &Transaction<'_>, name: &str, source: &str, now: WallTime) -> rusqlite::Result<Attempt> {
    t.execute("DELETE FROM sign_in_throttle WHERE last_ms < ?1", [now.minus(MEMORY).0])?;
    let is_known_source: bool = t.query_row(
        "SELECT EXISTS (SELECT 1 FROM session s JOIN account a ON a.id = s.account
         WHERE a.name_key = ?1 AND s.source = ?2)",
        params![name, source],
        |row| row.get(0),
    )?;
    let [pair, by_source, by_account] = keys(name, source);
    let mut slowed = vec![pair, by_source];
    if !is_known_source {
        slowed.push(by_account);
    }
    let mut blocked = None;
    for (key, slope) in &slowed {
        let until: Option<i64> = t
            .query_row("SELECT blocked_until_ms FROM sign_in_throttle WHERE key = ?1", [key], |row| {
                row.get(0)
            })
            .optional()?;
        // A clock that was set back must not lock the door for years.
        let until = until.map(WallTime).filter(|until| *until > now && until.since(now) <= slope.cap);
        blocked = blocked.max(until);
    }
    if let Some(until) = blocked {
        return Ok(Attempt::Blocked { until });
    }
    for (key, slope) in &slowed {
        let failures: u32 = t.query_row(
            "INSERT INTO sign_in_throttle VALUES (?1, 1, ?2, ?2)
             ON CONFLICT (key) DO UPDATE SET failures = failures + 1, last_ms = ?2 RETURNING failures",
            params![key, now.0],
            |row| row.get(0),
        )?;
        t.execute(
            "UPDATE sign_in_throttle SET blocked_until_ms = ?2 WHERE key = ?1",
            params![key, now.plus(slope.delay(failures)).0],
        )?;
    }
    Ok(Attempt::Open)
}

fn forgive(t: &Transaction<'_>, name: &str, source: &str) -> rusqlite::Result<()> {
    let [pair, by_source, by_account] = keys(name, source);
    t.execute("DELETE FROM sign_in_throttle WHERE key = ?1", [pair.0])?;
    // One good sign-in takes back its own attempt, not what others tried from there.
    for (key, slope) in [by_source, by_account] {
        let counted: Option<(u32, i64)> = t
            .query_row("SELECT failures, last_ms FROM sign_in_throttle WHERE key = ?1", [&key], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        match counted {
            None => {}
            Some((..=1, _)) => {
                t.execute("DELETE FROM sign_in_throttle WHERE key = ?1", [&key])?;
            }
            Some((failures, last)) => {
                let until = WallTime(last).plus(slope.delay(failures - 1));
                t.execute(
                    "UPDATE sign_in_throttle SET failures = ?2, blocked_until_ms = ?3 WHERE key = ?1",
                    params![key, failures - 1, until.0],
                )?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_from_a_second_up_to_its_cap() {
        let check =
            |failures, secs| assert_eq!(PAIR.delay(failures), Duration::from_secs(secs), "{failures}");
        check(0, 0);
        check(4, 0);
        check(5, 1);
        check(6, 2);
        check(7, 4);
        check(14, 512);
        check(15, 900);
        check(u32::MAX, 900);
    }
}
