-- The footage index. Times: _ms is Unix milliseconds UTC, _90k is the run's media time.
-- Invariant: a row of `segment` in state 'closed' means that the file exists, complete, with that size and hash.
-- Invariant: every file below the media directory is named by exactly one row of `segment` or `garbage`.

-- The disk that this index describes; its identity file carries the same uuid.
CREATE TABLE volume (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    uuid       TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;

-- One uninterrupted session of a stream: parameters are constant within it.
CREATE TABLE run (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    camera         TEXT NOT NULL,
    stream         TEXT NOT NULL CHECK (stream IN ('main', 'sub')),
    generation     INTEGER NOT NULL,
    wall_start_ms  INTEGER NOT NULL,
    codec          TEXT NOT NULL CHECK (codec IN ('h264', 'h265')),
    rfc6381        TEXT NOT NULL,
    width_px       INTEGER NOT NULL,
    height_px      INTEGER NOT NULL,
    sample_entry   BLOB NOT NULL,
    decoder_config BLOB NOT NULL
) STRICT;

-- One recorded file. `fragments` is the table of `record::table`: clips are planned from it without opening the file.
CREATE TABLE segment (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id        INTEGER NOT NULL REFERENCES run (id),
    camera        TEXT NOT NULL,
    stream        TEXT NOT NULL CHECK (stream IN ('main', 'sub')),
    path          TEXT NOT NULL UNIQUE,
    state         TEXT NOT NULL CHECK (state IN ('open', 'closed', 'recovered')),
    start_wall_ms INTEGER NOT NULL,
    end_wall_ms   INTEGER,
    start_pts_90k INTEGER NOT NULL,
    end_pts_90k   INTEGER,
    size_bytes    INTEGER,
    sha256        BLOB CHECK (length(sha256) = 32),
    n_frames      INTEGER,
    fragments     BLOB,
    CHECK (state = 'open' OR (end_wall_ms >= start_wall_ms AND end_pts_90k > start_pts_90k AND size_bytes > 0
        AND sha256 IS NOT NULL AND n_frames > 0 AND fragments IS NOT NULL))
) STRICT;
CREATE INDEX segment_by_time ON segment (camera, stream, start_wall_ms);
CREATE INDEX segment_open ON segment (id) WHERE state = 'open';
CREATE INDEX segment_by_run ON segment (run_id);

-- Missing recording, each piece with its cause; without an end while it lasts.
CREATE TABLE gap (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    camera        TEXT NOT NULL,
    stream        TEXT NOT NULL CHECK (stream IN ('main', 'sub')),
    start_wall_ms INTEGER NOT NULL,
    end_wall_ms   INTEGER CHECK (end_wall_ms > start_wall_ms),
    cause         TEXT NOT NULL
) STRICT;
CREATE INDEX gap_by_time ON gap (camera, stream, start_wall_ms);
CREATE UNIQUE INDEX gap_open ON gap (camera, stream) WHERE end_wall_ms IS NULL;

-- Files on their way out: a row here, then unlink, then fsync of the directory, then no row.
CREATE TABLE garbage (
    path       TEXT PRIMARY KEY,
    size_bytes INTEGER NOT NULL,
    since_ms   INTEGER NOT NULL
) STRICT;
