-- One open incident per correlation key, without exception. Of those that an older release left open beside a newer one of
-- their key each goes on under a key of its own, which no alarm has.

-- Without it every open incident would look at every other one.
CREATE INDEX incident_of_key ON incident (correlation_key, id) WHERE is_open = 1;

UPDATE incident SET correlation_key = correlation_key || '#' || id
WHERE is_open = 1 AND correlation_key IS NOT NULL AND EXISTS (
    SELECT 1 FROM incident o WHERE o.is_open = 1 AND o.correlation_key = incident.correlation_key AND o.id > incident.id);

DROP INDEX incident_of_key;
DROP INDEX incident_collecting;
ALTER TABLE incident DROP COLUMN collecting;
CREATE UNIQUE INDEX incident_open_key ON incident (correlation_key) WHERE is_open = 1;
