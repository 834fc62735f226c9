-- Old proofs of deletion, folded: one row per stream, reason and UTC day of deletion stands for the single ones.
-- `sha256` is a chain over them in the order of their ids, from 32 zero bytes: each step is the SHA-256 of the chain so far
-- and of the line "at_ms TAB camera TAB stream TAB from_ms TAB to_ms TAB size_bytes TAB sha256 in hex TAB reason LF".
-- Who has a copy of the single proofs shows with it that none was added, left out or changed.
CREATE TABLE deletion_day (
    camera     TEXT NOT NULL,
    stream     TEXT NOT NULL,
    day_ms     INTEGER NOT NULL CHECK (day_ms % 86400000 = 0),
    reason     TEXT NOT NULL CHECK (reason IN ('expired', 'bytes', 'disk_full', 'torn')),
    n_files    INTEGER NOT NULL CHECK (n_files > 0),
    size_bytes INTEGER NOT NULL,
    -- From the earliest to the latest footage; there may be footage between that is still there.
    from_ms    INTEGER NOT NULL,
    to_ms      INTEGER NOT NULL,
    sha256     BLOB NOT NULL CHECK (length(sha256) = 32),
    PRIMARY KEY (camera, stream, day_ms, reason)
) STRICT, WITHOUT ROWID;

-- What a crash tore off leaves a proof, too, when it is deleted: reason 'torn'. A check cannot be changed, so the table is
-- made anew.
CREATE TABLE deletion_new (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms      INTEGER NOT NULL,
    camera     TEXT NOT NULL,
    stream     TEXT NOT NULL,
    from_ms    INTEGER NOT NULL,
    to_ms      INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256     BLOB NOT NULL,
    reason     TEXT NOT NULL CHECK (reason IN ('expired', 'bytes', 'disk_full', 'torn'))
) STRICT;
INSERT INTO deletion_new SELECT id, at_ms, camera, stream, from_ms, to_ms, size_bytes, sha256, reason FROM deletion;
DROP TABLE deletion;
ALTER TABLE deletion_new RENAME TO deletion;
CREATE INDEX deletion_shed ON deletion (camera, stream, to_ms) WHERE reason = 'disk_full';
-- The oldest day, whole and in the order of its rows, wherever the clock has put the others.
CREATE INDEX deletion_by_time ON deletion (at_ms);
CREATE TRIGGER deletion_is_never_changed BEFORE UPDATE ON deletion
BEGIN SELECT RAISE(ABORT, 'the proof of deletion is never changed'); END;
-- A single proof goes only when its day has it.
CREATE TRIGGER deletion_is_only_folded BEFORE DELETE ON deletion
WHEN NOT EXISTS (SELECT 1 FROM deletion_day d WHERE d.camera = OLD.camera AND d.stream = OLD.stream
    AND d.day_ms = OLD.at_ms - (OLD.at_ms % 86400000 + 86400000) % 86400000 AND d.reason = OLD.reason
    AND d.from_ms <= OLD.from_ms AND d.to_ms >= OLD.to_ms)
BEGIN SELECT RAISE(ABORT, 'the proof of deletion is never deleted'); END;
CREATE TRIGGER deletion_day_only_grows BEFORE UPDATE ON deletion_day
WHEN NEW.n_files <= OLD.n_files OR NEW.size_bytes < OLD.size_bytes
    OR NEW.from_ms > OLD.from_ms OR NEW.to_ms < OLD.to_ms
BEGIN SELECT RAISE(ABORT, 'the proof of deletion is never changed'); END;
CREATE TRIGGER deletion_day_is_never_deleted BEFORE DELETE ON deletion_day
BEGIN SELECT RAISE(ABORT, 'the proof of deletion is never deleted'); END;
