-- Files that are longer than their row says: what a crash tore off them may be covered by a hold or an incident, and
-- there was no room to set it aside. Their row is that of the whole fragments; the file is cut when there is room.
-- The times are bounds, as in `torn`.
CREATE TABLE uncut (
    segment_id    INTEGER PRIMARY KEY REFERENCES segment (id) ON DELETE CASCADE,
    start_wall_ms INTEGER NOT NULL,
    end_wall_ms   INTEGER NOT NULL CHECK (end_wall_ms > start_wall_ms),
    since_ms      INTEGER NOT NULL
) STRICT;
