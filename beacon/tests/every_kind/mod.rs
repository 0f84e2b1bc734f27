//! One event of every kind with no field at its default, so that what gets lost on the way is missed.
//! Used by the golden files and by the tests of decoding; knows no encoding.

use beacon::*;

/// Name of its golden files, and the event. Several per kind where a field has forms of its own.
pub(crate) fn cases() -> Vec<(&'static str, EventKind)> {
    let mut all = outcomes();
    all.extend(loading());
    all.extend(using());
    all
}

/// Its place among the kinds, which is its binary tag: a new kind has to be named here.
pub(crate) fn tag(kind: &EventKind) -> u8 {
    match kind {
        EventKind::Page(_) => 0,
        EventKind::Navigation(_) => 1,
        EventKind::Vital(_) => 2,
        EventKind::Request(_) => 3,
        EventKind::Requests(_) => 4,
        EventKind::Journey(_) => 5,
        EventKind::Error(_) => 6,
        EventKind::Withdrawn => 7,
        EventKind::VitalCause(_) => 8,
        EventKind::Route(_) => 9,
        EventKind::Resources(_) => 10,
        EventKind::Resource(_) => 11,
        EventKind::LongTasks(_) => 12,
        EventKind::Socket(_) => 13,
        EventKind::Clicks(_) => 14,
        EventKind::Frustration(_) => 15,
        EventKind::Measurement(_) => 16,
        EventKind::Probe(_) => 17,
    }
}

/// A beacon of the given events, with no field of its head at its default.
pub(crate) fn beacon_of(kinds: Vec<EventKind>) -> Beacon {
    let view = ViewId([
        0x0e, 0x34, 0x9e, 0x96, 0x12, 0xb6, 0xab, 0x42, 0x3c, 0xef, 0x80, 0x1a, 0xa0, 0xc2, 0x66,
        0xa7,
    ]);
    let events = (4..).zip(kinds).map(|(n, kind)| Event {
        // The page load has its own number.
        n: if tag(&kind) == 0 { 0 } else { n },
        rev: 1,
        at_ms: 1_795_203_384_250,
        kind,
    });
    Beacon {
        head: Head {
            view,
            seq: 3,
            session: Some(SessionId([1, 2, 3, 4, 5, 6, 7, 8])),
            sent_at_ms: 1_795_203_384_917,
            core: CoreStatus::Error,
            detail: Detail::Unsampled,
            page: Page {
                route: "/login".into(),
                release: "2".into(),
                deployment: "frontend-2".into(),
                origin: "http://movieguru.test".into(),
                backend_origin: used_origin(),
                navigation: NavigationKind::Reload,
            },
            previous_view: Some(PreviousView {
                view: ViewId([7; 16]),
                last_seq: 5,
            }),
            dropped: vec![
                DropCount {
                    reason: DropReason::QueueFull,
                    count: 2,
                },
                DropCount {
                    reason: DropReason::Withheld,
                    count: 300,
                },
            ],
            attributes: vec![attribute("plan", "premium")],
        },
        events: events.collect(),
    }
}

fn used_origin() -> String {
    "http://server-service.movie-guru.svc.cluster.local".into()
}

fn attribute(key: &str, value: &str) -> Attribute {
    Attribute {
        key: key.into(),
        value: value.into(),
    }
}

