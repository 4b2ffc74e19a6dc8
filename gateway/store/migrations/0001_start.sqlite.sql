-- Times are whole microseconds since 1970, UTC. `team_id` stands on every row that grows, so that a team can be a shard.

CREATE TABLE team (
  id         TEXT PRIMARY KEY,
  event_seq  INTEGER NOT NULL DEFAULT 0,   -- number of the newest event: the cursor of feeds
  chain_seq  INTEGER NOT NULL DEFAULT 0,   -- number of the newest link of the authorship chain
  chain_hash BLOB    NOT NULL DEFAULT x''  -- its hash
) STRICT, WITHOUT ROWID;

CREATE TABLE agent (
  id            INTEGER PRIMARY KEY,
  login         TEXT    NOT NULL UNIQUE,   -- lower case
  name          TEXT    NOT NULL,
  display_name  TEXT    NOT NULL,          -- what customers see
  role          TEXT    NOT NULL CHECK (role IN ('agent', 'lead', 'admin')),
  password_hash TEXT,                      -- argon2id; NULL: cannot sign in with a password
  created_at    INTEGER NOT NULL,
  disabled_at   INTEGER,
  demo          INTEGER NOT NULL DEFAULT 0 CHECK (demo IN (0, 1)),  -- never served beyond this machine
  reach_version INTEGER NOT NULL DEFAULT 0 -- raised when what this person may see changes: open streams start anew
) STRICT;

CREATE TABLE agent_team (
  agent_id INTEGER NOT NULL REFERENCES agent (id),
  team_id  TEXT    NOT NULL REFERENCES team (id),
  PRIMARY KEY (agent_id, team_id)
) STRICT, WITHOUT ROWID;

-- A session or a personal token: the evidence under which words were written, so a row is revoked and never deleted.
CREATE TABLE credential (
  id          INTEGER PRIMARY KEY,
  agent_id    INTEGER NOT NULL REFERENCES agent (id),
  kind        TEXT    NOT NULL CHECK (kind IN ('session', 'token')),
  label       TEXT    NOT NULL DEFAULT '',
  secret_hash BLOB    NOT NULL UNIQUE,     -- SHA-256 of 256 random bits
  may_reply   INTEGER NOT NULL CHECK (may_reply IN (0, 1)),
  created_at  INTEGER NOT NULL,
  expires_at  INTEGER,
  revoked_at  INTEGER,
  UNIQUE (id, agent_id)
) STRICT;
CREATE INDEX credential_agent ON credential (agent_id);

CREATE TABLE customer (
  id         INTEGER PRIMARY KEY,
  team_id    TEXT    NOT NULL REFERENCES team (id),  -- their own team
  name       TEXT,
  created_at INTEGER NOT NULL
) STRICT;

-- Where a customer can be met. Messages keep the identity, so that linking two can be undone.
CREATE TABLE identity (
  id          INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customer (id),
  kind        TEXT    NOT NULL,
  address     TEXT    NOT NULL,
  created_at  INTEGER NOT NULL,
  UNIQUE (kind, address)
) STRICT;
CREATE INDEX identity_customer ON identity (customer_id);
CREATE INDEX identity_address ON identity (address);

CREATE TABLE thread (
  id              INTEGER PRIMARY KEY,
  customer_id     INTEGER NOT NULL REFERENCES customer (id),
  team_id         TEXT    NOT NULL REFERENCES team (id),
  created_at      INTEGER NOT NULL,
  claimed_by      INTEGER REFERENCES agent (id),
  claimed_at      INTEGER,
  last_message_id INTEGER,                 -- newest in or out, for the inbox
  last_line_id    INTEGER,                 -- where the customer last wrote: where an answer goes
  in_count        INTEGER NOT NULL DEFAULT 0,
  done_at         INTEGER,                 -- until the next message
  UNIQUE (customer_id, team_id)
) STRICT;
CREATE INDEX thread_claimed ON thread (claimed_by) WHERE claimed_by IS NOT NULL;

