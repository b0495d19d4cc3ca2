-- Numbers that are compared with SQLite's have its range: BIGINT for ids and times. Yes and no are 0 and 1 as there.

-- The graph. Both keys begin with the source, which alone decides where a row lies when the table is spread.
CREATE TABLE relation (
    source_id BIGINT NOT NULL,
    target_id BIGINT NOT NULL,
    position BIGINT NOT NULL CHECK (position > -1),
    end_at_ms BIGINT,
    kind SMALLINT NOT NULL,
    PRIMARY KEY (source_id, kind, target_id)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.02);

-- Holds all that a page needs: it is read from a few blocks of this, where the rows of one list lie far apart in the
-- table. PostgreSQL still looks into the table for rows newer than its last vacuum, which therefore comes sooner than
-- it would by itself: after as many new rows as make a fiftieth. All positions are above -1; it says so that no look-up
-- of a single relation can take it for its way.
CREATE UNIQUE INDEX relation_by_position ON relation (source_id, kind, position) INCLUDE (target_id, end_at_ms)
WHERE position > -1;

-- Only relations with an end are in these two, so they cost nothing where nobody uses ends.
CREATE INDEX relation_by_end ON relation (end_at_ms) WHERE end_at_ms IS NOT NULL;
CREATE INDEX relation_by_end_of_source ON relation (source_id, kind, end_at_ms) WHERE end_at_ms IS NOT NULL;

CREATE TABLE person (
    id BIGINT PRIMARY KEY,
    username TEXT NOT NULL,
    name TEXT NOT NULL,
    state SMALLINT NOT NULL,
    profile TEXT NOT NULL
);

-- Usernames have a table of their own so that people can be spread by id and still be found by name.
CREATE TABLE handle (
    username_key TEXT PRIMARY KEY,
    person_id BIGINT NOT NULL
);

CREATE INDEX handle_by_person ON handle (person_id);

CREATE TABLE post (
    id BIGINT PRIMARY KEY,
    author_id BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    reposted_id BIGINT NOT NULL DEFAULT 0,
    reposted_author_id BIGINT NOT NULL DEFAULT 0,
    shape SMALLINT NOT NULL DEFAULT 0,
    text TEXT NOT NULL,
    details TEXT NOT NULL
);

CREATE UNIQUE INDEX post_by_reposted ON post (reposted_id, author_id) WHERE reposted_id <> 0;

-- A timeline is read from this alone.
CREATE INDEX post_by_author ON post (author_id, id, shape, reposted_author_id);

CREATE TABLE mention (
    person_id BIGINT NOT NULL,
    post_id BIGINT NOT NULL,
    PRIMARY KEY (person_id, post_id)
);

CREATE INDEX mention_by_post ON mention (post_id);

CREATE TABLE message (
    id BIGINT PRIMARY KEY,
    sender_id BIGINT NOT NULL,
    recipient_id BIGINT NOT NULL,
    low_id BIGINT NOT NULL,
    high_id BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    text TEXT NOT NULL
);

-- A conversation has one name, whoever of the two writes.
CREATE INDEX message_by_pair ON message (low_id, high_id, id);
CREATE INDEX message_by_sender ON message (sender_id, id);
CREATE INDEX message_by_recipient ON message (recipient_id, id);
CREATE INDEX message_by_direction ON message (recipient_id, sender_id);

CREATE TABLE app (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    project_id BIGINT,
    access TEXT NOT NULL,
    consumer_key TEXT NOT NULL UNIQUE,
    consumer_secret_sealed BYTEA NOT NULL,
    client_id TEXT NOT NULL UNIQUE,
    created_at_ms BIGINT NOT NULL,
    client_secret_digest BYTEA NOT NULL DEFAULT '',
    owner_id BIGINT,
    description TEXT NOT NULL DEFAULT '',
    oauth1 SMALLINT NOT NULL DEFAULT 0,
    oauth2 SMALLINT NOT NULL DEFAULT 0,
    confidential SMALLINT NOT NULL DEFAULT 0,
    callbacks TEXT NOT NULL DEFAULT '[]',
    website TEXT NOT NULL DEFAULT ''
);

