//! What the store promises of a disk that loses power, fills up, refuses or has lost its mind. Under SQLite
//! lies a layer of our own (vfs.rs), so the tests take turns.

mod vfs;

use beacon::{Beacon, Event, Head};
use collector::config::{Config, StoreConfig};
use collector::ingest::{AcceptedBeacon, Door, Knock, Tally};
use collector::sli::Objectives;
use collector::store::{AppendError, Appended, Store, StoreHealth, recount};
use rusqlite::Connection;
use serde_json::json;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use vfs::{Deed, Fault, after_power_cut, install, notes};

const NOW: u64 = 1_800_000_000_000;
const CONFIG: &str = "[[apps]]\nname = 'a'\nkeys = ['k']\norigins = ['http://a.test']\n\
                      [[apps.journeys]]\nname = 'j'\nthreshold_ms = 10\n";

static TURN: Mutex<()> = Mutex::new(());

fn my_turn() -> MutexGuard<'static, ()> {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    install();
    let mut notes = notes();
    (notes.fault, notes.taking) = (Fault::None, false);
    notes.deeds.clear();
    turn
}

fn open(folder: &Path) -> anyhow::Result<Store> {
    let apps = Config::parse(CONFIG).unwrap().apps;
    let objectives = Objectives::new(&apps);
    let classify =
        move |app: &str, head: &Head, event: &Event| objectives.contributions(app, head, event);
    let config = StoreConfig {
        path: folder.join("store.sqlite"),
        ..StoreConfig::default()
    };
    Store::open(&config, Arc::new(classify))
}

/// Beacon `number`: every fourth of a view, each revising what the one before it said.
fn beacon(number: u32) -> AcceptedBeacon {
    let (view, seq) = (number / 4, number % 4);
    let outcome = if seq % 2 == 0 { "abandoned" } else { "success" };
    let text = json!({
        "v": 1, "view": format!("{view:032x}"), "seq": seq, "sent_at_ms": NOW,
        "page": { "release": format!("{}", view % 3) },
        "events": [
            { "n": 2, "rev": seq, "at_ms": NOW, "kind": { "journey": {
                "name": "j", "outcome": outcome, "duration_ms": 1,
            }}},
            { "n": seq + 3, "at_ms": NOW - 200_000, "kind": { "journey": {
                "name": "j", "outcome": "failed", "duration_ms": 1,
            }}},
        ],
    });
    let decoded = beacon::decode(text.to_string().as_bytes()).unwrap();
    let events: Result<Vec<_>, _> = decoded.events.into_iter().collect();
    let whole = Beacon {
        head: decoded.head,
        events: events.unwrap(),
    };
    let config = Config::parse(CONFIG).unwrap();
    let door = Door::new(&config.ingest, &config.apps);
    let knock = Knock {
        key: "k",
        origin: Some("http://a.test"),
        ..Knock::default()
    };
    let entrant = door.open(&knock, NOW).unwrap();
    let mut verdict = Arc::new(Tally::default()).beacon_received();
    let bytes = beacon::encode(&whole).unwrap();
    door.admit(&entrant, &bytes, NOW, &mut verdict).unwrap()
}

