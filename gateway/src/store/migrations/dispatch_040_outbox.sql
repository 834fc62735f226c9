-- What other systems are told of incidents, and where an incident was before.

-- Areas that an assessment has taken it out of, JSON: whoever saw it there is told that it is gone.
ALTER TABLE incident ADD COLUMN past_areas TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(past_areas));

-- Who speaks, in keys that receivers recognise repeats by: another database is another origin.
CREATE TABLE outbox_origin (
    only   INTEGER PRIMARY KEY CHECK (only = 1),
    origin TEXT NOT NULL
) STRICT;

INSERT INTO outbox_origin VALUES (1, lower(hex(randomblob(8))));

-- One row for each change of an incident and each target that is to know of it.
CREATE TABLE outbox (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    target   TEXT NOT NULL,
    incident INTEGER NOT NULL REFERENCES incident (id),
    -- The version of the history row that it tells of.
    version  INTEGER NOT NULL,
    event    TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    -- What is sent, as it was when it happened.
    body     TEXT NOT NULL CHECK (json_valid(body)),
    state    TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- When it is tried next. Of the waiting rows of an incident only the first has one: the others wait for it.
    next_ms  INTEGER CHECK (next_ms IS NULL OR state = 'waiting'),
    -- When it was delivered or given up.
    ended_ms INTEGER CHECK ((ended_ms IS NULL) = (state = 'waiting')),
    -- Why the last attempt failed.
    stage    TEXT,
    code     TEXT CHECK ((code IS NULL) = (stage IS NULL)),
    detail   TEXT CHECK ((detail IS NULL) = (stage IS NULL)),
    UNIQUE (target, incident, version)
) STRICT;

-- Two rows of one incident are never on their way to one target at the same time.
CREATE UNIQUE INDEX outbox_first ON outbox (target, incident) WHERE next_ms IS NOT NULL;
CREATE INDEX outbox_next ON outbox (target, next_ms, id) WHERE next_ms IS NOT NULL;
CREATE INDEX outbox_waiting ON outbox (target, incident, id) WHERE state = 'waiting';
CREATE INDEX outbox_oldest ON outbox (target, at_ms) WHERE state = 'waiting';
CREATE INDEX outbox_dead ON outbox (target, id) WHERE state = 'dead';
CREATE INDEX outbox_ended ON outbox (ended_ms) WHERE ended_ms IS NOT NULL;

-- What a target was ever told of goes on being told, whatever the filter says of it later.
CREATE TABLE outbox_told (
    target   TEXT NOT NULL,
    incident INTEGER NOT NULL,
    last_ms  INTEGER NOT NULL,
    PRIMARY KEY (target, incident)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_told_last ON outbox_told (last_ms);

-- How each target does.
CREATE TABLE outbox_target (
    target     TEXT PRIMARY KEY,
    success_ms INTEGER,
    failure_ms INTEGER,
    -- Since when nothing was delivered although it was tried; NULL: the last attempt was fine.
    failing_ms INTEGER,
    stage      TEXT,
    code       TEXT,
    detail     TEXT,
    -- Rows that were dropped because there were too many.
    lost       INTEGER NOT NULL DEFAULT 0 CHECK (lost >= 0)
) STRICT, WITHOUT ROWID;
