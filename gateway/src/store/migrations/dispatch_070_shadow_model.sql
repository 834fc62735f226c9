-- Models that only write down what they would have raised, beside rules that do.

CREATE TABLE shadow_alarm_new (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    camera          TEXT NOT NULL,
    -- The shadow model that its camera's own rules were asked about; empty: a shadow rule, and the camera's own model.
    model           TEXT NOT NULL DEFAULT '',
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
    UNIQUE (camera, model, rule, began_ms, began_90k)
) STRICT;

INSERT INTO shadow_alarm_new (id, camera, rule, class, level, began_ms, began_90k, raised_ms, ended_ms, end_cause,
        evidence)
    SELECT id, camera, rule, class, level, began_ms, began_90k, raised_ms, ended_ms, end_cause, evidence
    FROM shadow_alarm;

DROP TABLE shadow_alarm;
ALTER TABLE shadow_alarm_new RENAME TO shadow_alarm;

CREATE INDEX shadow_alarm_began ON shadow_alarm (camera, model, began_ms);

-- When a shadow model looked at a camera, and how many looks it had to leave out: without it, that it saw nothing would
-- not be known from that it did not look.
CREATE TABLE shadow_look (
    camera          TEXT NOT NULL,
    model           TEXT NOT NULL,
    from_ms         INTEGER NOT NULL,
    to_ms           INTEGER NOT NULL CHECK (to_ms >= from_ms),
    n_seen          INTEGER NOT NULL,
    n_left_out      INTEGER NOT NULL,
    PRIMARY KEY (camera, model, from_ms)
) STRICT, WITHOUT ROWID;
