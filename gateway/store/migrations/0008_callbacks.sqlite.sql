-- Booked callbacks: the time that a customer was promised, and the people who keep it.

CREATE TABLE booking (
  id         INTEGER PRIMARY KEY,
  uid        TEXT    NOT NULL UNIQUE,  -- of its calendar file; random
  team_id    TEXT    NOT NULL REFERENCES team (id),
  thread_id  INTEGER NOT NULL REFERENCES thread (id),
  kind       TEXT    NOT NULL CHECK (kind IN ('call', 'chat')),
  state      TEXT    NOT NULL CHECK (state IN ('booked', 'claimed', 'ringing', 'begun', 'done', 'missed', 'cancelled')),
  at         INTEGER NOT NULL,  -- the hour that was promised
  ends_at    INTEGER NOT NULL,
  zone       TEXT    NOT NULL,  -- by whose wall clock its customer knows it
  at_once    INTEGER NOT NULL DEFAULT 0 CHECK (at_once IN (0, 1)),  -- "call me now": it takes no slot
  phone      TEXT,  -- E.164; of a call
  about      TEXT    NOT NULL DEFAULT '',  -- in the customer's words
  booked_by  INTEGER REFERENCES agent (id),  -- who booked it for them; NULL: they did
  sequence   INTEGER NOT NULL DEFAULT 0,  -- of its calendar file; grows when it is moved or cancelled
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,  -- when `sequence` last grew
  claimed_by INTEGER REFERENCES agent (id),
  claimed_at INTEGER,
  step       TEXT,  -- the last that was taken by itself for this hour, see ASKS and RINGS
  step_at    INTEGER,
  due_at     INTEGER,  -- when the next one is; NULL: none is
  fired_at   INTEGER,
  begun_at   INTEGER,
  begun_by   INTEGER REFERENCES agent (id),
  ended_at   INTEGER,  -- done, missed or cancelled
  outcome    TEXT,  -- what a person noted at the end
  late       INTEGER NOT NULL DEFAULT 0 CHECK (late IN (0, 1)),  -- fired only after its hour
  broken     INTEGER NOT NULL DEFAULT 0 CHECK (broken IN (0, 1)),  -- the promise for this hour was not kept
  CHECK ((kind = 'call') = (phone IS NOT NULL))
) STRICT;
-- Two tabs cannot make two bookings.
CREATE UNIQUE INDEX booking_open ON booking (thread_id, kind) WHERE state IN ('booked', 'claimed', 'ringing', 'begun');
CREATE INDEX booking_slot ON booking (team_id, kind, at) WHERE state IN ('booked', 'claimed', 'ringing', 'begun');
CREATE INDEX booking_due ON booking (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX booking_board ON booking (team_id, at);
CREATE INDEX booking_thread ON booking (thread_id, id);

-- When somebody works for a team, by the wall clock of the team. Nobody's rows: all of its people, while it is open.
CREATE TABLE shift (
  agent_id   INTEGER NOT NULL REFERENCES agent (id),
  team_id    TEXT    NOT NULL REFERENCES team (id),
  week       TEXT    NOT NULL,  -- JSON as `hours` in teams.toml: {"mon-fri": ["09:00-17:00"]}
  dates      TEXT    NOT NULL DEFAULT '{}',  -- JSON as `dates`: {"2026-12-24": []}
  PRIMARY KEY (agent_id, team_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE agent ADD COLUMN phone TEXT;  -- E.164: which one rings for a booked call
ALTER TABLE agent ADD COLUMN away_at INTEGER;  -- since when they are away; NULL: they are not

-- An index with a condition serves only a query with that very condition: see QUIET_LINES in domain/event.py.
DROP INDEX event_quiet;
CREATE INDEX event_quiet ON event (thread_id, at)
  WHERE kind IN ('thread.claimed', 'thread.released', 'thread.done', 'thread.moved', 'thread.opened',
                 'line.opted_out', 'line.opted_in', 'line.help', 'booking.changed');
