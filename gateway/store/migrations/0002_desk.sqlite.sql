-- What the console needs to be worked in all day: search, and drafts that follow a person from one device to another.

-- Contentless: the words of each message, with the team's id in front of each, so that what is common in other teams
-- costs nothing in mine. rowid is message.id. Filled behind the hot path; see store/search.py.
CREATE VIRTUAL TABLE message_words USING fts5 (words, content = '', columnsize = 0, tokenize = 'ascii');

-- The same for customers' names and numbers. rowid is line.id.
CREATE VIRTUAL TABLE customer_words USING fts5 (words, content = '', columnsize = 0, tokenize = 'ascii');

-- How far the words above go.
CREATE TABLE indexed (
  kind    TEXT    PRIMARY KEY CHECK (kind IN ('message', 'line')),
  last_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO indexed (kind, last_id) VALUES ('message', 0), ('line', 0);

CREATE TABLE draft (
  agent_id   INTEGER NOT NULL REFERENCES agent (id),
  thread_id  INTEGER NOT NULL REFERENCES thread (id),
  body       TEXT    NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (agent_id, thread_id)
) STRICT, WITHOUT ROWID;

-- When something last came in, went out and went wrong on each channel.
CREATE TABLE traffic (
  channel      TEXT PRIMARY KEY,
  last_in      INTEGER,
  last_out     INTEGER,
  last_error   INTEGER,
  error_code   TEXT,
  error_detail TEXT
) STRICT, WITHOUT ROWID;

-- What is not settled, for the counts of the status page.
CREATE INDEX delivery_unsettled ON delivery (channel, state, attempt) WHERE state IN ('queued', 'sending', 'unknown');
