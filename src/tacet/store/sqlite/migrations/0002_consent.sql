-- Apps that are there already were made at the command line: nobody's, and no login is on until somebody says so.
ALTER TABLE app ADD COLUMN client_secret_digest BLOB NOT NULL DEFAULT x'';
ALTER TABLE app ADD COLUMN owner_id INTEGER;
ALTER TABLE app ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE app ADD COLUMN oauth1 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE app ADD COLUMN oauth2 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE app ADD COLUMN confidential INTEGER NOT NULL DEFAULT 0;
ALTER TABLE app ADD COLUMN callbacks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE app ADD COLUMN website TEXT NOT NULL DEFAULT '';

CREATE INDEX app_by_owner ON app (owner_id, created_at_ms, id) WHERE owner_id IS NOT NULL;

-- Nothing refers to `project` by a key: at the command line an App can be put into one that nobody made.
CREATE INDEX app_by_project ON app (project_id) WHERE project_id IS NOT NULL;

ALTER TABLE token ADD COLUMN grant_id INTEGER;
ALTER TABLE token ADD COLUMN access TEXT;

-- The time of revocation is in these two, because a login that goes on for months leaves thousands of used refresh
-- tokens behind, and nobody who asks for the working ones should walk past them.
CREATE INDEX token_by_grant ON token (grant_id, revoked_at_ms) WHERE grant_id IS NOT NULL;
CREATE INDEX token_by_app ON token (app_id, user_id, revoked_at_ms, created_at_ms);

CREATE INDEX token_by_end ON token (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

-- Used refresh tokens (kind 4) are swept at their end only.
CREATE INDEX token_by_revocation ON token (revoked_at_ms) WHERE revoked_at_ms IS NOT NULL AND kind <> 4;

CREATE TABLE access_grant (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    app_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    scopes TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER
);

CREATE INDEX access_grant_by_user ON access_grant (user_id, revoked_at_ms, app_id);
CREATE INDEX access_grant_by_app ON access_grant (app_id, user_id, revoked_at_ms);
CREATE INDEX access_grant_by_revocation ON access_grant (revoked_at_ms) WHERE revoked_at_ms IS NOT NULL;

CREATE TABLE authorization_code (
    digest BLOB NOT NULL PRIMARY KEY,
    app_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    scopes TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    challenge_method TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    spent_at_ms INTEGER,
    grant_id INTEGER
) WITHOUT ROWID;

CREATE INDEX authorization_code_by_app ON authorization_code (app_id, user_id);
CREATE INDEX authorization_code_by_end ON authorization_code (expires_at_ms);

CREATE TABLE request_token (
    digest BLOB NOT NULL PRIMARY KEY,
    app_id INTEGER NOT NULL,
    secret_sealed BLOB NOT NULL,
    callback TEXT NOT NULL,
    access TEXT,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    user_id INTEGER,
    verifier_digest BLOB NOT NULL,
    wrong_verifiers INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX request_token_by_app ON request_token (app_id, user_id);
CREATE INDEX request_token_by_end ON request_token (expires_at_ms);

CREATE TABLE developer (
    person_id INTEGER PRIMARY KEY,
    use_case TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
);

CREATE TABLE project (
    id INTEGER PRIMARY KEY,
    owner_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
);

CREATE INDEX project_by_owner ON project (owner_id, created_at_ms, id);

CREATE TABLE password (
    person_id INTEGER PRIMARY KEY,
    encoded TEXT NOT NULL,
    changed_at_ms INTEGER NOT NULL
);

CREATE TABLE page_session (
    digest BLOB NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    seen_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX page_session_by_user ON page_session (user_id);
CREATE INDEX page_session_by_end ON page_session (expires_at_ms);

CREATE TABLE app_usage (
    app_id INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    PRIMARY KEY (app_id, hour)
) WITHOUT ROWID;

CREATE INDEX app_usage_by_hour ON app_usage (hour);
