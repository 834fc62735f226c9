-- Tickets are followed live: each knows its place among the changes of all tickets. A follower that was away is told of
-- each ticket that changed meanwhile once, as it is now, so nothing has to be kept for it. Tickets are never deleted.
ALTER TABLE ticket ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE ticket SET seq = id;
CREATE UNIQUE INDEX ticket_seq ON ticket (seq);
