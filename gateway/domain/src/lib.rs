//! The gateway's vocabulary and its pure decisions.
//!
//! No I/O lives here: no clock, file, socket, database, thread or async runtime. Time is always an argument.
//! Everything is a value or a total function over values, so that live analysis, replay and tests share one truth.
//! Modules are listed in the order in which one frame passes through them.

pub mod closed;
pub mod geometry;
pub mod ids;
pub mod media;
pub mod time;

pub mod placement;
pub mod retention;
pub mod segment;

pub mod luma;

pub mod background;
pub mod detection;
pub mod track;
pub mod trial;

pub mod schedule;
pub mod zone;

pub mod alarm;
pub mod ladder;
pub mod level;
pub mod rule;
pub mod tamper;
pub mod target;
pub mod ticket;

pub mod centre;
pub mod handover;
pub mod incident;

pub mod noise;
pub mod statistics;
pub mod timeline;

pub mod access;
pub mod area;
