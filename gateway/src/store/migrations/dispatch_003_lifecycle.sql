-- The whole life of an incident: people's reports beside alarms, units and their parts, clocks, files, search.

-- What incidents go by from their opening on: deadlines and the escalation chain, JSON. Few rows: most are alike.
CREATE TABLE plan (
    id   INTEGER PRIMARY KEY,
    body TEXT NOT NULL UNIQUE CHECK (json_valid(body))
) STRICT;

INSERT INTO plan (id, body) VALUES (1, '{"deadlines":[],"escalation":[{"after":{"basis":"wall","seconds":3600},"to":"值班长"}]}');

CREATE TABLE incident_new (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    -- As people say it: the day of the site and a number of that day, 20261126-0042.
    number          TEXT NOT NULL UNIQUE,
    -- One more with every accepted action; equals the number of rows in incident_history.
    version         INTEGER NOT NULL CHECK (version >= 1),
    state           TEXT NOT NULL,
    -- Repeats `state`, so that the queue is one small index.
    is_open         INTEGER NOT NULL CHECK (is_open = (state NOT IN ('closed', 'revisited', 'rejected', 'merged'))),
    level           INTEGER NOT NULL CHECK (level BETWEEN 1 AND 4),
    class           TEXT NOT NULL,
    -- How it came to the centre.
    source          TEXT NOT NULL,
    -- Facts about the camera as they were when the incident was opened; none of a report that names no camera.
    camera          TEXT,
    camera_name     TEXT CHECK ((camera IS NULL) = (camera_name IS NULL)),
    place           TEXT CHECK ((camera IS NULL) = (place IS NULL)),
    zone            TEXT CHECK (zone IS NULL OR camera IS NOT NULL),
    zone_name       TEXT CHECK ((zone IS NULL) = (zone_name IS NULL)),
    area            TEXT NOT NULL,
    -- What a person reported; none of an alarm.
    title           TEXT CHECK ((title IS NULL) = (source = 'camera')),
    description     TEXT,
    location        TEXT,
    latitude        REAL CHECK (latitude BETWEEN -90 AND 90),
    longitude       REAL CHECK ((longitude IS NULL) = (latitude IS NULL) AND longitude BETWEEN -180 AND 180),
    reporter        TEXT,
    reporter_phone  TEXT,
    -- Camera, class and zone in one word.
    correlation_key TEXT CHECK ((correlation_key IS NULL) = (source <> 'camera')),
    -- 1 while further alarms of its key join it, then NULL for ever: it is over, its window lapsed, or its day is full.
    collecting      INTEGER CHECK (collecting IS NULL OR (collecting = 1 AND is_open = 1 AND correlation_key IS NOT NULL)),
    opened_ms       INTEGER NOT NULL,
    -- When the condition of the first alarm first held, or when it happened as the report says.
    began_ms        INTEGER NOT NULL,
    -- The last sign of any of its alarms: raised, updated or ended; of a report, its opening.
    last_alarm_ms   INTEGER NOT NULL CHECK (last_alarm_ms >= began_ms),
    n_alarms        INTEGER NOT NULL CHECK (n_alarms >= (source = 'camera')),
    plan            INTEGER NOT NULL REFERENCES plan (id),
    -- Who took it first and stays named for it (首接).
    received_by     INTEGER,
    owner           INTEGER,
    lease_until_ms  INTEGER CHECK ((owner IS NULL) = (lease_until_ms IS NULL)),
    -- The next moment by which something must have happened: of the running clocks the first; 2^53 - 1 for none.
    deadline_ms     INTEGER NOT NULL DEFAULT 9007199254740991,
    due_ms          INTEGER,
    -- The due time that a unit asks for.
    asked_due_ms    INTEGER,
    shelf_until_ms  INTEGER CHECK ((state = 'shelved') = (shelf_until_ms IS NOT NULL)),
    merged_into     INTEGER REFERENCES incident (id) CHECK ((state = 'merged') = (merged_into IS NOT NULL)),
    -- Where a shelved or merged incident goes back to.
    previous_state  TEXT CHECK ((state IN ('shelved', 'merged')) = (previous_state IS NOT NULL)),
    -- CloseReason or RejectReason, by the state.
    end_reason      TEXT CHECK ((state IN ('closed', 'revisited', 'rejected')) = (end_reason IS NOT NULL)),
    ended_ms        INTEGER CHECK ((ended_ms IS NULL) = (end_reason IS NULL)),
    archived_ms     INTEGER CHECK (archived_ms IS NULL OR end_reason IS NOT NULL),
    revisit_result  TEXT CHECK (revisit_result IS NULL OR state = 'revisited'),
    satisfaction    TEXT CHECK (satisfaction IS NULL OR revisit_result = 'reached'),
    -- 0 to 3: nothing, reminded, pressed, under supervision.
    urged           INTEGER NOT NULL DEFAULT 0 CHECK (urged BETWEEN 0 AND 3),
    extended        INTEGER NOT NULL DEFAULT 0 CHECK (extended IN (0, 1)),
    held_since_ms   INTEGER,
    overdue         INTEGER NOT NULL DEFAULT 0 CHECK (overdue IN (0, 1)),
    rework          INTEGER NOT NULL DEFAULT 0 CHECK (rework IN (0, 1)),
    reopened        INTEGER NOT NULL DEFAULT 0 CHECK (reopened IN (0, 1)),
    close_suggested INTEGER NOT NULL DEFAULT 0 CHECK (close_suggested IN (0, 1)),
    escalated       INTEGER NOT NULL DEFAULT 0 CHECK (escalated >= 0),
    -- What the assessment proposes for the dispatch, JSON.
    proposal        TEXT CHECK (proposal IS NULL OR json_valid(proposal)),
    -- Its words are in incident_text.
    is_indexed      INTEGER NOT NULL DEFAULT 0 CHECK (is_indexed IN (0, 1))
) STRICT;

