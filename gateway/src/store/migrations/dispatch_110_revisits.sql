-- What waits for a revisit, by when it is due; before it answers of people who are not content and on which nobody has
-- decided yet. What is archived waits for nobody. Word for word as `revisits::WAITS`.
CREATE INDEX incident_revisit
ON incident (state DESC, deadline_ms, id, area, level, class, source, satisfaction, archived_ms)
WHERE archived_ms IS NULL AND ((state = 'closed' AND deadline_ms < 9007199254740991)
    OR (state = 'revisited' AND satisfaction = 'dissatisfied'));
-- What somebody answers for, in the order of the queue.
CREATE INDEX incident_owner ON incident (owner, level, deadline_ms, id) WHERE is_open = 1 AND owner IS NOT NULL;