CREATE INDEX app_by_owner ON app (owner_id, created_at_ms, id) WHERE owner_id IS NOT NULL;

-- Nothing refers to `project` by a key: at the command line an App can be put into one that nobody made.
CREATE INDEX app_by_project ON app (project_id) WHERE project_id IS NOT NULL;

CREATE TABLE token (
    digest BYTEA PRIMARY KEY,
    kind SMALLINT NOT NULL,
    app_id BIGINT NOT NULL,
    user_id BIGINT,
    scopes TEXT NOT NULL,
    secret_sealed BYTEA NOT NULL,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT,
    revoked_at_ms BIGINT,
    grant_id BIGINT,
    access TEXT
);

-- The time of revocation is in these two, because a login that goes on for months leaves thousands of used refresh
-- tokens behind, and nobody who asks for the working ones should walk past them.
CREATE INDEX token_by_grant ON token (grant_id, revoked_at_ms) WHERE grant_id IS NOT NULL;
CREATE INDEX token_by_app ON token (app_id, user_id, revoked_at_ms, created_at_ms);

CREATE INDEX token_by_end ON token (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

-- Used refresh tokens (kind 4) are swept at their end only.
CREATE INDEX token_by_revocation ON token (revoked_at_ms) WHERE revoked_at_ms IS NOT NULL AND kind <> 4;

CREATE TABLE access_grant (
    id BIGINT PRIMARY KEY,
    kind SMALLINT NOT NULL,
    app_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    scopes TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    revoked_at_ms BIGINT
);

CREATE INDEX access_grant_by_user ON access_grant (user_id, revoked_at_ms, app_id);
CREATE INDEX access_grant_by_app ON access_grant (app_id, user_id, revoked_at_ms);
CREATE INDEX access_grant_by_revocation ON access_grant (revoked_at_ms) WHERE revoked_at_ms IS NOT NULL;

CREATE TABLE authorization_code (
    digest BYTEA PRIMARY KEY,
    app_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    scopes TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    challenge_method TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    spent_at_ms BIGINT,
    grant_id BIGINT
);

CREATE INDEX authorization_code_by_app ON authorization_code (app_id, user_id);
CREATE INDEX authorization_code_by_end ON authorization_code (expires_at_ms);

CREATE TABLE request_token (
    digest BYTEA PRIMARY KEY,
    app_id BIGINT NOT NULL,
    secret_sealed BYTEA NOT NULL,
    callback TEXT NOT NULL,
    access TEXT,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    user_id BIGINT,
    verifier_digest BYTEA NOT NULL,
    wrong_verifiers BIGINT NOT NULL
);

CREATE INDEX request_token_by_app ON request_token (app_id, user_id);
CREATE INDEX request_token_by_end ON request_token (expires_at_ms);

CREATE TABLE developer (
    person_id BIGINT PRIMARY KEY,
    use_case TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL
);

CREATE TABLE project (
    id BIGINT PRIMARY KEY,
    owner_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL
);

CREATE INDEX project_by_owner ON project (owner_id, created_at_ms, id);

CREATE TABLE password (
    person_id BIGINT PRIMARY KEY,
    encoded TEXT NOT NULL,
    changed_at_ms BIGINT NOT NULL
);

CREATE TABLE page_session (
    digest BYTEA PRIMARY KEY,
    user_id BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    seen_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);

CREATE INDEX page_session_by_user ON page_session (user_id);
CREATE INDEX page_session_by_end ON page_session (expires_at_ms);

CREATE TABLE app_usage (
    app_id BIGINT NOT NULL,
    hour BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    PRIMARY KEY (app_id, hour)
);

CREATE INDEX app_usage_by_hour ON app_usage (hour);

CREATE TABLE revision (
    part TEXT PRIMARY KEY,
    number BIGINT NOT NULL
);

-- What signed requests were seen.
CREATE TABLE nonce (
    digest BYTEA PRIMARY KEY,
    expires_at_ms BIGINT NOT NULL
);

CREATE INDEX nonce_by_end ON nonce (expires_at_ms);
