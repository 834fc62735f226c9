-- Accounts, sessions, sign-in attempts, audit. Times are Unix milliseconds UTC.

CREATE TABLE account (
    id              INTEGER PRIMARY KEY,
    -- As typed; unique without regard to case through name_key.
    name            TEXT NOT NULL,
    name_key        TEXT NOT NULL UNIQUE,
    display_name    TEXT NOT NULL,
    role            TEXT NOT NULL CHECK (role IN ('operator', 'police', 'technician', 'administrator', 'auditor')),
    language        TEXT NOT NULL CHECK (language IN ('zh', 'en')),
    -- PHC string: Argon2id with its parameters and salt.
    password        TEXT NOT NULL CHECK (password LIKE '$argon2id$%'),
    disabled        INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_ms      INTEGER NOT NULL,
    last_sign_in_ms INTEGER
) STRICT;

-- Roots of the area subtrees in which the account may do what its role may do.
CREATE TABLE account_area (
    account INTEGER NOT NULL REFERENCES account (id),
    area    TEXT NOT NULL,
    PRIMARY KEY (account, area)
) STRICT, WITHOUT ROWID;

-- The browser has the token, we have its SHA-256: reading this table opens no session.
CREATE TABLE session (
    id            INTEGER PRIMARY KEY,
    token_sha256  BLOB NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    account       INTEGER NOT NULL REFERENCES account (id),
    created_ms    INTEGER NOT NULL,
    last_seen_ms  INTEGER NOT NULL,
    -- Signed out, disabled, changed: the session is dead and stays for the record until it is swept.
    ended_ms      INTEGER,
    source        TEXT NOT NULL
) STRICT;
CREATE INDEX session_by_account ON session (account, source);

-- The code for the first administrator; at most one, gone once used.
CREATE TABLE setup_code (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    code_sha256 BLOB NOT NULL CHECK (length(code_sha256) = 32),
    expires_ms  INTEGER NOT NULL
) STRICT;

-- Failed sign-ins by what is slowed down: an account from one source, a source, an account.
CREATE TABLE sign_in_throttle (
    key           TEXT PRIMARY KEY,
    failures      INTEGER NOT NULL CHECK (failures > 0),
    last_ms       INTEGER NOT NULL,
    blocked_until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who did what to what, for what, from where, with what outcome. `hash` is SHA-256 over the previous row's hash and
-- this row's content; AUTOINCREMENT remembers the highest number ever given, so that rows missing at the end show.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms      INTEGER NOT NULL,
    account    INTEGER,
    name       TEXT NOT NULL,
    role       TEXT,
    action     TEXT NOT NULL,
    object     TEXT NOT NULL,
    purpose    TEXT NOT NULL,
    source     TEXT NOT NULL,
    outcome    TEXT NOT NULL CHECK (outcome IN ('allowed', 'denied', 'failed')),
    detail     TEXT NOT NULL,
    hash       BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows are not changed'); END;
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows are not deleted'); END;
