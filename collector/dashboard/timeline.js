// What happened in one view, in order of time: a row per event, with its details in words. Knows what
// each kind of event means to a reader, and nothing of where it came from.

import { h } from './dom.js';
import { bytes, clock, count, duration, micros, plural, tone, words } from './format.js';

// Rows of time, what, how it ended, how long it took, details.
export function timeline(view) {
  const rows = Object.entries(KINDS).flatMap(([place, row]) =>
    [view[place] ?? []].flat().map((event) => [event, row(event, view)]));
  rows.sort(([left], [right]) => left.event_ms - right.event_ms || left.n - right.n);
  return rows.filter(([, row]) => row).map(([event, [what, ended, took, ...details]]) =>
    [clock(event.event_ms), what, ended, took === null ? '' : duration(Math.round(took)), sentence(details)]);
}

export function outcome(event, before = '', text = words(event.outcome)) {
  const state = event.finality === 'provisional' ? ' (may change)' : '';
  return h('span', { class: `key ${event.class === 'bad' ? 'bad' : tone(event.outcome)}` }, `${before}${text}${state}`);
}

// What the probe cost the page, in one line.
export function cost(probe) {
  if (!probe) return 'not told';
  return texts(`running after ${duration(probe.core_ready_ms)}`,
    `${micros(probe.main_thread_micros)} of the main thread in ${plural(probe.runs, 'run')}`,
    `${plural(probe.beacons, 'beacon')}, ${bytes(probe.sent_bytes)}`,
    probe.queued > 0 && `${count(probe.queued)} waiting`,
    probe.failed_sends > 0 && `${plural(probe.failed_sends, 'try', 'tries')} to send failed`);
}

export function attributes(list) {
  return list.map(({ key, value }) => `${key}: ${value}`).join(' · ');
}

const KINDS = {
  page: (event) => ['page load', outcome(event), event.decided_after_ms,
    event.failed_scripts > 0 && `${plural(event.failed_scripts, 'script')} failed`],
  navigation,
  journeys: (event) => [`journey ${words(event.name)}`, outcome(event), event.duration_ms,
    reason(event.reason), event.result, event.backend_origin, steps(event.steps ?? [], 0)],
  requests: request,
  request_counts: (event) => [`${event.method} ${event.route}`, outcome(event), null,
    plural(event.durations.counts.reduce((sum, [, number]) => sum + number, 0), 'call'), ...origin(event)],
  errors: (event) => [`error: ${words(event.kind)}`, warning(event.message || 'no message'), null,
    event.count > 1 && `${count(event.count)} times`, event.source, stack(event.stack)],
  vitals: (event, { vital_causes: causes }) => [event.name.toUpperCase(), words(event.rating),
    event.name === 'cls' ? null : event.value_micros / 1000,
    event.name === 'cls' && String(event.value_micros / 1e6),
    ...cause(causes.find(({ name }) => name === event.name))],
  // The cause stands beside its vital, and alone only where that is missing.
  vital_causes: (event, { vitals }) => !vitals.some(({ name }) => name === event.name)
    && [`cause of ${event.name.toUpperCase()}`, '', null, ...cause(event)],
  routes: (event) => [`route ${event.route || '/'}`, event.settled ? 'settled' : 'left before it settled', event.duration_ms,
    `from ${event.from || '/'}`, `by ${TRIGGERS[event.trigger] ?? words(event.trigger)}`, plural(event.requests, 'request')],
  resource_counts: (event) => [`${event.kind} resources`,
    event.failed > 0 ? warning(`${count(event.failed)} failed`) : '', null,
    plural(event.count, 'resource'), event.cached > 0 && `${count(event.cached)} from the cache`, bytes(event.transfer_bytes),
    `${duration(Math.round(event.total_ms / event.count))} on average`, `longest ${duration(event.longest_ms)}`, event.origin],
  resources: (event) => [`${event.kind} resource`, event.fault === 'failed'
    ? h('span', { class: 'key bad' }, 'failed') : warning(words(event.fault)), event.duration_ms,
    event.status || '', event.wait_ms > 0 && `waited ${duration(event.wait_ms)}`, bytes(event.transfer_bytes), event.protocol,
    event.blocking && 'rendering waited for it', event.address],
  long_tasks: (event) => [event.frames ? 'long animation frames' : 'long tasks', plural(event.count, event.frames ? 'frame' : 'task'),
    null, `${duration(event.blocking_ms)} blocked`, `worst ${duration(event.worst_ms)}`, event.worst_invoker, event.worst_script],
  sockets: socket,
  clicks: (event) => ['clicks', count(event.count), null,
    ...event.targets.map((target) => `${target.selector || 'somewhere'} ×${count(target.count)}`)],
  frustrations: (event) => [`${event.kind} clicks`, warning(plural(event.clicks, 'click')), null, event.selector || 'somewhere'],
  measurements: (event) => [`measurement ${event.name}`, String(event.value_micros / 1e6), null, attributes(event.attributes)],
};

