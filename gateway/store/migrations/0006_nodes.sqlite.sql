-- What PostgreSQL's many nodes need, and one node does not mind.

-- What is done at times: one node at a time runs each.
CREATE TABLE job (
  name        TEXT    PRIMARY KEY,
  due_at      INTEGER NOT NULL,            -- by the database's clock, as is the lease
  lease_until INTEGER,                     -- until when somebody is at it; NULL: nobody is
  attempt     INTEGER NOT NULL DEFAULT 0   -- only ever grows: what completion must name
) STRICT, WITHOUT ROWID;

-- The nodes that serve, by their own word every few seconds.
CREATE TABLE node (
  id      TEXT    PRIMARY KEY,
  config  TEXT    NOT NULL,                -- version of the config that it runs on
  seen_at INTEGER NOT NULL                 -- by the database's clock
) STRICT, WITHOUT ROWID;

-- Until when somebody fetches a file, by the database's clock; NULL: nobody does.
ALTER TABLE attachment ADD COLUMN lease_until INTEGER;

-- Who has a thread open, for all nodes to know within a second. SQLite has one node, which keeps it in memory.
CREATE TABLE presence (
  thread_id    INTEGER NOT NULL,
  agent_id     INTEGER NOT NULL,
  team_id      TEXT    NOT NULL,
  here_until   INTEGER NOT NULL,           -- by the database's clock
  typing_until INTEGER NOT NULL,           -- the same; in the past: not typing
  PRIMARY KEY (thread_id, agent_id)
) STRICT, WITHOUT ROWID;

-- What customers have spent of their bounds on all nodes. SQLite has one node, which keeps it in memory.
CREATE TABLE pace (
  name        TEXT    NOT NULL,            -- of the bound
  who         TEXT    NOT NULL,            -- digest of a token or an address, hexadecimal
  refilled_at INTEGER NOT NULL,            -- when nothing of it is spent any more, by the database's clock
  PRIMARY KEY (name, who)
) STRICT, WITHOUT ROWID;
CREATE INDEX pace_refilled ON pace (refilled_at);

-- What a person has to release: after a restore nothing is sent before, since what was sent since the backup is not known.
CREATE TABLE hold (
  what      TEXT    PRIMARY KEY CHECK (what = 'outbox'),
  backup_at INTEGER NOT NULL,              -- of when the backup is
  since     INTEGER NOT NULL               -- when it was restored
) STRICT, WITHOUT ROWID;
