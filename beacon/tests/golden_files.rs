//! Every version ever shipped is decoded for ever: the files in `golden/` are only added, never
//! changed. To add one, add its case below and run once with `WRITE_GOLDEN=1`.

mod every_kind;

use beacon::*;
use every_kind::{beacon_of, cases, tag};
use std::collections::BTreeSet;
use std::path::PathBuf;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

/// Reads a golden file; with `WRITE_GOLDEN=1` writes it first if it is not there. Never overwrites.
fn pinned(name: &str, bytes: &[u8]) -> Vec<u8> {
    let file = golden(name);
    if std::env::var_os("WRITE_GOLDEN").is_some() && !file.exists() {
        std::fs::write(&file, bytes).unwrap();
    }
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn decoded(bytes: &[u8]) -> Beacon {
    let decoded = decode(bytes).unwrap();
    let events = decoded.events.into_iter().map(Result::unwrap).collect();
    Beacon {
        head: decoded.head,
        events,
    }
}

#[test]
fn each_event_is_written_and_read_as_its_golden_files_say() {
    for (name, kind) in cases() {
        let beacon = beacon_of(vec![kind]);
        let binary = encode(&beacon).unwrap();
        let json = encode_json(&beacon).unwrap();
        assert_eq!(
            binary,
            pinned(&format!("v1-{name}.bin"), &binary),
            "{name}: the binary form changed"
        );
        let text = String::from_utf8(json.clone()).unwrap();
        let expected = String::from_utf8(pinned(&format!("v1-{name}.json"), &json)).unwrap();
        assert_eq!(text, expected, "{name}: the JSON form changed");
        assert_eq!(decoded(&binary), beacon, "{name}: binary");
        assert_eq!(decoded(&json), beacon, "{name}: JSON");
    }
}

#[test]
fn every_golden_file_is_still_read() {
    let mut read = 0;
    for entry in std::fs::read_dir(golden("")).unwrap() {
        let path = entry.unwrap().path();
        let beacon = decoded(&std::fs::read(&path).unwrap());
        assert!(!beacon.events.is_empty(), "{}", path.display());
        read += 1;
    }
    assert!(read >= 2 * cases().len(), "only {read} golden files");
}

#[test]
fn every_kind_has_a_golden_file() {
    let tags: BTreeSet<_> = cases().iter().map(|(_, kind)| tag(kind)).collect();
    let next = u8::try_from(tags.len()).unwrap();
    assert_eq!(tags, (0..next).collect());
    // Whatever fields a kind past the last may have, some number of zeros would be one of its events.
    let head = encode(&beacon_of(Vec::new())).unwrap();
    for zeros in 0..100_u8 {
        let mut bytes = head.clone();
        bytes.truncate(head.len() - 1);
        bytes.extend([1, 4 + zeros, 2, 0, 0, next]);
        bytes.extend(vec![0; usize::from(zeros)]);
        let events = decode(&bytes).map(|decoded| decoded.events);
        assert_eq!(events, Ok(vec![Err(EventFault::Unreadable)]), "{zeros}");
    }
}

#[test]
fn the_early_hook_s_minimal_json_is_read_with_its_defaults() {
    let decoded = decoded(&std::fs::read(golden("v1-early-hook.json")).unwrap());
    let head = decoded.head;
    assert_eq!(head.core, CoreStatus::NotYet);
    assert_eq!((head.session, head.detail), (None, Detail::Full));
    assert_eq!(head.attributes, []);
    let mut kinds = decoded.events.into_iter().map(|event| event.kind);
    let Some(EventKind::Page(page)) = kinds.next() else {
        panic!("no page event")
    };
    assert_eq!(
        (page.outcome, page.finality),
        (PageOutcome::Broken, Finality::Provisional)
    );
    let Some(EventKind::Journey(attempt)) = kinds.next() else {
        panic!("no journey event")
    };
    assert_eq!(attempt.reason, Some(JourneyReason::Page));
    assert_eq!((attempt.result, attempt.steps), (None, vec![]));
    let Some(EventKind::Request(request)) = kinds.next() else {
        panic!("no request event")
    };
    assert_eq!(request.outcome, RequestOutcome::Unreachable);
    assert_eq!((request.stream, request.trace), (None, None));
    assert!(request.online && request.expected_origin);
    let Some(EventKind::Error(report)) = kinds.next() else {
        panic!("no error event")
    };
    assert_eq!((report.stack.as_str(), report.count), ("", 1));
    assert_eq!(kinds.next(), None);
}

#[test]
fn the_early_hook_s_facts_become_the_events_that_a_core_would_have_told() {
    let facts = std::fs::read_to_string(golden("v1-early-facts.json")).unwrap();
    let told = decoded(facts.as_bytes());
    assert_eq!(
        (told.head.core, told.head.page.release.as_str()),
        (CoreStatus::Blocked, "7")
    );
    assert_eq!(told.head.page.backend_origin, "http://api.test");
    let start_ms = 1_795_203_384_917 - 3_620;
    let [page, journey, calls @ ..] = told.events.as_slice() else {
        panic!("{:?}", told.events)
    };
    let EventKind::Page(load) = &page.kind else {
        panic!("{page:?}")
    };
    assert_eq!((page.n, page.rev, page.at_ms), (0, 1, start_ms));
    assert_eq!(
        (load.outcome, load.decided_after_ms, load.failed_scripts),
        (PageOutcome::Blank, 3_620, 2)
    );
    let EventKind::Journey(attempt) = &journey.kind else {
        panic!("{journey:?}")
    };
    assert_eq!((journey.n, attempt.name.as_str()), (1, "access"));
    assert_eq!(attempt.reason, Some(JourneyReason::Page));
    let calls: Vec<_> = calls
        .iter()
        .map(|event| match &event.kind {
            EventKind::Request(call) => (
                event.n,
                event.at_ms - start_ms,
                call.route.as_str(),
                call.outcome,
                call.finality,
                call.status,
                call.duration_ms,
                call.expected_origin,
            ),
            other => panic!("{other:?}"),
        })
        .collect();
    use Finality::{Final, Provisional};
    use RequestOutcome::{Aborted, HttpError, Timeout, Unreachable};
    assert_eq!(
        calls,
        [
            (2, 312, "/pending", Aborted, Provisional, 0, 3_308, true),
            (3, 313, "/users/:id", HttpError, Final, 404, 3, true),
            (4, 313, "/x", Unreachable, Final, 0, 1, false),
            (7, 320, "/left", Aborted, Final, 0, 9, true),
            (8, 321, "/slow", Timeout, Final, 0, 1_000, true),
        ]
    );
}

#[test]
fn the_early_hook_s_facts_decide_the_page_by_what_was_there() {
    use PageOutcome::{Abandoned, Blank, Broken, Incomplete, Ready};
    let facts = std::fs::read_to_string(golden("v1-early-facts.json")).unwrap();
    let without_failures = facts
        .replace("\"error script\"", "\"error img\"")
        .replace(",\"vite:preloadError undefined\"", "");
    for (facts, seen, outcome) in [
        (&facts, "[200,107.2,true,true]", Blank),
        (&facts, "[200,0,false,true]", Broken),
        (&facts, "[200,107.2,false,false]", Ready),
        (&without_failures, "[3107,107.2,false,true]", Abandoned),
        (&without_failures, "[9000,0,true,true]", Abandoned),
        (&without_failures, "[9000,null,true,true]", Abandoned),
        (&without_failures, "[3108,107.2,false,true]", Incomplete),
        (&without_failures, "[3108,107.2,true,true]", Blank),
    ] {
        let told = decoded(facts.replace("[3620.7,107.2,true,true]", seen).as_bytes());
        let EventKind::Page(page) = &told.events[0].kind else {
            panic!("{:?}", told.events)
        };
        assert_eq!(page.outcome, outcome, "{seen}");
        let is_failure = matches!(outcome, Blank | Broken | Incomplete);
        let journey = told.events.get(1).is_some_and(|event| event.n == 1);
        assert_eq!(journey, is_failure, "{seen}");
    }
}

#[test]
fn a_tuple_that_the_facts_should_not_hold_costs_only_itself() {
    let facts = std::fs::read_to_string(golden("v1-early-facts.json")).unwrap();
    let odd = facts.replace(
        "\"b\"",
        r#"null,{},[],["r"],["r",-1,-2,3,4],["e",1,99,null,"x"],["z",1,2,"a","b"]"#,
    );
    assert_ne!(odd, facts);
    assert_eq!(
        decoded(odd.as_bytes()).events,
        decoded(facts.as_bytes()).events
    );
    let absurd = facts
        .replace("1795203384917", &u64::MAX.to_string())
        .replace("312.4", "1e308")
        .replace("3620.7", "-1e308");
    assert_eq!(decoded(absurd.as_bytes()).events.len(), 7);
}

#[test]
fn what_the_early_hook_does_not_tell_of_its_calls_is_counted() {
    let facts = std::fs::read_to_string(golden("v1-early-facts.json")).unwrap();
    let told = |facts: &str| {
        let told = decoded(facts.as_bytes());
        (told.head.detail, told.head.dropped)
    };
    let drops = |reason, count| vec![DropCount { reason, count }];
    assert_eq!(told(&facts), (Detail::Full, vec![]));
    let unnamed = facts.replace("\"b\"", "\"r\",\"e\",\"r\"");
    let full = drops(DropReason::HookFull, 2);
    assert_eq!(told(&unnamed), (Detail::Full, full));
    let withheld = unnamed.replace("\"mount\"", "\"beforeSend\":true,\"mount\"");
    let of_the_application = drops(DropReason::Withheld, 2);
    assert_eq!(told(&withheld), (Detail::Full, of_the_application));
    let private = unnamed.replace("\"seq\":1", "\"seq\":1,\"gpc\":true");
    assert_eq!(told(&private), (Detail::Private, vec![]));
    let calls: Vec<String> = (100..160)
        .map(|n| format!("[\"r\",{n}.5,{n},\"GET\",\"http://api.test/pending\"]"))
        .collect();
    let many = facts.replace("\"b\"", &calls.join(","));
    assert_eq!(told(&many).1, drops(DropReason::Capped, 15));
}

#[test]
fn the_early_hook_s_word_may_come_after_the_core_s_and_does_not_revise_it() {
    let facts = std::fs::read_to_string(golden("v1-early-facts.json")).unwrap();
    let later = facts.replace("\"seq\":1", "\"seq\":7,\"rev\":0");
    let told = decoded(later.as_bytes());
    assert_eq!(told.head.seq, 7);
    assert!(told.events.iter().all(|event| event.rev == 0));
}

#[test]
fn a_json_writer_may_leave_out_what_has_an_obvious_default() {
    let smallest = [
        r#"{"page":{"outcome":"ready","decided_after_ms":1}}"#,
        r#"{"navigation":{}}"#,
        r#"{"vital":{"name":"lcp","value_micros":1,"delta_micros":1}}"#,
        r#"{"request":{"method":"GET","backend_origin":"","route":"","outcome":"ok","duration_ms":1,"stream":{}}}"#,
        r#"{"requests":{"method":"GET","backend_origin":"","route":"","outcome":"ok","durations":{"counts":[[1,1]]}}}"#,
        r#"{"journey":{"name":"chat","outcome":"success","duration_ms":1,"steps":[{"name":"a","started_ms":0,"duration_ms":1}]}}"#,
        r#"{"error":{"kind":"console"}}"#,
        r#""withdrawn""#,
        r#"{"vital_cause":{"name":"lcp"}}"#,
        r#"{"route":{"route":"/","trigger":"api","duration_ms":1,"settled":true}}"#,
        r#"{"resources":{"kind":"img","count":1}}"#,
        r#"{"resource":{"fault":"slow","kind":"img","address":"","duration_ms":1000}}"#,
        r#"{"long_tasks":{"count":1}}"#,
        r#"{"socket":{"kind":"event_source","backend_origin":"","route":"","outcome":"open"}}"#,
        r#"{"clicks":{"count":1}}"#,
        r#"{"frustration":{"kind":"dead","clicks":1}}"#,
        r#"{"measurement":{"name":"a","value_micros":1}}"#,
        r#"{"probe":{}}"#,
    ];
    let mut tags = BTreeSet::new();
    for kind in smallest {
        let json = format!(
            r#"{{"v":1,"view":"{}","seq":0,"sent_at_ms":1,"page":{{}},"events":[{{"n":2,"at_ms":1,"kind":{kind}}}]}}"#,
            "00".repeat(16)
        );
        let decoded = decode(json.as_bytes()).unwrap();
        let [Ok(event)] = decoded.events.as_slice() else {
            panic!("{kind} is not read")
        };
        tags.insert(tag(&event.kind));
    }
    let every: BTreeSet<_> = cases().iter().map(|(_, kind)| tag(kind)).collect();
    assert_eq!(tags, every);
}
