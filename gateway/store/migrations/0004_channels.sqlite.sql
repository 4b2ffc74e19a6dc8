-- What SMS in full and the web channel need: files, opt-outs, consents, visitors, and texts that came late.

-- What the file store has, or may have: written down before the bytes are, so that none is ever left over.
CREATE TABLE file (
  hash    TEXT    PRIMARY KEY,                     -- SHA-256, hexadecimal: the key in the file store
  look_at INTEGER,                                 -- when to see whether anything (still) names it; NULL: something does
  going   INTEGER NOT NULL DEFAULT 0 CHECK (going IN (0, 1))  -- its bytes are being deleted: it may not be named
) STRICT, WITHOUT ROWID;
CREATE INDEX file_look ON file (look_at) WHERE look_at IS NOT NULL;

-- Files of messages. The bytes are in the file store under their hash; equal files are stored once.
CREATE TABLE attachment (
  id            INTEGER PRIMARY KEY,
  team_id       TEXT    REFERENCES team (id),      -- NULL until a message names it
  message_id    INTEGER REFERENCES message (id),   -- NULL until a message names it
  position      INTEGER NOT NULL DEFAULT 0,        -- within its message
  agent_id      INTEGER REFERENCES agent (id),     -- who uploaded it: an agent, a customer, or nobody (a provider's)
  customer_id   INTEGER REFERENCES customer (id),
  state         TEXT    NOT NULL CHECK (state IN ('waiting', 'ready', 'failed')),
  name          TEXT    NOT NULL,                  -- to be shown and saved under; never a path
  type          TEXT    NOT NULL,                  -- media type; by content once it is ready
  size          INTEGER,                           -- bytes
  hash          TEXT    REFERENCES file (hash),
  width         INTEGER,                           -- of a re-encoded image, pixels; NULL for any other file
  height        INTEGER,
  thumb_hash    TEXT    REFERENCES file (hash),
  detail        TEXT,                              -- failed: why, in words an agent can read
  source_url    TEXT,                              -- waiting: where the provider holds it
  channel       TEXT,                              -- and which adapter fetches it
  tries         INTEGER NOT NULL DEFAULT 0,
  due_at        INTEGER,                           -- waiting: when to try to fetch it
  created_at    INTEGER NOT NULL,
  CHECK ((state = 'ready') = (hash IS NOT NULL)),
  CHECK ((message_id IS NULL) = (team_id IS NULL))
) STRICT;
CREATE INDEX attachment_message ON attachment (message_id, position) WHERE message_id IS NOT NULL;
CREATE INDEX attachment_due ON attachment (channel, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX attachment_loose ON attachment (created_at) WHERE message_id IS NULL;
CREATE INDEX attachment_hash ON attachment (hash) WHERE hash IS NOT NULL;
CREATE INDEX attachment_thumb ON attachment (thumb_hash) WHERE thumb_hash IS NOT NULL;

ALTER TABLE message ADD COLUMN files INTEGER NOT NULL DEFAULT 0;  -- how many attachments name this message
ALTER TABLE message ADD COLUMN sent_at INTEGER;  -- when the customer wrote it, if it came in late; else NULL

-- What the program signs with; made at the first start.
CREATE TABLE secret (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Opt-outs hold for a pair of addresses, which is a line.
ALTER TABLE line ADD COLUMN opted_out_at INTEGER;  -- since when nothing may be sent; NULL: it may
CREATE TABLE opt_out (
  id            INTEGER PRIMARY KEY,
  line_id       INTEGER NOT NULL REFERENCES line (id),
  team_id       TEXT    NOT NULL REFERENCES team (id),
  opt           TEXT    NOT NULL CHECK (opt IN ('out', 'in')),
  source        TEXT    NOT NULL CHECK (source IN ('customer', 'provider', 'agent')),
  agent_id      INTEGER,
  credential_id INTEGER,
  note          TEXT,                              -- an agent's: how the customer asked
  at            INTEGER NOT NULL,
  CHECK ((source = 'agent') = (agent_id IS NOT NULL)),
  FOREIGN KEY (credential_id, agent_id) REFERENCES credential (id, agent_id)
) STRICT;
CREATE INDEX opt_out_line ON opt_out (line_id);

-- What a failure means for more than its message: "opted_out" closes the pair, "configuration" is shown to admins.
ALTER TABLE report ADD COLUMN verdict TEXT;

-- Errors of our own set-up, as providers named them; one row for each code.
CREATE TABLE misconfiguration (
  channel TEXT    NOT NULL,
  code    TEXT    NOT NULL,                        -- '' where the provider gave none
  detail  TEXT    NOT NULL,                        -- the newest, in words without anyone's number or text
  count   INTEGER NOT NULL,
  at      INTEGER NOT NULL,                        -- the newest
  PRIMARY KEY (channel, code)
) STRICT, WITHOUT ROWID;

-- An index with a condition serves only a query with that very condition: see QUIET_LINES in domain/event.py.
DROP INDEX event_quiet;
CREATE INDEX event_quiet ON event (thread_id, at)
  WHERE kind IN ('thread.claimed', 'thread.released', 'thread.done', 'thread.moved', 'thread.opened',
                 'line.opted_out', 'line.opted_in', 'line.help');

-- Why we may write first to somebody who has not written.
CREATE TABLE consent (
  id            INTEGER PRIMARY KEY,
  line_id       INTEGER NOT NULL REFERENCES line (id),
  team_id       TEXT    NOT NULL REFERENCES team (id),
  who           TEXT    NOT NULL,                  -- who gave it
  given_at      INTEGER NOT NULL,
  how           TEXT    NOT NULL,
  agent_id      INTEGER NOT NULL,                  -- who recorded it
  credential_id INTEGER NOT NULL,
  at            INTEGER NOT NULL,
  FOREIGN KEY (credential_id, agent_id) REFERENCES credential (id, agent_id)
) STRICT;
CREATE INDEX consent_line ON consent (line_id);

-- A visitor's token on the web. Several tokens may be one customer's (a renewed one, another browser).
CREATE TABLE visitor (
  id          INTEGER PRIMARY KEY,
  identity_id INTEGER NOT NULL REFERENCES identity (id),
  channel     TEXT    NOT NULL,
  secret_hash BLOB    NOT NULL UNIQUE,             -- SHA-256 of 256 random bits
  created_at  INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  revoked_at  INTEGER
) STRICT;
CREATE INDEX visitor_identity ON visitor (identity_id);
CREATE INDEX visitor_ended ON visitor (revoked_at) WHERE revoked_at IS NOT NULL;

-- How far a customer's own client has fetched and read a thread.
CREATE TABLE customer_seen (
  thread_id  INTEGER PRIMARY KEY REFERENCES thread (id),
  fetched_id INTEGER NOT NULL DEFAULT 0,
  read_id    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Until when a channel's inbound messages were compared with the provider's own list.
CREATE TABLE catch_up (
  channel TEXT    PRIMARY KEY,
  through INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
