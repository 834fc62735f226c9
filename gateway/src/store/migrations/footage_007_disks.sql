-- Recordings on several disks. What there was before lies on the first, which is called `main`.
CREATE TABLE disk (
    name       TEXT PRIMARY KEY,
    -- In its identity file, too.
    uuid       TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    -- The identity file has been written: from then on a disk without one is not mounted.
    is_marked  INTEGER NOT NULL CHECK (is_marked IN (0, 1))
) STRICT;
INSERT INTO disk SELECT 'main', uuid, created_ms, EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'segment')
    FROM volume;
DROP TABLE volume;
ALTER TABLE segment ADD COLUMN disk TEXT NOT NULL DEFAULT 'main';
ALTER TABLE torn ADD COLUMN disk TEXT NOT NULL DEFAULT 'main';
ALTER TABLE garbage ADD COLUMN disk TEXT NOT NULL DEFAULT 'main';
-- By disk first: each disk's retention looks at its own files.
DROP INDEX segment_by_age;
CREATE INDEX segment_by_age ON segment (disk, camera, stream, id, start_wall_ms, end_wall_ms, size_bytes);
