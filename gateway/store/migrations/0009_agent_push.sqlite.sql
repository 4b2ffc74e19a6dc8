-- Agents whose console is closed are told: by a push to each of their devices.

-- How far each team's log has been looked through for customers' messages; a team that is not here, not at all.
CREATE TABLE agent_push_place (
  team_id TEXT    PRIMARY KEY REFERENCES team (id),
  seq     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO agent_push_place (team_id, seq) SELECT id, event_seq FROM team;

-- What a device is to be told: one row for a thread, or for a booking; what is newer takes its place.
CREATE TABLE agent_push (
  id          INTEGER PRIMARY KEY,
  agent_id    INTEGER NOT NULL REFERENCES agent (id),
  device_id   INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  thread_id   INTEGER NOT NULL REFERENCES thread (id),
  message_id  INTEGER REFERENCES message (id),  -- NULL: it is about the booking
  booking_id  INTEGER REFERENCES booking (id),
  at          INTEGER NOT NULL,            -- of the message, or when it was last asked for
  due_at      INTEGER NOT NULL,
  lease_until INTEGER,                     -- until when somebody is at it, by the database's clock; NULL: nobody is
  attempt     INTEGER NOT NULL DEFAULT 0,  -- only ever grows, also when what is newer takes its place
  tries       INTEGER NOT NULL DEFAULT 0,  -- what back-off counts
  CHECK ((message_id IS NULL) <> (booking_id IS NULL))
) STRICT;
CREATE UNIQUE INDEX agent_push_thread ON agent_push (device_id, thread_id) WHERE booking_id IS NULL;
CREATE UNIQUE INDEX agent_push_booking ON agent_push (device_id, booking_id) WHERE booking_id IS NOT NULL;
CREATE INDEX agent_push_due ON agent_push (due_at);
