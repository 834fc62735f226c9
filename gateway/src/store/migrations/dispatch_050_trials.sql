-- Rules that were tried on recordings, and rules that are only written down. Never part of the dispatch queue.

CREATE TABLE trial (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    camera          TEXT NOT NULL,
    stream          TEXT NOT NULL,
    from_ms         INTEGER NOT NULL,
    to_ms           INTEGER NOT NULL CHECK (to_ms > from_ms),
    -- As they were written.
    rules           TEXT NOT NULL,
    model           TEXT NOT NULL,
    asked_ms        INTEGER NOT NULL,
    asked_by        TEXT NOT NULL,
    state           TEXT NOT NULL,
    -- How far it has looked, by the time of the pictures.
    reached_ms      INTEGER NOT NULL,
    ended_ms        INTEGER CHECK ((state IN ('waiting', 'running')) = (ended_ms IS NULL)),
    -- Stable word and sentence for why it ended early.
    code            TEXT,
    detail          TEXT,
    -- What came of it, JSON; NULL until something did.
    result          TEXT CHECK (result IS NULL OR json_valid(result))
) STRICT;

-- What rules would have raised that are only written down.
CREATE TABLE shadow_alarm (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    camera          TEXT NOT NULL,
    rule            TEXT NOT NULL,
    class           TEXT NOT NULL,
    level           INTEGER NOT NULL CHECK (level BETWEEN 1 AND 4),
    began_ms        INTEGER NOT NULL,
    began_90k       INTEGER NOT NULL,
    raised_ms       INTEGER NOT NULL,
    ended_ms        INTEGER,
    end_cause       TEXT CHECK ((end_cause IS NULL) = (ended_ms IS NULL)),
    -- As of an alarm, JSON.
    evidence        TEXT NOT NULL CHECK (json_valid(evidence)),
    UNIQUE (camera, rule, began_ms, began_90k)
) STRICT;

CREATE INDEX shadow_alarm_began ON shadow_alarm (camera, began_ms);
