//! Names wait, are filed, are forgotten: wherever one is, its view is found, also after a restart, and a
//! transaction that is rolled back has named nobody.

use super::{KnownNames, Names};
use crate::store::view_state::ViewKey;
use proptest::prelude::*;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;

fn name(number: u16) -> ViewKey {
    let mut view = [7; 16];
    view[..2].copy_from_slice(&number.to_be_bytes());
    ViewKey { app: 1, view }
}

fn found(database: &Connection, known: &KnownNames, key: &ViewKey) -> Option<i64> {
    let row = |id: i64| {
        let own = "SELECT id FROM views WHERE id = ?1 AND view = ?2";
        let mut own = database.prepare_cached(own)?;
        own.query_row(params![id, key.view], |row| row.get(0))
            .optional()
    };
    known.find(database, key, row).unwrap()
}

/// One transaction of the writer: some views come, the oldest few may go.
#[derive(Clone, Debug)]
struct Group {
    come: u16,
    go: usize,
    fails: bool,
    restart: bool,
}

fn group() -> impl Strategy<Value = Group> {
    let seldom = |one_in: u32| (0..one_in).prop_map(|drawn| drawn == 0);
    (0u16..90, 0usize..60, seldom(5), seldom(6)).prop_map(|(come, go, fails, restart)| Group {
        come,
        go,
        fails,
        restart,
    })
}

fn opened() -> Connection {
    let database = Connection::open_in_memory().unwrap();
    let tables = include_str!("../schema/views.sql");
    database.execute_batch(tables).unwrap();
    database
}

const NEW: &str = "INSERT INTO views (app, view, first_received_ms, last_received_ms, received,
    highest_seq, client_drops, drops, core, navigation, route, release, deployment, origin,
    backend_origin, detail, attributes, state)
    VALUES (?1, ?2, 0, 0, 1, 0, 0, '', '', '', '', '', '', '', '', '', '', x'')";
const GONE: &str = "DELETE FROM views WHERE id IN (SELECT id FROM views ORDER BY id LIMIT ?1)";

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_view_is_found_wherever_its_name_is(groups in prop::collection::vec(group(), 1..40)) {
        let mut database = opened();
        let mut names = Names::load(&database, 100).unwrap();
        let mut number = 0;
        let mut stands: HashMap<u16, i64> = HashMap::new();
        for group in groups {
            let mut new = Vec::new();
            let transaction = database.transaction().unwrap();
            for _ in 0..group.come {
                number += 1;
                let key = name(number);
                transaction.execute(NEW, params![key.app, key.view]).unwrap();
                let id = transaction.last_insert_rowid();
                names.give(key, id);
                new.push((number, id));
            }
            names.step(&transaction).unwrap();
            transaction.execute(GONE, [group.go]).unwrap();
            names.drop_dead(&transaction, 64).unwrap();
            if group.fails {
                drop(transaction);
                names.rolled_back();
            } else {
                transaction.commit().unwrap();
                names.committed();
                stands.extend(new);
                let kept = "SELECT coalesce(min(id), 1 << 40) FROM views";
                let kept: i64 = database.query_row(kept, [], |row| row.get(0)).unwrap();
                stands.retain(|_, id| *id >= kept);
            }
            if group.restart {
                names = Names::load(&database, 100).unwrap();
            }
            for number in 0..=number {
                let found = found(&database, names.known(), &name(number));
                prop_assert_eq!(found, stands.get(&number).copied());
            }
        }
    }
}

#[test]
fn runs_of_views_that_are_gone_go_too() {
    let mut database = opened();
    let mut names = Names::load(&database, 50).unwrap();
    for number in 0..2000u16 {
        let transaction = database.transaction().unwrap();
        let key = name(number);
        transaction
            .execute(NEW, params![key.app, key.view])
            .unwrap();
        names.give(key, transaction.last_insert_rowid());
        names.step(&transaction).unwrap();
        if number >= 200 {
            transaction.execute(GONE, [1]).unwrap();
        }
        names.drop_dead(&transaction, 64).unwrap();
        transaction.commit().unwrap();
        names.committed();
    }
    let count = |sql: &str| -> i64 { database.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(count("SELECT count(*) FROM views"), 200);
    let filed = count("SELECT count(*) FROM names");
    assert!((100..=300).contains(&filed), "{filed} names of 200 views");
    let in_mind = names.known().0.read().unwrap().in_mind.len();
    assert!(in_mind <= 200, "{in_mind} names of 200 views in mind");
}
