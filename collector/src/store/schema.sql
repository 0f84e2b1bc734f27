-- One row per document load: identity, the latest head, and which beacons of it have arrived.
-- A row with received = 0 is a view that only its successor has told us of.
-- drops is a JSON object of what the probe gave up, by reason, attributes a JSON array as on the wire.
CREATE TABLE views (
    id                INTEGER PRIMARY KEY,
    app               TEXT    NOT NULL,
    view              BLOB    NOT NULL,
    session           BLOB,
    first_received_ms INTEGER NOT NULL,
    last_received_ms  INTEGER NOT NULL,
    seen              BLOB    NOT NULL,
    received          INTEGER NOT NULL,
    highest_seq       INTEGER NOT NULL,
    head_seq          INTEGER NOT NULL,
    client_drops      INTEGER NOT NULL,
    drops             TEXT    NOT NULL,
    core              TEXT    NOT NULL,
    navigation        TEXT    NOT NULL,
    route             TEXT    NOT NULL,
    release           TEXT    NOT NULL,
    deployment        TEXT    NOT NULL,
    origin            TEXT    NOT NULL,
    backend_origin    TEXT    NOT NULL,
    detail            TEXT    NOT NULL,
    attributes        TEXT    NOT NULL,
    UNIQUE (app, view)
);
CREATE INDEX views_by_first_receipt ON views (first_received_ms);

CREATE TABLE beacons (
    view_id     INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    sent_at_ms  INTEGER NOT NULL,
    PRIMARY KEY (view_id, seq)
) WITHOUT ROWID;

-- The newest revision of each event, and the series it counts under (none: it counts nowhere).
-- at_ms is the client's clock, event_ms the same moment by ours.
CREATE TABLE events (
    view_id     INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    rev         INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    event_ms    INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    series      INTEGER,
    weight      INTEGER NOT NULL,
    PRIMARY KEY (view_id, n)
) WITHOUT ROWID;
CREATE INDEX events_by_time ON events (event_ms);

CREATE TABLE series (
    id              INTEGER PRIMARY KEY,
    app             TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    release         TEXT    NOT NULL,
    deployment      TEXT    NOT NULL,
    backend_origin  TEXT    NOT NULL,
    expected_origin INTEGER NOT NULL,
    outcome         TEXT    NOT NULL,
    class           TEXT    NOT NULL,
    provisional     INTEGER NOT NULL,
    mixed           INTEGER NOT NULL,
    UNIQUE (app, kind, name, release, deployment, backend_origin, expected_origin, outcome, class,
            provisional, mixed)
);

-- Event time, for budgets.
CREATE TABLE minutes (
    minute INTEGER NOT NULL,
    series INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (minute, series)
) WITHOUT ROWID;

-- Receipt time in steps of 5 s, for alerts; kept two hours.
CREATE TABLE five_seconds (
    slot   INTEGER NOT NULL,
    series INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (slot, series)
) WITHOUT ROWID;

-- Since the database began; both columns only ever grow.
CREATE TABLE totals (
    series    INTEGER PRIMARY KEY,
    added     INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL
);

-- What the server side counted: increases per 5 s, and the last absolute value of each counter.
-- The series '' counts the successful reads of its target.
CREATE TABLE scraped (
    target TEXT    NOT NULL,
    series TEXT    NOT NULL,
    slot   INTEGER NOT NULL,
    delta  INTEGER NOT NULL,
    PRIMARY KEY (target, series, slot)
) WITHOUT ROWID;
CREATE TABLE scraped_last (
    target TEXT    NOT NULL,
    series TEXT    NOT NULL,
    value  INTEGER NOT NULL,
    PRIMARY KEY (target, series)
) WITHOUT ROWID;
