-- The app: who its signed tokens speak for, and the devices that a push wakes.

-- What the newest token said of an app's customer.
CREATE TABLE profile (
  identity_id    INTEGER PRIMARY KEY REFERENCES identity (id),
  phone          TEXT,                             -- E.164
  phone_verified INTEGER NOT NULL DEFAULT 0 CHECK (phone_verified IN (0, 1)),
  postal_code    TEXT,
  region         TEXT,
  class          TEXT,
  account        TEXT,
  locale         TEXT,
  seen_at        INTEGER NOT NULL                  -- when they last came with a token that was new to us
) STRICT;
CREATE INDEX profile_phone ON profile (phone) WHERE phone IS NOT NULL;

-- A phone or a browser. It is one owner's; whoever registers it next takes it over.
CREATE TABLE device (
  id            INTEGER PRIMARY KEY,
  customer_id   INTEGER REFERENCES customer (id),
  agent_id      INTEGER REFERENCES agent (id),
  visitor_id    INTEGER,                           -- the token that it was registered under, and goes with
  credential_id INTEGER,                           -- the session, likewise
  channel       TEXT    NOT NULL,                  -- whose keys a push is signed with
  platform      TEXT    NOT NULL CHECK (platform IN ('fcm', 'apns', 'webpush')),
  address       TEXT    NOT NULL,
  keys          TEXT    NOT NULL DEFAULT '{}',     -- JSON; of a browser
  created_at    INTEGER NOT NULL,
  seen_at       INTEGER NOT NULL,                  -- last registered
  UNIQUE (channel, platform, address),
  CHECK ((customer_id IS NULL) <> (agent_id IS NULL))
) STRICT;
CREATE INDEX device_customer ON device (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX device_agent ON device (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX device_visitor ON device (visitor_id) WHERE visitor_id IS NOT NULL;
CREATE INDEX device_credential ON device (credential_id) WHERE credential_id IS NOT NULL;

CREATE INDEX visitor_expires ON visitor (expires_at);
