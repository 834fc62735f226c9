-- The alarms of a camera in order of time: for timelines, and for jumping from one to the next.
CREATE INDEX alarm_by_time ON alarm (camera, began_ms, id);