-- A pair of addresses: a customer's, and the one of ours they write to. It stays with its thread when that moves.
CREATE TABLE line (
  id          INTEGER PRIMARY KEY,
  identity_id INTEGER NOT NULL REFERENCES identity (id),
  channel     TEXT    NOT NULL,
  endpoint    TEXT    NOT NULL,
  thread_id   INTEGER NOT NULL REFERENCES thread (id),
  created_at  INTEGER NOT NULL,
  UNIQUE (identity_id, channel, endpoint)
) STRICT;
CREATE INDEX line_thread ON line (thread_id);

-- Who may see a thread: 'team:<id>' or 'agent:<id>'. It carries the inbox's order, so that an inbox is one index scan.
CREATE TABLE reach (
  thread_id     INTEGER NOT NULL REFERENCES thread (id),
  holder        TEXT    NOT NULL,
  waiting_since INTEGER,                   -- NULL: nobody waits
  last_at       INTEGER NOT NULL,
  PRIMARY KEY (thread_id, holder)
) STRICT, WITHOUT ROWID;
CREATE INDEX reach_waiting ON reach (holder, waiting_since, thread_id) WHERE waiting_since IS NOT NULL;
CREATE INDEX reach_latest ON reach (holder, last_at, thread_id);

-- What a person holds. A query that joins it shows nothing when somebody forgot a check.
CREATE VIEW holding (agent_id, holder) AS
  SELECT agent_team.agent_id, 'team:' || agent_team.team_id
    FROM agent_team JOIN agent ON agent.id = agent_team.agent_id
   WHERE agent.disabled_at IS NULL AND agent.role <> 'admin'
  UNION ALL
  SELECT agent.id, 'team:' || team.id
    FROM agent CROSS JOIN team
   WHERE agent.disabled_at IS NULL AND agent.role = 'admin'
  UNION ALL
  SELECT agent.id, 'agent:' || agent.id FROM agent WHERE agent.disabled_at IS NULL;