/// Pages, requests, journeys: what is never sampled.
fn outcomes() -> Vec<(&'static str, EventKind)> {
    let pod = |release: &str, deployment: &str| Touched {
        release: release.into(),
        deployment: deployment.into(),
    };
    let page = PageLoad {
        outcome: PageOutcome::Blank,
        finality: Finality::Provisional,
        decided_after_ms: 2_138,
        touched: vec![pod("1", "frontend-1"), pod("2", "frontend-2")],
        failed_scripts: 1,
    };
    let unreachable = RequestAttempt {
        method: "POST".into(),
        backend_origin: used_origin(),
        route: "/login".into(),
        expected_origin: false,
        outcome: RequestOutcome::Unreachable,
        finality: Finality::Provisional,
        status: 0,
        duration_ms: 9,
        result: None,
        diagnosis: Some(Diagnosis {
            cause: FailureCause::UnexpectedOrigin,
            confidence_percent: 90,
        }),
        initiator: Initiator::Fetch,
        online: false,
        connection: "4g".into(),
        headers_ms: 0,
        stream: None,
        trace: None,
    };
    let streamed = RequestAttempt {
        route: "/chat".into(),
        expected_origin: true,
        outcome: RequestOutcome::AppError,
        finality: Finality::Final,
        status: 200,
        duration_ms: 6_204,
        result: Some("UNDEFINED".into()),
        diagnosis: None,
        online: true,
        headers_ms: 311,
        stream: Some(Stream {
            first_chunk_ms: 1_520,
            longest_gap_ms: 1_209,
            chunks: 41,
            bytes: 20_333,
        }),
        trace: Some(TraceId([0xab; 16])),
        ..unreachable.clone()
    };
    let refused = RequestAttempt {
        route: "/metrics".into(),
        outcome: RequestOutcome::Blocked,
        initiator: Initiator::Beacon,
        diagnosis: None,
        ..unreachable.clone()
    };
    let mut durations = Histogram::default();
    durations.record(480);
    durations.record(9_999);
    let counts = RequestCounts {
        method: "GET".into(),
        backend_origin: "http://api.movieguru.test".into(),
        route: "/startup".into(),
        expected_origin: false,
        outcome: RequestOutcome::HttpError,
        durations,
    };
    let step = |name: &str, started_ms, parent| Step {
        name: name.into(),
        started_ms,
        duration_ms: 200,
        parent,
        ended: parent == 0,
    };
    let journey = JourneyAttempt {
        name: "access_app".into(),
        outcome: JourneyOutcome::Failed,
        finality: Finality::Provisional,
        reason: Some(JourneyReason::Request(RequestOutcome::Unreachable)),
        duration_ms: 12,
        backend_origin: used_origin(),
        route: "/login".into(),
        result: Some("ERROR".into()),
        steps: vec![step("sign_in", 3, 0), step("token", 130, 1)],
    };
    let page_failed = JourneyAttempt {
        outcome: JourneyOutcome::Failed,
        reason: Some(JourneyReason::Page),
        ..journey.clone()
    };
    vec![
        ("page", EventKind::Page(page)),
        ("request", EventKind::Request(unreachable)),
        ("request-streamed", EventKind::Request(streamed)),
        ("request-beacon", EventKind::Request(refused)),
        ("requests", EventKind::Requests(counts)),
        ("journey", EventKind::Journey(journey)),
        ("journey-page", EventKind::Journey(page_failed)),
        ("withdrawn", EventKind::Withdrawn),
    ]
}

