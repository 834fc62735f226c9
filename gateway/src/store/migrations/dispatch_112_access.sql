-- Who looked at what of an incident: rows about it, and rows of recordings that were looked at for it.
CREATE INDEX audit_incident ON audit (object, seq, action) WHERE object GLOB 'incident/*';
CREATE INDEX audit_for_incident ON audit (purpose, seq, action) WHERE purpose GLOB 'incident/*';
