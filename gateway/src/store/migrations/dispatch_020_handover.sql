-- Hand-overs of the shift: who leaves, who takes over, what the queue was like at that moment, and both signatures.
CREATE TABLE handover (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    state      TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'refused', 'withdrawn', 'lapsed')),
    leaver     INTEGER NOT NULL,
    -- Areas of the leaver, a JSON list: whoever sees the paper or takes over must be responsible for all of them.
    areas      TEXT NOT NULL CHECK (json_valid(areas)),
    -- Whom the leaver hands over to; NULL: to whoever comes.
    meant_for  INTEGER,
    opened_ms  INTEGER NOT NULL,
    note       TEXT NOT NULL,
    -- What the queue was like, JSON. Never changed.
    summary    TEXT NOT NULL CHECK (json_valid(summary)),
    -- Who accepted, refused or withdrew it, and how they signed.
    decided_ms INTEGER CHECK ((decided_ms IS NULL) = (state IN ('open', 'lapsed'))),
    decided_by INTEGER CHECK ((decided_by IS NULL) = (decided_ms IS NULL)),
    signed_by  TEXT CHECK (signed_by IN ('session', 'password') AND (signed_by IS NULL) = (decided_ms IS NULL)),
    answer     TEXT NOT NULL DEFAULT '',
    -- What became of the leaver's claims, JSON; only of an accepted one.
    outcome    TEXT CHECK ((outcome IS NULL) = (state <> 'accepted') AND (outcome IS NULL OR json_valid(outcome))),
    CHECK (state <> 'accepted' OR decided_by <> leaver)
) STRICT;

-- A leaver has one open hand-over.
CREATE UNIQUE INDEX handover_open ON handover (leaver) WHERE state = 'open';
