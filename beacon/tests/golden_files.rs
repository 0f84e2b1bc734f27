//! Every version ever shipped is decoded for ever: the files in `golden/` are only added, never
//! changed. To add one, add its case below and run once with `WRITE_GOLDEN=1`.

use beacon::*;
use std::path::PathBuf;

fn cases() -> Vec<(&'static str, EventKind)> {
    let origin = || "http://server-service.movie-guru.svc.cluster.local".to_owned();
    let mut durations = Histogram::default();
    durations.record(480);
    durations.record(9_999);
    vec![
        (
            "page",
            EventKind::Page(PageLoad {
                outcome: PageOutcome::Blank,
                finality: Finality::Final,
                decided_after_ms: 2_138,
                touched: vec![
                    Touched {
                        release: "1".to_owned(),
                        deployment: "frontend-1".to_owned(),
                    },
                    Touched {
                        release: "2".to_owned(),
                        deployment: "frontend-2".to_owned(),
                    },
                ],
                failed_scripts: 1,
            }),
        ),
        (
            "navigation",
            EventKind::Navigation(NavigationTiming {
                redirect_ms: 1,
                dns_ms: 2,
                connect_ms: 3,
                tls_ms: 4,
                request_ms: 5,
                response_ms: 6,
                dom_interactive_ms: 110,
                dom_content_loaded_ms: 183,
                load_ms: 187,
                transfer_bytes: 7_183,
                protocol: "http/1.1".to_owned(),
            }),
        ),
        (
            "vital",
            EventKind::Vital(Vital {
                name: VitalName::Inp,
                value_micros: 304_000,
                delta_micros: -8_000,
            }),
        ),
        (
            "request",
            EventKind::Request(RequestAttempt {
                method: "POST".to_owned(),
                backend_origin: origin(),
                route: "/login".to_owned(),
                expected_origin: false,
                outcome: RequestOutcome::Unreachable,
                finality: Finality::Final,
                status: 0,
                duration_ms: 9,
                result: None,
                diagnosis: Some(Diagnosis {
                    cause: FailureCause::UnexpectedOrigin,
                    confidence_percent: 90,
                }),
            }),
        ),
        (
            "requests",
            EventKind::Requests(RequestCounts {
                method: "GET".to_owned(),
                backend_origin: "http://api.movieguru.test".to_owned(),
                route: "/startup".to_owned(),
                expected_origin: true,
                outcome: RequestOutcome::Ok,
                durations,
            }),
        ),
        (
            "journey",
            EventKind::Journey(JourneyAttempt {
                name: "access_app".to_owned(),
                outcome: JourneyOutcome::Failed,
                finality: Finality::Provisional,
                reason: Some(JourneyReason::Request(RequestOutcome::Unreachable)),
                duration_ms: 12,
                backend_origin: origin(),
                route: "/login".to_owned(),
                result: Some("ERROR".to_owned()),
            }),
        ),
        (
            "error",
            EventKind::Error(ErrorReport {
                kind: ErrorKind::Script,
                message: String::new(),
                source: "http://movieguru.test/assets/index-Drv7xUmx.js".to_owned(),
            }),
        ),
        ("withdrawn", EventKind::Withdrawn),
    ]
}

fn beacon_of(kind: EventKind) -> Beacon {
    let view = ViewId([
        0x0e, 0x34, 0x9e, 0x96, 0x12, 0xb6, 0xab, 0x42, 0x3c, 0xef, 0x80, 0x1a, 0xa0, 0xc2, 0x66,
        0xa7,
    ]);
    Beacon {
        head: Head {
            view,
            seq: 3,
            session: Some(SessionId([1, 2, 3, 4, 5, 6, 7, 8])),
            sent_at_ms: 1_795_203_384_917,
            core: CoreStatus::Loaded,
            page: Page {
                route: "/login".to_owned(),
                release: "2".to_owned(),
                deployment: "frontend-2".to_owned(),
                origin: "http://movieguru.test".to_owned(),
                backend_origin: "http://server-service.movie-guru.svc.cluster.local".to_owned(),
                navigation: NavigationKind::Reload,
            },
            previous_view: Some(PreviousView {
                view: ViewId([7; 16]),
                last_seq: 5,
            }),
            dropped: vec![DropCount {
                reason: DropReason::QueueFull,
                count: 2,
            }],
        },
        events: vec![Event {
            n: 4,
            rev: 1,
            at_ms: 1_795_203_384_250,
            kind,
        }],
    }
}

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
        let beacon = beacon_of(kind);
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
        assert_eq!(beacon.events.len(), 1, "{}", path.display());
        read += 1;
    }
    assert!(read >= 2 * cases().len(), "only {read} golden files");
}

#[test]
fn the_early_hook_s_minimal_json_is_read_with_its_defaults() {
    let decoded = decoded(&std::fs::read(golden("v1-early-hook.json")).unwrap());
    assert_eq!(decoded.head.core, CoreStatus::NotYet);
    assert_eq!(decoded.head.session, None);
    let Some(EventKind::Page(page)) = decoded.events.first().map(|event| &event.kind) else {
        panic!("no page event")
    };
    assert_eq!(
        (page.outcome, page.finality),
        (PageOutcome::Ready, Finality::Provisional)
    );
}