CREATE TABLE message (
  id            INTEGER PRIMARY KEY,
  team_id       TEXT    NOT NULL REFERENCES team (id),
  thread_id     INTEGER NOT NULL REFERENCES thread (id),
  direction     TEXT    NOT NULL CHECK (direction IN ('in', 'out', 'note')),
  identity_id   INTEGER REFERENCES identity (id),  -- whom it came from or went to
  line_id       INTEGER REFERENCES line (id),      -- and by which of our addresses
  channel       TEXT    NOT NULL,                  -- '' for a note
  agent_id      INTEGER,
  credential_id INTEGER,
  body          TEXT    NOT NULL,
  salt          BLOB,                              -- of the digest in the authorship chain
  media         TEXT    NOT NULL DEFAULT '[]',     -- JSON: [{url, content_type}]
  provider_id   TEXT,                              -- inbound only: the key of deduplication
  at            INTEGER NOT NULL,
  CHECK ((direction = 'note') = (identity_id IS NULL)),
  CHECK ((direction = 'note') = (line_id IS NULL)),
  -- Nothing leaves, and nothing is noted, without a person and the evidence for it.
  CHECK ((direction = 'in') = (agent_id IS NULL)),
  CHECK ((direction = 'in') = (credential_id IS NULL)),
  CHECK ((direction = 'out') = (salt IS NOT NULL)),
  FOREIGN KEY (credential_id, agent_id) REFERENCES credential (id, agent_id)
) STRICT;
CREATE UNIQUE INDEX message_provider ON message (channel, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX message_thread ON message (thread_id, id);

-- The unbroken chain of a team's outbound messages: hash = SHA-256(prev, team, seq, message, agent, credential, digest).
CREATE TABLE authorship (
  team_id       TEXT    NOT NULL REFERENCES team (id),
  seq           INTEGER NOT NULL,
  message_id    INTEGER NOT NULL UNIQUE REFERENCES message (id),
  agent_id      INTEGER NOT NULL,
  credential_id INTEGER NOT NULL,
  digest        BLOB    NOT NULL,
  prev          BLOB    NOT NULL,
  hash          BLOB    NOT NULL,
  PRIMARY KEY (team_id, seq),
  FOREIGN KEY (credential_id, agent_id) REFERENCES credential (id, agent_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery (
  id             INTEGER PRIMARY KEY,
  team_id        TEXT    NOT NULL REFERENCES team (id),
  thread_id      INTEGER NOT NULL REFERENCES thread (id),
  message_id     INTEGER NOT NULL UNIQUE REFERENCES message (id),
  identity_id    INTEGER NOT NULL REFERENCES identity (id),
  channel        TEXT    NOT NULL,
  endpoint       TEXT    NOT NULL,
  state          TEXT    NOT NULL
                 CHECK (state IN ('queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'unknown')),
  attempt        INTEGER NOT NULL DEFAULT 0,  -- only ever grows: what completion must name
  tries          INTEGER NOT NULL DEFAULT 0,  -- attempts since a person last decided: what back-off counts
  due_at         INTEGER,                  -- queued: when to try; unknown: when to look it up; else NULL
  lease_until    INTEGER,                  -- sending: when its holder is given up
  first_tried_at INTEGER,
  lookups        INTEGER NOT NULL DEFAULT 0,
  provider_id    TEXT,
  code           TEXT,
  detail         TEXT,                     -- in words an agent can read
  updated_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_due ON delivery (channel, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX delivery_lease ON delivery (lease_until) WHERE state = 'sending';
CREATE INDEX delivery_open ON delivery (thread_id, id) WHERE state IN ('queued', 'sending');
CREATE UNIQUE INDEX delivery_provider ON delivery (channel, provider_id) WHERE provider_id IS NOT NULL;

-- Every delivery report as it came; delivery_id is NULL while we do not know what it speaks of.
CREATE TABLE report (
  id          INTEGER PRIMARY KEY,
  channel     TEXT    NOT NULL,
  provider_id TEXT    NOT NULL,
  delivery_id INTEGER REFERENCES delivery (id),
  state       TEXT    NOT NULL,
  code        TEXT,
  detail      TEXT,
  at          INTEGER NOT NULL
) STRICT;
CREATE INDEX report_unclaimed ON report (channel, provider_id) WHERE delivery_id IS NULL;
CREATE INDEX report_delivery ON report (delivery_id) WHERE delivery_id IS NOT NULL;

CREATE TABLE event (
  team_id   TEXT    NOT NULL REFERENCES team (id),
  seq       INTEGER NOT NULL,
  thread_id INTEGER,
  kind      TEXT    NOT NULL,
  at        INTEGER NOT NULL,
  data      TEXT    NOT NULL,              -- JSON
  PRIMARY KEY (team_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_quiet ON event (thread_id, at)
  WHERE kind IN ('thread.claimed', 'thread.released', 'thread.done', 'thread.moved');

-- How far a person has read a thread.
CREATE TABLE seen (
  agent_id   INTEGER NOT NULL REFERENCES agent (id),
  thread_id  INTEGER NOT NULL REFERENCES thread (id),
  message_id INTEGER NOT NULL,
  in_count   INTEGER NOT NULL,             -- thread.in_count up to that message
  PRIMARY KEY (agent_id, thread_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
  principal   TEXT    NOT NULL,            -- 'agent:<id>'
  key         TEXT    NOT NULL,
  fingerprint BLOB    NOT NULL,            -- SHA-256 of method, path and body
  answer      TEXT    NOT NULL,            -- JSON
  at          INTEGER NOT NULL,
  PRIMARY KEY (principal, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (at);

-- Attempts to sign in, by login and by address.
CREATE TABLE attempt (
  subject TEXT    NOT NULL,                -- SHA-256, hexadecimal
  at      INTEGER NOT NULL
) STRICT;
CREATE INDEX attempt_subject ON attempt (subject, at);
CREATE INDEX attempt_age ON attempt (at);
