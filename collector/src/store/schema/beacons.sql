-- Beacons, unchanged since schema 3.

-- The applications there are beacons of.
CREATE TABLE apps (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE
);

-- One row per beacon, only ever appended and pruned. The number is the receipt (Unix milliseconds, 20
-- bits shifted) and a counter; posts is what the beacon changed in the counts, body the beacon itself
-- in its binary form (raw.rs).
CREATE TABLE beacons (
    id    INTEGER PRIMARY KEY,
    app   INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    bad   INTEGER NOT NULL,
    posts BLOB    NOT NULL,
    body  BLOB    NOT NULL
);
CREATE INDEX bad_beacons ON beacons (id) WHERE bad = 1;

-- Beacons with an event in this minute that they brought, or took back, more than two minutes later.
CREATE TABLE late (
    minute INTEGER NOT NULL,
    beacon INTEGER NOT NULL,
    PRIMARY KEY (minute, beacon)
) WITHOUT ROWID;

-- One row: the next beacon's counter, the first beacon that the next start reads again, and the time of
-- receipt from which on no raw row has been pruned.
CREATE TABLE progress (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    counter     INTEGER NOT NULL,
    replay_from INTEGER NOT NULL,
    raw_from_ms INTEGER NOT NULL
);
INSERT INTO progress (id, counter, replay_from, raw_from_ms) VALUES (1, 0, 0, 0);
