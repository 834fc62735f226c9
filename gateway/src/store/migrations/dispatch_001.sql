-- The dispatch queue: alarms, incidents, their history, and the log that the live feed replays.
-- Times are Unix milliseconds UTC (_ms) or 90 kHz media ticks of a run (_90k). Levels are 1 (red) to 4 (blue).
-- Closed sets of words are written by the domain; the CHECKs here repeat what must hold whatever the code does.

CREATE TABLE incident (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    -- One more with every accepted action; equals the number of rows in incident_history.
    version         INTEGER NOT NULL CHECK (version >= 1),
    state           TEXT NOT NULL,
    -- Repeats `state`, so that the queue is one small index.
    is_open         INTEGER NOT NULL CHECK (is_open = (state NOT IN ('closed', 'revisited', 'rejected', 'merged'))),
    level           INTEGER NOT NULL CHECK (level BETWEEN 1 AND 4),
    class           TEXT NOT NULL,
    -- Facts about the camera as they were when the incident was opened.
    camera          TEXT NOT NULL,
    camera_name     TEXT NOT NULL,
    area            TEXT NOT NULL,
    place           TEXT NOT NULL,
    zone            TEXT,
    zone_name       TEXT CHECK ((zone IS NULL) = (zone_name IS NULL)),
    -- Camera, class and zone in one word.
    correlation_key TEXT NOT NULL,
    -- 1 while further alarms of its key join it, then NULL for ever: it is over, its window lapsed, or its day is full.
    collecting      INTEGER CHECK (collecting IS NULL OR (collecting = 1 AND is_open = 1)),
    opened_ms       INTEGER NOT NULL,
    -- When the condition of the first alarm first held.
    began_ms        INTEGER NOT NULL,
    -- The last sign of any of its alarms: raised, updated or ended.
    last_alarm_ms   INTEGER NOT NULL CHECK (last_alarm_ms >= began_ms),
    n_alarms        INTEGER NOT NULL CHECK (n_alarms >= 1),
    owner           INTEGER,
    lease_until_ms  INTEGER CHECK ((owner IS NULL) = (lease_until_ms IS NULL)),
    due_ms          INTEGER,
    shelf_until_ms  INTEGER CHECK ((state = 'shelved') = (shelf_until_ms IS NOT NULL)),
    merged_into     INTEGER REFERENCES incident (id) CHECK ((state = 'merged') = (merged_into IS NOT NULL)),
    -- Where a shelved or merged incident goes back to.
    previous_state  TEXT CHECK ((state IN ('shelved', 'merged')) = (previous_state IS NOT NULL)),
    -- CloseReason or RejectReason, by the state.
    end_reason      TEXT CHECK ((state IN ('closed', 'revisited', 'rejected')) = (end_reason IS NOT NULL)),
    ended_ms        INTEGER CHECK ((ended_ms IS NULL) = (end_reason IS NULL)),
    urged           INTEGER NOT NULL DEFAULT 0 CHECK (urged IN (0, 1)),
    extended        INTEGER NOT NULL DEFAULT 0 CHECK (extended IN (0, 1)),
    held_since_ms   INTEGER,
    overdue         INTEGER NOT NULL DEFAULT 0 CHECK (overdue IN (0, 1)),
    rework          INTEGER NOT NULL DEFAULT 0 CHECK (rework IN (0, 1)),
    reopened        INTEGER NOT NULL DEFAULT 0 CHECK (reopened IN (0, 1)),
    close_suggested INTEGER NOT NULL DEFAULT 0 CHECK (close_suggested IN (0, 1))
) STRICT;

-- Two alarms of one key can never open two incidents: the database itself refuses the second.
CREATE UNIQUE INDEX incident_collecting ON incident (correlation_key) WHERE collecting = 1;
-- The queue and its past pages, cut by area; covers them but for the level.
CREATE INDEX incident_area ON incident (area, is_open, id);
-- The clocks that a machine watches.
CREATE INDEX incident_lease ON incident (lease_until_ms) WHERE state = 'claimed';
CREATE INDEX incident_shelf ON incident (shelf_until_ms) WHERE state = 'shelved';
CREATE INDEX incident_due ON incident (due_ms) WHERE due_ms IS NOT NULL AND overdue = 0 AND held_since_ms IS NULL;

