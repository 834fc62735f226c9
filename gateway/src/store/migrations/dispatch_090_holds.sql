-- A hold is asked for by a unit and granted by the centre.

-- When a unit asked that the clock stand still; NULL once somebody has answered.
ALTER TABLE incident ADD COLUMN asked_hold_ms INTEGER;
