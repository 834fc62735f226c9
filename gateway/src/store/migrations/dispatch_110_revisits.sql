-- What waits for a revisit, by when it is due; before it answers of people who are not content and on which nobody has
-- decided yet. Word for word as `revisits::WAITS`.
CREATE INDEX incident_revisit ON incident (state DESC, deadline_ms, id, area, level, class, source)
WHERE (state = 'closed' AND deadline_ms < 9007199254740991)
    OR (state = 'revisited' AND satisfaction = 'dissatisfied' AND archived_ms IS NULL);
