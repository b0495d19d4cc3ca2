-- The graph. A list is read by position, so the rows lie in that order and a page is one range of one tree;
-- the second index answers "does A mute B" and makes writes idempotent.
CREATE TABLE relation (
    source_id INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    position INTEGER NOT NULL,
    target_id INTEGER NOT NULL,
    end_at_ms INTEGER,
    PRIMARY KEY (source_id, kind, position),
    UNIQUE (source_id, kind, target_id)
) WITHOUT ROWID;

-- Only relations with an end are in it, so it costs nothing where nobody uses ends.
CREATE INDEX relation_by_end ON relation (end_at_ms) WHERE end_at_ms IS NOT NULL;

CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    username TEXT NOT NULL,
    name TEXT NOT NULL,
    state INTEGER NOT NULL,
    profile TEXT NOT NULL
);

-- Usernames have a table of their own so that people can be spread by id and still be found by name.
CREATE TABLE handle (
    username_key TEXT NOT NULL PRIMARY KEY,
    person_id INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX handle_by_person ON handle (person_id);

CREATE TABLE post (
    id INTEGER PRIMARY KEY,
    author_id INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    text TEXT NOT NULL,
    details TEXT NOT NULL
);

CREATE INDEX post_by_author ON post (author_id, id);

CREATE TABLE app (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    project_id INTEGER,
    access TEXT NOT NULL,
    consumer_key TEXT NOT NULL UNIQUE,
    consumer_secret_sealed BLOB NOT NULL,
    client_id TEXT NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL
);

CREATE TABLE token (
    digest BLOB NOT NULL PRIMARY KEY,
    kind INTEGER NOT NULL,
    app_id INTEGER NOT NULL,
    user_id INTEGER,
    scopes TEXT NOT NULL,
    secret_sealed BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    revoked_at_ms INTEGER
) WITHOUT ROWID;

CREATE TABLE revision (
    part TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL
) WITHOUT ROWID;
