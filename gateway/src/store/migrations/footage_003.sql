-- The sound of a run, where it is recorded: all of these, or none.
ALTER TABLE run ADD COLUMN audio_codec TEXT CHECK (audio_codec IN ('aac', 'pcma', 'pcmu'));
ALTER TABLE run ADD COLUMN audio_rfc6381 TEXT CHECK ((audio_rfc6381 IS NULL) = (audio_codec IS NULL));
ALTER TABLE run ADD COLUMN audio_rate_hz INTEGER
    CHECK ((audio_rate_hz IS NULL) = (audio_codec IS NULL) AND coalesce(audio_rate_hz > 0, 1));
ALTER TABLE run ADD COLUMN audio_channels INTEGER
    CHECK ((audio_channels IS NULL) = (audio_codec IS NULL) AND coalesce(audio_channels > 0, 1));
ALTER TABLE run ADD COLUMN audio_entry BLOB CHECK ((audio_entry IS NULL) = (audio_codec IS NULL));
