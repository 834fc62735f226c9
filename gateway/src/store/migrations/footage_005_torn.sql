-- What a crash tore off a recorded file: not playable, and kept beside it for as long as a hold or an incident may cover it.
-- Invariant: every file below the media directory is named by exactly one row of `segment`, `garbage` or `torn`.
-- The times are bounds: nobody knows which part of them the bytes show.
CREATE TABLE torn (
    path          TEXT PRIMARY KEY,
    camera        TEXT NOT NULL,
    stream        TEXT NOT NULL CHECK (stream IN ('main', 'sub')),
    start_wall_ms INTEGER NOT NULL,
    end_wall_ms   INTEGER NOT NULL CHECK (end_wall_ms > start_wall_ms),
    size_bytes    INTEGER NOT NULL CHECK (size_bytes > 0),
    sha256        BLOB NOT NULL CHECK (length(sha256) = 32),
    since_ms      INTEGER NOT NULL
) STRICT;
