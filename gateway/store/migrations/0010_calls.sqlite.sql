-- Calls through a voice channel: an agent's phone first, then the customer's. Nothing of it is dialed twice.

CREATE TABLE call (
  id               INTEGER PRIMARY KEY,
  reference        TEXT    NOT NULL UNIQUE,  -- random; with the attempt's number, what the provider brings back
  booking_id       INTEGER NOT NULL REFERENCES booking (id),
  agent_id         INTEGER NOT NULL REFERENCES agent (id),
  credential_id    INTEGER NOT NULL REFERENCES credential (id),  -- the evidence that a person asked for it
  channel          TEXT    NOT NULL,
  agent_number     TEXT    NOT NULL,         -- E.164
  customer_number  TEXT    NOT NULL,
  state            TEXT    NOT NULL CHECK (state IN ('queued', 'dialing', 'under_way', 'unknown', 'ended', 'failed')),
  agent_leg        TEXT,                     -- the last that was heard of it; NULL: nothing
  customer_leg     TEXT,
  agent_call_id    TEXT,                     -- the provider's
  customer_call_id TEXT,
  pressed_at       INTEGER,                  -- when the agent pressed a key
  unwanted_at      INTEGER,                  -- since when it is to be hung up
  attempt          INTEGER NOT NULL DEFAULT 0,
  looks            INTEGER NOT NULL DEFAULT 0,  -- how often the provider was asked since something was heard
  due_at           INTEGER,                  -- when to dial, to look it up or to ask how it stands; NULL: never
  lease_until      INTEGER,                  -- of one that is being dialed, by the database's clock
  created_at       INTEGER NOT NULL,
  first_tried_at   INTEGER,
  ended_at         INTEGER,
  seconds          INTEGER,                  -- how long agent and customer were connected
  code             TEXT,
  detail           TEXT,
  UNIQUE (channel, agent_call_id)
) STRICT;
CREATE INDEX call_booking ON call (booking_id, id);
CREATE INDEX call_due ON call (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX call_dialing ON call (agent_number) WHERE state IN ('dialing', 'unknown');

-- What a provider said of a leg, each thing once: one that comes again changes nothing.
CREATE TABLE call_report (
  reference   TEXT    NOT NULL,              -- of the attempt; also of one that we do not know
  provider_id TEXT    NOT NULL,
  leg         TEXT    NOT NULL CHECK (leg IN ('agent', 'customer')),
  state       TEXT    NOT NULL,
  digits      TEXT    NOT NULL,
  seconds     INTEGER,
  code        TEXT,
  detail      TEXT,
  at          INTEGER NOT NULL,
  PRIMARY KEY (reference, provider_id, leg, state, digits)
) STRICT, WITHOUT ROWID;

-- A chat that was booked has been opened: which devices of its customer are still to be told.
CREATE TABLE opening (
  id         INTEGER PRIMARY KEY,
  booking_id INTEGER NOT NULL REFERENCES booking (id),
  device_id  INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  due_at     INTEGER NOT NULL,               -- once claimed: when it is anybody's again
  tries      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX opening_due ON opening (due_at);
CREATE INDEX opening_device ON opening (device_id);
