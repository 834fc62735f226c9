-- What statistics read, and the reports that were made of it.

-- Incidents by when they came, alarms by when they began.
CREATE INDEX incident_opened ON incident (opened_ms, id, area);
CREATE INDEX alarm_began ON alarm (began_ms, incident, camera, rule, class, level);
-- When incidents ended and began anew.
CREATE INDEX history_turn ON incident_history (at_ms, incident, action)
    WHERE action IN ('close', 'reject', 'merge', 'unmerge', 'reopen');

-- Reports over a period, a topic or one incident (日报、周报、月报、专报、快报), as they were made. Never changed.
CREATE TABLE bulletin (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL,
    title    TEXT NOT NULL,
    from_ms  INTEGER NOT NULL,
    to_ms    INTEGER NOT NULL CHECK (to_ms >= from_ms),
    made_ms  INTEGER NOT NULL,
    made_by  TEXT NOT NULL,
    -- JSON list of the areas that it covers, each with what lies in it: who sees all of them may read it.
    areas    TEXT NOT NULL CHECK (json_valid(areas)),
    -- Of a flash report.
    incident INTEGER REFERENCES incident (id),
    sha256   BLOB NOT NULL CHECK (length(sha256) = 32),
    -- The report, JSON, byte for byte.
    body     BLOB NOT NULL CHECK (length(body) > 0)
) STRICT;

CREATE TRIGGER bulletin_is_never_changed BEFORE UPDATE ON bulletin
BEGIN SELECT RAISE(ABORT, 'reports are never changed'); END;