fn stored(folder: &Path) -> Vec<u32> {
    let database = Connection::open(folder.join("store.sqlite")).unwrap();
    let mut statement = database
        .prepare("SELECT hex(substr(body, 2, 16)), seq FROM beacons")
        .unwrap();
    let rows = statement.query_map([], |row| {
        let view: String = row.get(0)?;
        let seq: u32 = row.get(1)?;
        Ok(u32::from_str_radix(&view[24..], 16).unwrap() * 4 + seq)
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn is_sound(folder: &Path) {
    let counted = recount(&folder.join("store.sqlite")).unwrap();
    assert_eq!(counted.disagreements, [], "{counted:?}");
    assert_eq!(counted.counted_twice, 0);
}

/// Xorshift (Marsaglia 2003), so that a failure can be had again.
fn draws(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

#[test]
fn a_power_cut_at_any_moment_loses_no_acknowledged_beacon() {
    let _turn = my_turn();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let folder = TempDir::new().unwrap();
    notes().taking = true;
    let mut number = 0;
    // Closed in between, so that the log is moved into the database and begun anew.
    for _ in 0..3 {
        let store = open(folder.path()).unwrap();
        for burst in [1, 7, 2, 20, 5] {
            runtime.block_on(async {
                let mut appending = Vec::new();
                for number in number..number + burst {
                    let appending_one = store.append(beacon(number));
                    appending.push(async move { (number, appending_one.await) });
                }
                for one in appending {
                    let (number, appended) = one.await;
                    assert!(matches!(appended, Ok(Appended::Stored { .. })));
                    notes().deeds.push(Deed::Acknowledged(number));
                }
            });
            number += burst;
        }
        drop(store);
    }
    notes().taking = false;
    let deeds = std::mem::take(&mut notes().deeds);
    let mut draw = draws(0x9e37_79b9_7f4a_7c15);
    let made = deeds
        .iter()
        .position(|deed| matches!(deed, Deed::Acknowledged(_)))
        .unwrap();
    let cuts = 60;
    for _ in 0..cuts {
        let length = u64::try_from(deeds.len() - made).unwrap();
        let cut = made + 1 + usize::try_from(draw() % length).unwrap();
        let after = TempDir::new().unwrap();
        for (name, content) in after_power_cut(&deeds[..cut], &mut draw) {
            std::fs::write(after.path().join(name), content).unwrap();
        }
        let _ = std::fs::remove_file(after.path().join("store.sqlite-shm"));
        drop(open(after.path()).unwrap_or_else(|error| panic!("cut {cut}: {error:#}")));
        let found = stored(after.path());
        let distinct: HashSet<u32> = found.iter().copied().collect();
        for deed in &deeds[..cut] {
            if let Deed::Acknowledged(number) = deed {
                assert!(distinct.contains(number), "cut {cut} lost {number}");
            }
        }
        assert_eq!(found.len(), distinct.len(), "cut {cut}");
        is_sound(after.path());
    }
}

fn a_disk_that_fails(fault: Fault, says: &str) {
    let _turn = my_turn();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).unwrap();
    let append = |number| runtime.block_on(store.append(beacon(number)));
    assert!(append(0).is_ok());
    assert_eq!(store.health(), StoreHealth::Well);
    notes().fault = fault;
    for number in 1..4 {
        assert_eq!(append(number), Err(AppendError::Failed), "{fault:?}");
    }
    match store.health() {
        StoreHealth::Failing(what) => assert!(what.contains(says), "{what:?} has no {says:?}"),
        other => panic!("{other:?}"),
    }
    notes().fault = Fault::None;
    // Seen by itself: where nothing is sent because it is not ready, nothing would ever make it ready.
    let patience = Instant::now() + Duration::from_secs(20);
    while store.health() != StoreHealth::Well {
        assert!(Instant::now() < patience, "{:?}", store.health());
        std::thread::yield_now();
    }
    for number in 1..6 {
        assert!(
            matches!(append(number), Ok(Appended::Stored { .. })),
            "{number}"
        );
    }
    assert_eq!(append(0), Ok(Appended::Duplicate));
    drop(store);
    assert_eq!(stored(folder.path()).len(), 6);
    is_sound(folder.path());
}

#[test]
fn a_full_disk_acknowledges_nothing_and_recovers_when_there_is_room() {
    a_disk_that_fails(Fault::Full, "full");
}

#[test]
fn a_disk_that_has_become_read_only_acknowledges_nothing_and_recovers() {
    a_disk_that_fails(Fault::ReadOnly, "I/O error");
}

#[test]
fn a_sync_that_fails_acknowledges_nothing_and_recovers() {
    a_disk_that_fails(Fault::SyncFails, "I/O error");
}

/// Overwrites pages of a closed database.
fn corrupt(path: &Path, which: &str) {
    let database = Connection::open(path).unwrap();
    let mut statement = database.prepare(which).unwrap();
    let pages = statement.query_map([], |row| row.get(0)).unwrap();
    let pages: Vec<usize> = pages.map(Result::unwrap).collect();
    assert!(!pages.is_empty());
    drop(statement);
    drop(database);
    let mut bytes = std::fs::read(path).unwrap();
    for page in pages {
        bytes[(page - 1) * 4096..page * 4096].fill(0xa5);
    }
    std::fs::write(path, bytes).unwrap();
}

fn of_four_hundred(folder: &Path, runtime: &tokio::runtime::Runtime) {
    let store = open(folder).unwrap();
    for number in 0..400 {
        assert!(runtime.block_on(store.append(beacon(number))).is_ok());
    }
}

#[test]
fn a_corrupted_last_page_is_a_start_that_fails_and_names_the_file() {
    let _turn = my_turn();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let folder = TempDir::new().unwrap();
    of_four_hundred(folder.path(), &runtime);
    let last = "SELECT pageno FROM dbstat WHERE name = 'beacons' AND pagetype = 'leaf'
                ORDER BY path DESC LIMIT 1";
    corrupt(&folder.path().join("store.sqlite"), last);
    let error = open(folder.path()).map(|_| ()).unwrap_err();
    let said = format!("{error:#}");
    assert!(
        said.contains("malformed") && said.contains("store.sqlite"),
        "{said}"
    );
}

#[test]
fn a_corrupted_page_that_a_write_comes_across_acknowledges_nothing() {
    let _turn = my_turn();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let folder = TempDir::new().unwrap();
    of_four_hundred(folder.path(), &runtime);
    let pages = "SELECT pageno FROM dbstat WHERE name = 'totals'";
    corrupt(&folder.path().join("store.sqlite"), pages);
    let store = open(folder.path()).unwrap();
    let refused = runtime.block_on(store.append(beacon(400)));
    assert_eq!(refused, Err(AppendError::Failed));
    match store.health() {
        StoreHealth::Failing(what) => assert!(what.contains("malformed"), "{what}"),
        other => panic!("{other:?}"),
    }
}
