-- Who looked at what of an incident: rows about it, and rows of recordings that were looked at for it.
CREATE INDEX audit_incident ON audit (object, seq) WHERE object GLOB 'incident/*';
CREATE INDEX audit_for_incident ON audit (purpose, seq) WHERE purpose GLOB 'incident/*';
