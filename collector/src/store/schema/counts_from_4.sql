-- Counts, from schema 4 to 5. What was counted before has no latency.
ALTER TABLE series RENAME TO old_series;
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
INSERT INTO series SELECT *, -1 FROM old_series;
DROP TABLE old_series;
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
INSERT INTO hours SELECT minute / 60, series, sum(count) FROM minutes GROUP BY 1, 2;
INSERT INTO days SELECT minute / 1440, series, sum(count) FROM minutes GROUP BY 1, 2;