INSERT INTO incident_new (id, number, version, state, is_open, level, class, source, camera, camera_name, place, zone,
    zone_name, area, correlation_key, collecting, opened_ms, began_ms, last_alarm_ms, n_alarms, plan, received_by,
    owner, lease_until_ms, due_ms, shelf_until_ms, merged_into, previous_state, end_reason, ended_ms, urged, extended,
    held_since_ms, overdue, rework, reopened, close_suggested)
SELECT id,
    strftime('%Y%m%d', opened_ms / 1000, 'unixepoch', '+8 hours') || '-' || printf('%04d', row_number() OVER (
        PARTITION BY strftime('%Y%m%d', opened_ms / 1000, 'unixepoch', '+8 hours') ORDER BY id)),
    version, state, is_open, level, class, 'camera', camera, camera_name, place, zone, zone_name, area,
    correlation_key, collecting, opened_ms, began_ms, last_alarm_ms, n_alarms, 1,
    (SELECT h.account FROM incident_history h WHERE h.incident = incident.id AND h.action = 'claim'
        ORDER BY h.version LIMIT 1),
    owner, lease_until_ms, due_ms, shelf_until_ms, merged_into, previous_state, end_reason, ended_ms, urged, extended,
    held_since_ms, overdue, rework, reopened, close_suggested
FROM incident ORDER BY id;

DROP TABLE incident;
ALTER TABLE incident_new RENAME TO incident;

-- Two alarms of one key can never open two incidents: the database itself refuses the second.
CREATE UNIQUE INDEX incident_collecting ON incident (correlation_key) WHERE collecting = 1;
-- The queue in its order; covers the cut by area, and by what filters ask for.
CREATE INDEX incident_queue ON incident (level, deadline_ms, id, area, state, class, source, overdue) WHERE is_open = 1;
-- The queue and its past pages, cut by a few areas.
CREATE INDEX incident_area ON incident (area, is_open, id);
-- Past pages, cut by what filters ask for.
CREATE INDEX incident_past ON incident (is_open, id, area, level, class, source, state);
CREATE INDEX incident_class ON incident (class, is_open, id);
CREATE INDEX incident_source ON incident (source, is_open, id);
CREATE INDEX incident_state ON incident (state, id);
-- The clocks that a machine watches.
CREATE INDEX incident_lease ON incident (lease_until_ms) WHERE state = 'claimed';
CREATE INDEX incident_shelf ON incident (shelf_until_ms) WHERE state = 'shelved';
CREATE INDEX incident_unindexed ON incident (id) WHERE is_indexed = 0;

-- The last number given on a day of the site.
CREATE TABLE day_number (
    day  TEXT PRIMARY KEY,
    last INTEGER NOT NULL CHECK (last >= 1)
) STRICT, WITHOUT ROWID;

INSERT INTO day_number SELECT substr(number, 1, 8), count(*) FROM incident GROUP BY 1;

-- The parts of units, in the order in which they were told. Times only become known.
CREATE TABLE assignment (
    incident    INTEGER NOT NULL REFERENCES incident (id),
    -- From 0, without a hole.
    n           INTEGER NOT NULL CHECK (n >= 0),
    unit        TEXT NOT NULL,
    is_lead     INTEGER NOT NULL CHECK (is_lead IN (0, 1)),
    told_ms     INTEGER NOT NULL,
    signed_ms   INTEGER,
    arrived_ms  INTEGER CHECK (arrived_ms IS NULL OR signed_ms IS NOT NULL),
    finished_ms INTEGER CHECK (finished_ms IS NULL OR arrived_ms IS NOT NULL),
    finished_by INTEGER CHECK ((finished_by IS NULL) = (finished_ms IS NULL)),
    reworks     INTEGER NOT NULL DEFAULT 0 CHECK (reworks >= 0),
    ended_ms    INTEGER,
    end_cause   TEXT CHECK ((end_cause IS NULL) = (ended_ms IS NULL)),
    PRIMARY KEY (incident, n)
) STRICT, WITHOUT ROWID;

