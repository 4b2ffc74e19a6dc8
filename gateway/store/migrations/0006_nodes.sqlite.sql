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
