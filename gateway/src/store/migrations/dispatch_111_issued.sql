-- Supervision sheets are kept as they were issued; flash reports are counted by incident.

-- What is printed, JSON, byte for byte, and its SHA-256. NULL: an older release issued it, and kept no more than its number.
ALTER TABLE supervision ADD COLUMN body BLOB;
ALTER TABLE supervision ADD COLUMN sha256 BLOB CHECK ((sha256 IS NULL) = (body IS NULL) AND length(sha256) = 32);

CREATE TRIGGER supervision_is_never_changed BEFORE UPDATE ON supervision
BEGIN SELECT RAISE(ABORT, 'sheets are never changed'); END;
CREATE TRIGGER supervision_is_never_deleted BEFORE DELETE ON supervision
BEGIN SELECT RAISE(ABORT, 'sheets are never deleted'); END;

CREATE INDEX bulletin_incident ON bulletin (incident, id) WHERE incident IS NOT NULL;
