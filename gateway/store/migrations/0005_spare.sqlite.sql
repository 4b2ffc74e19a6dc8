-- Addresses of visitors who never wrote and are forgotten: the next visitors get them. They are not deleted, since for
-- that every message would be looked through for one that names them.
CREATE TABLE spare (
  identity_id INTEGER PRIMARY KEY REFERENCES identity (id)
) STRICT;
