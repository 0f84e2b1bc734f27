-- What the collector or an operator noted: findings, deployments. A note is replaced by one of the same
-- application, kind and time. Added without a new version of the schema: an older collector leaves it alone.
CREATE TABLE IF NOT EXISTS notes (
    app   TEXT    NOT NULL,
    kind  TEXT    NOT NULL,
    at_ms INTEGER NOT NULL,
    body  TEXT    NOT NULL,
    PRIMARY KEY (app, kind, at_ms)
) WITHOUT ROWID;