/// What loading a page or a route consisted of.
fn loading() -> Vec<(&'static str, EventKind)> {
    let timing = NavigationTiming {
        redirect_ms: 1,
        dns_ms: 2,
        connect_ms: 3,
        tls_ms: 4,
        request_ms: 5,
        response_ms: 6,
        dom_interactive_ms: 110,
        dom_content_loaded_ms: 183,
        load_ms: 187,
        dom_complete_ms: 185,
        transfer_bytes: 7_183,
        encoded_bytes: 6_883,
        decoded_bytes: 23_902,
        protocol: "http/1.1".into(),
        server_timing: vec![ServerTiming {
            name: "db".into(),
            duration_ms: 53,
        }],
    };
    let vital = Vital {
        name: VitalName::Inp,
        value_micros: 304_000,
        delta_micros: -8_000,
    };
    let part = |name, value_micros| VitalPart { name, value_micros };
    let paint = VitalCause {
        name: VitalName::Lcp,
        element: "main>img.poster".into(),
        resource: "http://movieguru.test/posters/:id".into(),
        interaction: String::new(),
        parts: vec![
            part(VitalPartName::TimeToFirstByte, 90_100),
            part(VitalPartName::ResourceLoadDelay, 210_000),
            part(VitalPartName::ResourceLoadDuration, 1_400_300),
            part(VitalPartName::ElementRenderDelay, 16_700),
        ],
    };
    let interaction = VitalCause {
        name: VitalName::Inp,
        element: "#send".into(),
        resource: String::new(),
        interaction: "click".into(),
        parts: vec![
            part(VitalPartName::InputDelay, 4_000),
            part(VitalPartName::ProcessingDuration, 280_000),
            part(VitalPartName::PresentationDelay, 20_000),
        ],
    };
    let shift = VitalCause {
        name: VitalName::Cls,
        element: "aside.offers".into(),
        resource: String::new(),
        interaction: String::new(),
        parts: vec![
            part(VitalPartName::LargestShift, 81_250),
            part(VitalPartName::LargestShiftTime, 1_730_000),
        ],
    };
    let route = RouteView {
        route: "/movies/:id".into(),
        from: "/".into(),
        trigger: RouteTrigger::History,
        duration_ms: 840,
        settled: true,
        requests: 2,
    };
    let resources = Resources {
        kind: "img".into(),
        origin: "http://movieguru.test".into(),
        count: 24,
        failed: 1,
        cached: 3,
        transfer_bytes: 1_203_331,
        total_ms: 4_120,
        longest_ms: 1_330,
    };
    let resource = Resource {
        fault: ResourceFault::Failed,
        kind: "link".into(),
        address: "http://movieguru.test/assets/index-Drv7xUmx.css".into(),
        duration_ms: 31,
        wait_ms: 28,
        transfer_bytes: 420,
        status: 404,
        protocol: "h2".into(),
        blocking: true,
    };
    let long_tasks = LongTasks {
        frames: true,
        count: 3,
        blocking_ms: 412,
        worst_ms: 301,
        worst_script: "http://movieguru.test/assets/index-Drv7xUmx.js".into(),
        worst_invoker: "BUTTON#send.onclick".into(),
    };
    vec![
        ("navigation", EventKind::Navigation(timing)),
        ("vital", EventKind::Vital(vital)),
        ("vital-cause-lcp", EventKind::VitalCause(paint)),
        ("vital-cause-inp", EventKind::VitalCause(interaction)),
        ("vital-cause-cls", EventKind::VitalCause(shift)),
        ("route", EventKind::Route(route)),
        ("resources", EventKind::Resources(resources)),
        ("resource", EventKind::Resource(resource)),
        ("long-tasks", EventKind::LongTasks(long_tasks)),
    ]
}

/// What users, applications and the probe do on a page.
fn using() -> Vec<(&'static str, EventKind)> {
    let error = ErrorReport {
        kind: ErrorKind::Uncaught,
        message: "TypeError: film is undefined".into(),
        source: "http://movieguru.test/assets/index-Drv7xUmx.js".into(),
        stack: "poster http://movieguru.test/assets/index-Drv7xUmx.js:1:2042\nrender http://movieguru.test/assets/index-Drv7xUmx.js:1:911".into(),
        count: 17,
    };
    let socket = Socket {
        kind: SocketKind::WebSocket,
        backend_origin: "ws://server-service.movie-guru.svc.cluster.local".into(),
        route: "/rooms/:id".into(),
        expected_origin: false,
        outcome: SocketOutcome::Lost,
        finality: Finality::Provisional,
        close_code: 1006,
        connect_ms: 41,
        open_ms: 61_200,
        received: 310,
        sent: 12,
        first_message_ms: 55,
        longest_gap_ms: 30_001,
        reconnects: 2,
    };
    let clicks = Clicks {
        count: 9,
        targets: vec![
            ClickTarget {
                selector: "#send".into(),
                count: 7,
            },
            ClickTarget {
                selector: "nav>a".into(),
                count: 2,
            },
        ],
    };
    let frustration = Frustration {
        kind: FrustrationKind::Rage,
        selector: "#send".into(),
        clicks: 5,
    };
    let measurement = Measurement {
        name: "posters_shown".into(),
        value_micros: -2_500_000,
        attributes: vec![attribute("list", "featured"), attribute("source", "cache")],
    };
    let probe = ProbeReport {
        core_ready_ms: 410,
        main_thread_micros: 7_310,
        runs: 22,
        beacons: 3,
        sent_bytes: 1_444,
        queued: 1,
        failed_sends: 2,
    };
    vec![
        ("error", EventKind::Error(error)),
        ("socket", EventKind::Socket(socket)),
        ("clicks", EventKind::Clicks(clicks)),
        ("frustration", EventKind::Frustration(frustration)),
        ("measurement", EventKind::Measurement(measurement)),
        ("probe", EventKind::Probe(probe)),
    ]
}
