-- Retention: what must stay (holds, incidents), what was deleted, and the clock that ages footage.

-- For the beginning of a stream, its bytes, and what lies in a span, without touching the rows themselves.
CREATE INDEX segment_by_age ON segment (camera, stream, id, start_wall_ms, end_wall_ms, size_bytes);

-- Footage that somebody holds for a case. Nothing that it touches is deleted, a full disk included, until it is released.
CREATE TABLE hold (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    camera         TEXT NOT NULL,
    stream         TEXT NOT NULL CHECK (stream IN ('main', 'sub')),
    -- From keyframe to keyframe.
    from_ms        INTEGER NOT NULL,
    to_ms          INTEGER NOT NULL CHECK (to_ms > from_ms),
    case_number    TEXT NOT NULL CHECK (case_number <> ''),
    note           TEXT NOT NULL,
    -- The account, and its name then.
    owner          INTEGER NOT NULL,
    owner_name     TEXT NOT NULL,
    created_ms     INTEGER NOT NULL,
    -- When somebody looks whether it is still needed.
    review_ms      INTEGER NOT NULL,
    released_ms    INTEGER,
    released_by    TEXT CHECK ((released_by IS NULL) = (released_ms IS NULL)),
    release_reason TEXT CHECK ((release_reason IS NULL) = (released_ms IS NULL))
) STRICT;
CREATE INDEX hold_open ON hold (camera, stream, from_ms) WHERE released_ms IS NULL;
CREATE TRIGGER hold_is_never_deleted BEFORE DELETE ON hold
BEGIN SELECT RAISE(ABORT, 'holds are released, never deleted'); END;
CREATE TRIGGER hold_is_only_released BEFORE UPDATE ON hold
WHEN OLD.released_ms IS NOT NULL OR NEW.released_ms IS NULL
    OR (NEW.id, NEW.camera, NEW.stream, NEW.from_ms, NEW.to_ms, NEW.case_number, NEW.note, NEW.owner, NEW.owner_name,
        NEW.created_ms, NEW.review_ms)
    <> (OLD.id, OLD.camera, OLD.stream, OLD.from_ms, OLD.to_ms, OLD.case_number, OLD.note, OLD.owner, OLD.owner_name,
        OLD.created_ms, OLD.review_ms)
BEGIN SELECT RAISE(ABORT, 'a hold is changed once, when it is released'); END;

-- What led to an alarm, the alarm, and what followed: kept longer. Copied from the dispatch database, which may be asked
-- again at any time. In pieces of at most an hour, so that a search by time need not look further back.
CREATE TABLE incident_span (
    alarm   INTEGER NOT NULL,
    from_ms INTEGER NOT NULL,
    camera  TEXT NOT NULL,
    to_ms   INTEGER NOT NULL CHECK (to_ms > from_ms AND to_ms - from_ms <= 3600000),
    PRIMARY KEY (alarm, from_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_span_by_time ON incident_span (camera, from_ms, to_ms);

-- The proof of deletion: one row per deleted file, never changed.
CREATE TABLE deletion (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms      INTEGER NOT NULL,
    camera     TEXT NOT NULL,
    stream     TEXT NOT NULL,
    from_ms    INTEGER NOT NULL,
    to_ms      INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256     BLOB NOT NULL,
    reason     TEXT NOT NULL CHECK (reason IN ('expired', 'bytes', 'disk_full'))
) STRICT;
-- Whether footage went before its time.
CREATE INDEX deletion_shed ON deletion (camera, stream, to_ms) WHERE reason = 'disk_full';
CREATE TRIGGER deletion_is_never_changed BEFORE UPDATE ON deletion
BEGIN SELECT RAISE(ABORT, 'the proof of deletion is never changed'); END;
CREATE TRIGGER deletion_is_never_deleted BEFORE DELETE ON deletion
BEGIN SELECT RAISE(ABORT, 'the proof of deletion is never deleted'); END;

-- The retention clock, as domain::retention::RetentionClock has it.
CREATE TABLE retention_clock (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    trusted_ms      INTEGER NOT NULL,
    doubt_ahead_ms  INTEGER,
    doubt_lasted_ms INTEGER CHECK ((doubt_lasted_ms IS NULL) = (doubt_ahead_ms IS NULL))
) STRICT;
-- When the retention clock said `trusted_ms`, this was the newest row: later rows cannot be older than that.
CREATE TABLE retention_mark (
    segment_id INTEGER PRIMARY KEY,
    trusted_ms INTEGER NOT NULL
) STRICT;
-- The retention clock was set forward by time that nobody saw pass: rows up to this one do not age by it.
CREATE TABLE retention_shift (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    segment_id INTEGER NOT NULL,
    ahead_ms   INTEGER NOT NULL CHECK (ahead_ms > 0)
) STRICT;