const TRIGGERS = { platform: 'the browser’s word', history: 'history', pop: 'back or forward', api: 'the application' };

function navigation(event) {
  const phases = [['redirect', event.redirect_ms], ['DNS', event.dns_ms], ['connect', event.connect_ms], ['TLS in it', event.tls_ms],
    ['request', event.request_ms], ['response', event.response_ms]];
  const since = [['interactive', event.dom_interactive_ms], ['content loaded', event.dom_content_loaded_ms],
    ['complete', event.dom_complete_ms]];
  return ['loading the document', event.load_ms > 0 ? 'loaded' : 'left before it had loaded', event.load_ms || null,
    ...phases.filter(([, ms]) => ms > 0).map(([name, ms]) => `${name} ${duration(ms)}`),
    ...since.filter(([, ms]) => ms > 0).map(([name, ms]) => `${name} at ${duration(ms)}`),
    event.transfer_bytes > 0 && `${bytes(event.transfer_bytes)} on the wire`,
    event.decoded_bytes > 0 && `${bytes(event.decoded_bytes)} unpacked`, event.protocol,
    ...event.server_timing.map((metric) => `server’s ${metric.name} ${duration(metric.duration_ms)}`)];
}

function request(event) {
  const stream = event.stream;
  return [`${event.method} ${event.route}`, event.initiator === 'beacon' ? outcome(event, '', BEACON[event.outcome]) : outcome(event),
    event.duration_ms, event.status || '', event.result, event.initiator === 'beacon' && 'by sendBeacon', ...origin(event),
    diagnosis(event.diagnosis), !event.online && 'the browser was offline', event.connection,
    event.headers_ms > 0 && `headers after ${duration(event.headers_ms)}`,
    ...(stream ? [stream.chunks > 0 ? `first chunk after ${duration(stream.first_chunk_ms)}` : 'no chunk came',
      `longest gap ${duration(stream.longest_gap_ms)}`, `${plural(stream.chunks, 'chunk')}, ${bytes(stream.bytes)}`] : []),
    event.trace && `trace ${event.trace}`];
}

// Nobody sees the answer of a sendBeacon: its `ok` must not read as one.
const BEACON = { ok: 'taken by the browser, answer unknown', blocked: 'refused by the browser' };

function socket(event) {
  const code = event.close_code;
  return [`${event.kind === 'web_socket' ? 'WebSocket' : 'event source'} ${event.route}`, outcome(event), event.open_ms,
    code > 0 && `close code ${code}${CODES[code] ? ` (${CODES[code]})` : ''}`, `connected in ${duration(event.connect_ms)}`,
    `${count(event.received)} received`, event.kind === 'web_socket' && `${count(event.sent)} sent`,
    event.received > 0 && `first message after ${duration(event.first_message_ms)}`, `longest gap ${duration(event.longest_gap_ms)}`,
    event.reconnects > 0 && `${plural(event.reconnects, 'reconnect')}`, ...origin(event)];
}

// https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 and the registry it founds.
const CODES = {
  1000: 'normal', 1001: 'going away', 1002: 'protocol error', 1003: 'unsupported data', 1005: 'no code given',
  1006: 'without a closing handshake', 1007: 'inconsistent data', 1008: 'policy violated', 1009: 'message too big',
  1010: 'extension missing', 1011: 'error in the server', 1012: 'server restarts', 1013: 'try again later',
  1014: 'bad gateway', 1015: 'TLS failed',
};

function cause(event) {
  if (!event) return [];
  const score = (part) => (part.name === 'largest_shift' ? String(part.value_micros / 1e6) : micros(part.value_micros));
  return [event.interaction, event.element, event.resource,
    ...event.parts.map((part) => `${words(part.name)} ${score(part)}`)];
}

function steps(all, parent) {
  const own = all.map((step, index) => [step, index + 1]).filter(([step]) => step.parent === parent);
  return own.length > 0 && h('ul', { class: 'steps' }, own.map(([step, place]) => h('li', {},
    `${words(step.name)}: at ${duration(step.started_ms)}, ${duration(step.duration_ms)}${step.ended ? '' : ', did not end'}`,
    steps(all, place) || '')));
}

function stack(text) {
  return text && h('details', {}, h('summary', {}, 'stack'), h('pre', {}, text));
}

function origin(event) {
  return [event.backend_origin, !event.expected_origin && 'unexpected'];
}

function diagnosis(told) {
  return told && `probably ${words(told.cause)} (${told.confidence_percent}%)`;
}

function reason(value) {
  if (!value) return '';
  return typeof value === 'string' ? words(value) : Object.entries(value).map((pair) => words(pair.join(' '))).join();
}

function warning(text) {
  return h('span', { class: 'key warn' }, text);
}

function texts(...parts) {
  return parts.filter(Boolean).join(' · ');
}

// Texts in one line, elements below it.
function sentence(parts) {
  const told = parts.filter(Boolean);
  return [texts(...told.filter((part) => typeof part !== 'object')), ...told.filter((part) => typeof part === 'object')];
}
