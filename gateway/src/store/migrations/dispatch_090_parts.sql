-- A hold is asked for by a unit and granted by the centre; what becomes part of another incident; what collects alarms for
-- long.

-- When a unit asked that the clock stand still, and which; NULL once somebody has answered.
ALTER TABLE incident ADD COLUMN asked_hold_ms INTEGER;
ALTER TABLE incident ADD COLUMN asked_hold_unit TEXT;

-- What is part of an incident.
CREATE INDEX incident_merged_into ON incident (merged_into) WHERE merged_into IS NOT NULL;
-- Whether an alarm of an incident runs, however many have ended.
CREATE INDEX alarm_incident_running ON alarm (incident) WHERE ended_ms IS NULL;

-- Commands are known by what the client sent: what was kept before is known by something else.
DELETE FROM idempotency;
