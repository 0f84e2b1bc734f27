-- Views and their names, as of schema 4.

-- One row per document load: identity, the latest head, and in state which beacons of it have arrived,
-- which revision of each event stands and where it counts (view_state.rs). Drawn from the raw rows, and
-- behind them by no more than what is replayed from progress.replay_from on.
-- drops is a JSON object of what the probe gave up, by reason, attributes a JSON array as on the wire.
-- A row with received = 0 is a view that only its successor has told us of. Numbers are not given twice,
-- for the names of rows up to some number are filed.
CREATE TABLE views (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    app               INTEGER NOT NULL,
    view              BLOB    NOT NULL,
    first_received_ms INTEGER NOT NULL,
    last_received_ms  INTEGER NOT NULL,
    received          INTEGER NOT NULL,
    highest_seq       INTEGER NOT NULL,
    client_drops      INTEGER NOT NULL,
    drops             TEXT    NOT NULL,
    head_seq          INTEGER,
    session           BLOB,
    core              TEXT    NOT NULL,
    navigation        TEXT    NOT NULL,
    route             TEXT    NOT NULL,
    release           TEXT    NOT NULL,
    deployment        TEXT    NOT NULL,
    origin            TEXT    NOT NULL,
    backend_origin    TEXT    NOT NULL,
    detail            TEXT    NOT NULL,
    attributes        TEXT    NOT NULL,
    state             BLOB    NOT NULL
);
CREATE INDEX views_by_first_receipt ON views (first_received_ms);

-- The rows of views by name, in runs that are written once and in order (names/). A run that has no row in
-- name_runs is being written, or being cleared away; what is in no run are the rows after the last last_id.
CREATE TABLE names (
    run  INTEGER NOT NULL,
    view BLOB    NOT NULL,
    app  INTEGER NOT NULL,
    id   INTEGER NOT NULL,
    PRIMARY KEY (run, view, app)
) WITHOUT ROWID;
CREATE TABLE name_runs (
    run     INTEGER PRIMARY KEY,
    last_id INTEGER NOT NULL,
    filter  BLOB    NOT NULL
);
