-- People of units: a role of their own, and the unit that an account belongs to.

CREATE TABLE account_new (
    id              INTEGER PRIMARY KEY,
    -- As typed; unique without regard to case through name_key.
    name            TEXT NOT NULL,
    name_key        TEXT NOT NULL UNIQUE,
    display_name    TEXT NOT NULL,
    role            TEXT NOT NULL
                    CHECK (role IN ('operator', 'police', 'unit', 'technician', 'administrator', 'auditor')),
    -- Needed of people of units; others may belong to one too.
    unit            TEXT CHECK (unit IS NOT NULL OR role <> 'unit'),
    language        TEXT NOT NULL CHECK (language IN ('zh', 'en')),
    -- PHC string: Argon2id with its parameters and salt.
    password        TEXT NOT NULL CHECK (password LIKE '$argon2id$%'),
    disabled        INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_ms      INTEGER NOT NULL,
    last_sign_in_ms INTEGER
) STRICT;

INSERT INTO account_new (id, name, name_key, display_name, role, language, password, disabled, created_ms, last_sign_in_ms)
SELECT id, name, name_key, display_name, role, language, password, disabled, created_ms, last_sign_in_ms FROM account;

DROP TABLE account;
ALTER TABLE account_new RENAME TO account;