-- One firing of one rule. Never deleted while its incident exists.
CREATE TABLE alarm (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    incident    INTEGER NOT NULL REFERENCES incident (id),
    camera      TEXT NOT NULL,
    rule        TEXT NOT NULL,
    class       TEXT NOT NULL,
    level       INTEGER NOT NULL CHECK (level BETWEEN 1 AND 4),
    -- When the condition first held: this names the alarm among those of its rule.
    began_ms    INTEGER NOT NULL,
    began_90k   INTEGER NOT NULL,
    -- When it had held long enough.
    raised_ms   INTEGER NOT NULL,
    raised_90k  INTEGER NOT NULL,
    -- When it was last known to hold.
    last_ms     INTEGER NOT NULL CHECK (last_ms >= began_ms),
    -- When it last held, and when that was certain; media time is unknown after a restart.
    ended_ms    INTEGER,
    cleared_ms  INTEGER CHECK ((cleared_ms IS NULL) = (ended_ms IS NULL)),
    end_cause   TEXT CHECK ((end_cause IS NULL) = (ended_ms IS NULL)),
    peak        INTEGER NOT NULL CHECK (peak >= 0),
    -- Codes and numbers of the explaining sentence, JSON, of the frame of the peak.
    evidence    TEXT NOT NULL CHECK (json_valid(evidence)),
    UNIQUE (camera, rule, began_ms, began_90k)
) STRICT;

CREATE INDEX alarm_incident ON alarm (incident, id);
-- A rule has one running alarm at most.
CREATE UNIQUE INDEX alarm_running ON alarm (camera, rule) WHERE ended_ms IS NULL;

-- What was done to an incident, by whom: one row per version, never changed.
CREATE TABLE incident_history (
    incident    INTEGER NOT NULL REFERENCES incident (id),
    version     INTEGER NOT NULL CHECK (version >= 1),
    at_ms       INTEGER NOT NULL,
    -- `open`, or the verb of an action.
    action      TEXT NOT NULL,
    -- The action with its details, JSON; NULL for `open`.
    detail      TEXT CHECK (detail IS NULL OR json_valid(detail)),
    -- The account; NULL when the machine did it.
    account     INTEGER,
    state_from  TEXT,
    state_to    TEXT NOT NULL,
    level       INTEGER NOT NULL CHECK (level BETWEEN 1 AND 4),
    -- The alarm that caused it, if any.
    alarm       INTEGER REFERENCES alarm (id),
    note        TEXT,
    PRIMARY KEY (incident, version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER incident_history_is_never_changed BEFORE UPDATE ON incident_history
BEGIN SELECT RAISE(ABORT, 'history is never changed'); END;
CREATE TRIGGER incident_history_is_never_deleted BEFORE DELETE ON incident_history
BEGIN SELECT RAISE(ABORT, 'history is never deleted'); END;

-- What the live feed replays: its id is the SSE event id. One writer, so the order of seq is the order of commits.
CREATE TABLE change_log (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    incident    INTEGER NOT NULL REFERENCES incident (id),
    -- The incident's version then; the same as before when only an alarm of it changed.
    version     INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    at_ms       INTEGER NOT NULL
) STRICT;

CREATE INDEX change_log_at ON change_log (at_ms);
CREATE INDEX change_log_incident ON change_log (incident, version);

-- The picture of the moment that an alarm was raised.
CREATE TABLE snapshot (
    alarm       INTEGER PRIMARY KEY REFERENCES alarm (id),
    jpeg        BLOB NOT NULL CHECK (length(jpeg) BETWEEN 4 AND 1048576)
) STRICT;

-- Boxes of the analysed frames around alarms, at most a second in a row.
CREATE TABLE trace (
    id          INTEGER PRIMARY KEY,
    camera      TEXT NOT NULL,
    from_ms     INTEGER NOT NULL,
    until_ms    INTEGER NOT NULL CHECK (until_ms >= from_ms),
    -- JSON list of frames.
    frames      TEXT NOT NULL CHECK (length(frames) <= 1048576)
) STRICT;

CREATE INDEX trace_camera ON trace (camera, from_ms);
CREATE INDEX trace_from ON trace (from_ms);

-- Answers to commands that may be sent twice.
CREATE TABLE idempotency (
    account     INTEGER NOT NULL,
    key         TEXT NOT NULL,
    -- The request, JSON: the same key with another request is refused.
    request     TEXT NOT NULL,
    -- The incident as it was answered, JSON.
    answer      TEXT NOT NULL,
    at_ms       INTEGER NOT NULL,
    PRIMARY KEY (account, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_at ON idempotency (at_ms);
