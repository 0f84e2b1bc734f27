-- What is counted of them, as of schema 5.

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
    -- Bucket of the histogram's edges, -1 for none.
    latency         INTEGER NOT NULL,
    UNIQUE (app, kind, name, release, deployment, backend_origin, expected_origin, outcome, class,
            provisional, mixed, latency)
);

-- Event time, for budgets.
CREATE TABLE minutes (
    minute INTEGER NOT NULL,
    series INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (minute, series)
) WITHOUT ROWID;

-- The same by the hour and the day since 1970 in UTC, so that a month is added up from some hundred rows.
CREATE TABLE hours (
    hour   INTEGER NOT NULL,
    series INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (hour, series)
) WITHOUT ROWID;
CREATE TABLE days (
    day    INTEGER NOT NULL,
    series INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (day, series)
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
