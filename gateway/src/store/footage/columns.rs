//! What a column of the index may hold. A value that cannot be is damage of its row, and not a number to go on with.

use std::str::FromStr;

use rusqlite::{Row, types::Type};
use sharpeyes_domain::{
    ids::{CameraId, StreamId, StreamKind},
    time::{Pts, WallTime},
};

use super::FootageError;

/// It is this row that cannot be read, and not the database.
pub(super) const fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
    )
}

pub(super) fn stream_at(row: &Row<'_>, first: usize) -> rusqlite::Result<StreamId> {
    let camera: CameraId = parsed(row, first)?;
    let kind: String = row.get(first + 1)?;
    let kind = [StreamKind::Main, StreamKind::Sub].into_iter().find(|known| known.as_str() == kind);
    let kind = kind.ok_or_else(|| unreadable(first + 1, FootageError::Row("unknown stream kind".into())))?;
    Ok(StreamId { camera, kind })
}

/// A time that can have been: whoever reads rows adds to times and subtracts them.
pub(in crate::store) fn wall_at(row: &Row<'_>, column: usize) -> rusqlite::Result<WallTime> {
    plausible(column, WallTime(row.get(column)?), WallTime::is_plausible)
}

pub(super) fn pts_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Pts> {
    plausible(column, Pts(row.get(column)?), Pts::is_plausible)
}

fn plausible<T: Copy + std::fmt::Debug>(
    column: usize,
    time: T,
    is_plausible: fn(T) -> bool,
) -> rusqlite::Result<T> {
    let damage = || unreadable(column, FootageError::Row(format!("the time {time:?}")));
    is_plausible(time).then_some(time).ok_or_else(damage)
}

pub(super) fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    row.get::<_, String>(column)?.parse().map_err(|error| unreadable(column, error))
}

pub(super) fn unreadable(
    column: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
