-- Tickets: technical faults for technicians. Never part of the dispatch queue.
CREATE TABLE ticket (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT NOT NULL,
    -- NULL: the site as a whole.
    camera          TEXT,
    state           TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'recovered', 'closed')),
    -- Repeats `state`, for the index.
    is_open         INTEGER NOT NULL CHECK (is_open = (state IN ('open', 'acknowledged'))),
    level           INTEGER NOT NULL CHECK (level BETWEEN 1 AND 4),
    -- The stage that fails, where stages are.
    stage           TEXT,
    -- What exactly, as a stable word; then in English, as it was last.
    code            TEXT NOT NULL,
    detail          TEXT NOT NULL,
    remedy          TEXT NOT NULL,
    first_ms        INTEGER NOT NULL,
    -- The last time that it began, or was seen before it was over.
    last_ms         INTEGER NOT NULL CHECK (last_ms >= first_ms),
    -- How often it began.
    n_times         INTEGER NOT NULL CHECK (n_times >= 1),
    acknowledged_ms INTEGER,
    acknowledged_by TEXT CHECK ((acknowledged_ms IS NULL) = (acknowledged_by IS NULL)),
    recovered_ms    INTEGER,
    closed_ms       INTEGER CHECK ((state = 'closed') = (closed_ms IS NOT NULL)),
    closed_by       TEXT CHECK ((closed_ms IS NULL) = (closed_by IS NULL)),
    note            TEXT NOT NULL DEFAULT ''
) STRICT;

-- A fault has one open ticket, however often it comes back.
CREATE UNIQUE INDEX ticket_open ON ticket (kind, coalesce(camera, '')) WHERE is_open = 1;
CREATE INDEX ticket_last ON ticket (last_ms);
