-- Whom the escalation chain has told, until they have said that they have seen it.

CREATE TABLE escalation_notice (
    incident        INTEGER NOT NULL REFERENCES incident (id),
    account         INTEGER NOT NULL,
    -- Of the chain; the newest one.
    step            INTEGER NOT NULL CHECK (step > 0),
    told_ms         INTEGER NOT NULL,
    acknowledged_ms INTEGER,
    PRIMARY KEY (incident, account)
) STRICT, WITHOUT ROWID;

CREATE INDEX escalation_notice_unseen ON escalation_notice (account, incident) WHERE acknowledged_ms IS NULL;
