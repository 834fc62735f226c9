//! SQLite, and nothing else knows SQL. Two files: the footage index and the dispatch data (design §5 "Database").
//!
//! `db` owns connections and threads; the table families sit beside it, one module each; `reserve` keeps them room.

pub mod accounts;
pub mod audit;
pub mod db;
pub mod dispatch;
pub mod footage;
pub mod outbox;
pub mod reserve;
pub mod shadow;
pub mod statistics;
pub mod throttle;
pub mod tickets;
pub mod timeline;
pub mod trials;

/// The tables of the dispatch database: queue, accounts, sessions and audit. New ones are added at the end.
pub const DISPATCH_MIGRATIONS: &[db::Migration] = &[
    dispatch::MIGRATION_001,
    accounts::MIGRATION,
    dispatch::MIGRATION_002,
    dispatch::MIGRATION_003,
    accounts::MIGRATION_002,
    tickets::MIGRATION,
    outbox::MIGRATION,
    trials::MIGRATION,
    dispatch::MIGRATION_020,
    statistics::MIGRATION,
    shadow::MIGRATION,
    tickets::MIGRATION_060,
    dispatch::MIGRATION_080,
    dispatch::MIGRATION_081,
    dispatch::MIGRATION_090,
    dispatch::MIGRATION_110,
    dispatch::MIGRATION_111,
    audit::MIGRATION_112,
];