-- A unit has one part at a time.
CREATE UNIQUE INDEX assignment_active ON assignment (incident, unit) WHERE ended_ms IS NULL;
-- What a unit has to do, and had.
CREATE INDEX assignment_unit ON assignment (unit, incident);

-- Every clock that ever ran. `fired` is the share of its time that was told of: nothing is told twice.
CREATE TABLE clock (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    incident   INTEGER NOT NULL REFERENCES incident (id),
    kind       TEXT NOT NULL,
    -- NULL: the incident's own.
    unit       TEXT,
    basis      TEXT NOT NULL CHECK (basis IN ('wall', 'working')),
    seconds    INTEGER NOT NULL CHECK (seconds >= 0),
    started_ms INTEGER NOT NULL,
    -- When half, and four fifths, of its time have passed.
    half_ms    INTEGER NOT NULL CHECK (half_ms >= started_ms),
    most_ms    INTEGER NOT NULL CHECK (most_ms >= half_ms),
    due_ms     INTEGER NOT NULL CHECK (due_ms >= most_ms),
    -- 0, 50, 80 or 100; of an escalation the number of steps told.
    fired      INTEGER NOT NULL DEFAULT 0 CHECK (fired >= 0),
    -- When something is to be told next; NULL when all was, or when it stopped.
    next_ms    INTEGER,
    -- Why and when it no longer runs: what it waited for has happened, or was put away.
    stopped_ms INTEGER CHECK (stopped_ms IS NULL OR next_ms IS NULL)
) STRICT;

CREATE UNIQUE INDEX clock_running ON clock (incident, kind, coalesce(unit, '')) WHERE stopped_ms IS NULL;
CREATE INDEX clock_next ON clock (next_ms) WHERE next_ms IS NOT NULL;
CREATE INDEX clock_incident ON clock (incident, id);

-- Small files that people add. Never changed.
CREATE TABLE attachment (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    incident   INTEGER NOT NULL REFERENCES incident (id),
    unit       TEXT,
    account    INTEGER,
    name       TEXT NOT NULL,
    media_type TEXT NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png', 'application/pdf', 'text/plain')),
    sha256     BLOB NOT NULL CHECK (length(sha256) = 32),
    at_ms      INTEGER NOT NULL,
    body       BLOB NOT NULL CHECK (length(body) BETWEEN 1 AND 5242880)
) STRICT;

CREATE INDEX attachment_incident ON attachment (incident, id);

-- Supervision sheets (督办单), numbered by the year.
CREATE TABLE supervision (
    incident    INTEGER NOT NULL REFERENCES incident (id),
    -- The version of the history row that made it.
    version     INTEGER NOT NULL,
    year        INTEGER NOT NULL,
    n           INTEGER NOT NULL CHECK (n >= 1),
    PRIMARY KEY (incident, version),
    UNIQUE (year, n)
) STRICT, WITHOUT ROWID;

-- What other systems have reported, by their own numbers: a report that comes again finds its incident.
CREATE TABLE intake (
    intake      TEXT NOT NULL,
    external_id TEXT NOT NULL,
    -- SHA-256 of the report: the same number with another content is refused.
    request     BLOB NOT NULL CHECK (length(request) = 32),
    incident    INTEGER NOT NULL REFERENCES incident (id),
    at_ms       INTEGER NOT NULL,
    PRIMARY KEY (intake, external_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX intake_incident ON intake (incident);

-- Filters that an account has given a name.
CREATE TABLE saved_view (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    name    TEXT NOT NULL,
    -- The filter, JSON, as the interface takes it.
    filter  TEXT NOT NULL CHECK (json_valid(filter) AND length(filter) <= 4000),
    UNIQUE (account, name)
) STRICT;

-- The words of incidents: pairs of neighbouring characters of Chinese, whole words of the rest. The row id is the
-- incident's; the text itself is not kept a second time.
CREATE VIRTUAL TABLE incident_text USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61');

-- What an older release left open gets an hour: it knew no more than whether somebody had it.
INSERT INTO clock (incident, kind, basis, seconds, started_ms, half_ms, most_ms, due_ms, next_ms)
SELECT id, CASE state WHEN 'new' THEN 'accept' WHEN 'done' THEN 'verify' WHEN 'verified' THEN 'close' ELSE 'dispatch' END,
    'wall', 3600, now, now + 1800000, now + 2880000, now + 3600000, now + 1800000
FROM incident, (SELECT unixepoch() * 1000 AS now) WHERE is_open = 1 AND state <> 'shelved';

UPDATE incident SET deadline_ms = (SELECT due_ms FROM clock WHERE clock.incident = incident.id)
WHERE id IN (SELECT incident FROM clock);

-- Answers hold incidents as they were written before: a command that is sent again over the upgrade is looked at anew.
DELETE FROM idempotency;
