// The events of the wire (beacon/src/v1), names and all, so that a callback sees what the collector stores: bytes of one
// event enter, a plain object leaves, and back. Knows neither callbacks nor the page.
import { bool, hex, list, oneOf, option, pair, reader, signed, struct, text, u16, u32, u8, whole, writer } from './shapes.js';

// Limits: beacon/src/limits.rs.
const name = text(128);
const route = text(256);
const message = text(512);
const selector = text(256);
const attributes = list(struct({ key: name, value: name }), 16);
const finality = oneOf('provisional final');
const requestOutcome = oneOf('ok http_error unreachable timeout aborted wrong_content app_error hung blocked');
/** Names of the vitals and of their parts, in the order of their tags. */
export const VITALS = ['ttfb', 'fcp', 'lcp', 'cls', 'inp'];
export const PARTS = [
  'time_to_first_byte',
  'resource_load_delay',
  'resource_load_duration',
  'element_render_delay',
  'input_delay',
  'processing_duration',
  'presentation_delay',
  'largest_shift',
  'largest_shift_time',
];
const vitalName = oneOf(VITALS.join(' '));
const call = { method: name, backend_origin: route, route, expected_origin: bool, outcome: requestOutcome };

// In the order of EventKind: the position is the tag.
const KINDS = {
  page: struct({
    outcome: oneOf('ready blank broken incomplete abandoned'),
    finality,
    decided_after_ms: u32,
    touched: list(struct({ release: name, deployment: name }), 16),
    failed_scripts: u32,
  }),
  navigation: struct({
    redirect_ms: u32,
    dns_ms: u32,
    connect_ms: u32,
    tls_ms: u32,
    request_ms: u32,
    response_ms: u32,
    dom_interactive_ms: u32,
    dom_content_loaded_ms: u32,
    load_ms: u32,
    dom_complete_ms: u32,
    transfer_bytes: u32,
    encoded_bytes: u32,
    decoded_bytes: u32,
    protocol: name,
    server_timing: list(struct({ name, duration_ms: u32 }), 8),
  }),
  vital: struct({ name: vitalName, value_micros: u32, delta_micros: signed(2 ** 31 - 1) }),
  request: struct({
    ...call,
    finality,
    status: u16,
    duration_ms: u32,
    result: option(name),
    diagnosis: option(
      struct({ cause: oneOf('offline blocked_by_cors unreachable_host unexpected_origin'), confidence_percent: u8 }),
    ),
    initiator: oneOf('fetch xhr beacon'),
    online: bool,
    connection: name,
    headers_ms: u32,
    stream: option(struct({ first_chunk_ms: u32, longest_gap_ms: u32, chunks: u32, bytes: u32 })),
    trace: option(hex(16)),
  }),
  requests: struct({ ...call, durations: struct({ counts: list(pair(u8, u32), 23) }) }),
  journey: struct({
    name,
    outcome: oneOf('success failed hung abandoned'),
    finality,
    reason: option(oneOf('page request', { request: requestOutcome })),
    duration_ms: u32,
    backend_origin: route,
    route,
    result: option(name),
    steps: list(struct({ name, started_ms: u32, duration_ms: u32, parent: u8, ended: bool }), 16),
  }),
  error: struct({
    kind: oneOf('uncaught rejection script chunk csp resource console'),
    message,
    source: message,
    stack: text(1024),
    count: u32,
  }),
  withdrawn: struct({}),
  vital_cause: struct({
    name: vitalName,
    element: selector,
    resource: message,
    interaction: name,
    parts: list(struct({ name: oneOf(PARTS.join(' ')), value_micros: u32 }), 8),
  }),
  route: struct({
    route,
    from: route,
    trigger: oneOf('platform history pop api'),
    duration_ms: u32,
    settled: bool,
    requests: u32,
  }),
  resources: struct({
    kind: name,
    origin: route,
    count: u32,
    failed: u32,
    cached: u32,
    transfer_bytes: u32,
    total_ms: u32,
    longest_ms: u32,
  }),
  resource: struct({
    fault: oneOf('slow failed'),
    kind: name,
    address: message,
    duration_ms: u32,
    wait_ms: u32,
    transfer_bytes: u32,
    status: u16,
    protocol: name,
    blocking: bool,
  }),
  long_tasks: struct({
    frames: bool,
    count: u32,
    blocking_ms: u32,
    worst_ms: u32,
    worst_script: message,
    worst_invoker: selector,
  }),
  socket: struct({
    kind: oneOf('web_socket event_source'),
    backend_origin: route,
    route,
    expected_origin: bool,
    outcome: oneOf('connecting open failed closed lost'),
    finality,
    close_code: u16,
    connect_ms: u32,
    open_ms: u32,
    received: u32,
    sent: u32,
    first_message_ms: u32,
    longest_gap_ms: u32,
    reconnects: u32,
  }),
  clicks: struct({ count: u32, targets: list(struct({ selector, count: u32 }), 10) }),
  frustration: struct({ kind: oneOf('dead rage'), selector, clicks: u32 }),
  measurement: struct({ name, value_micros: signed(2 ** 52), attributes }),
  probe: struct({
    core_ready_ms: u32,
    main_thread_micros: u32,
    runs: u32,
    beacons: u32,
    sent_bytes: u32,
    queued: u32,
    failed_sends: u32,
  }),
};
/** Names of the kinds, in the order of their tags. */
export const TYPES = Object.keys(KINDS);
const time = whole(Number.MAX_SAFE_INTEGER);

/** The event in these bytes; throws where they are none. */
export const decode = (bytes) => {
  const from = reader(bytes);
  const [n, rev, at, kind] = [u32.read(from), u32.read(from), time.read(from), u32.read(from)];
  if (!TYPES[kind]) throw new Error(`no event is of kind ${kind}`);
  const event = { type: TYPES[kind], n, rev, at, ...KINDS[TYPES[kind]].read(from) };
  if (from.left()) throw new Error('more bytes than an event has');
  return event;
};

/** The bytes of an event; throws where it is none. */
export const encode = (event) => {
  const to = writer();
  const { type, n, rev, at } = event;
  u32.write(to, n);
  u32.write(to, rev);
  time.write(to, at);
  u32.write(to, TYPES.indexOf(type));
  KINDS[type].write(to, event);
  return to.done();
};
