-- What becomes part of another incident, and what collects alarms for long.

-- Which unit has asked for a hold; NULL also where an older release was asked.
ALTER TABLE incident ADD COLUMN asked_hold_unit TEXT;

-- What is part of an incident.
CREATE INDEX incident_merged_into ON incident (merged_into) WHERE merged_into IS NOT NULL;
-- Whether an alarm of an incident runs, however many have ended.
CREATE INDEX alarm_incident_running ON alarm (incident) WHERE ended_ms IS NULL;

-- Chains that are over wait for nobody.
DELETE FROM escalation_notice WHERE incident IN (SELECT id FROM incident WHERE escalated = 0);
-- Commands are known by what the client sent: what was kept before is known by something else.
DELETE FROM idempotency;
