-- Words are kept a second time without their team, for whoever holds all of them, and both with the stretch of ids that
-- they stand in; see domain/search.py. A "-" belongs to the team's id that a word begins with. Both tables are filled
-- anew behind the hot path.

DROP TABLE message_words;
CREATE VIRTUAL TABLE message_words
  USING fts5 (words, content = '', columnsize = 0, tokenize = "ascii tokenchars '-'");

DROP TABLE customer_words;
CREATE VIRTUAL TABLE customer_words
  USING fts5 (words, content = '', columnsize = 0, tokenize = "ascii tokenchars '-'");

UPDATE indexed SET last_id = 0;
