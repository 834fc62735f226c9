-- A timeline reads every gap of its window and nothing else: from the index alone.
DROP INDEX gap_by_time;
CREATE INDEX gap_by_time ON gap (camera, stream, start_wall_ms, end_wall_ms, cause);
