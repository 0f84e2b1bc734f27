// Events between the wire's bytes and the page's callbacks. The bytes are those of beacon's golden files.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { install } from '../../js/events.js';
import { decode, encode, TYPES } from '../../js/events/kinds.js';

const GOLDEN = new URL('../../../beacon/tests/golden/', import.meta.url);

/** The last event of a binary beacon: a length, then as many bytes, that begin with its number, revision and time. */
function lastEvent(bytes, { n, rev, at_ms }) {
  for (let at = bytes.length - 1; at > 0; at--) {
    // The length in one byte or in two.
    const lengths = [[1, bytes[at]], [2, (bytes[at] & 127) + 128 * bytes[at + 1]]];
    for (const [size, length] of lengths) {
      const event = bytes.subarray(at + size);
      if (length !== event.length || (bytes[at] > 127) !== (size === 2)) continue;
      try {
        const read = decode(event);
        if (read.n === n && read.rev === rev && read.at === at_ms) return event;
      } catch {}
    }
  }
  throw new Error(`no event ${n}.${rev} at the end`);
}

/** Every golden file as [name, bytes of its event, the event as JSON says it]. */
const golden = readdirSync(GOLDEN)
  .filter((file) => file.endsWith('.bin'))
  .map((file) => {
    const { events } = JSON.parse(readFileSync(new URL(file.replace('.bin', '.json'), GOLDEN)));
    const { n, rev, at_ms: at, kind } = events.at(-1);
    const [type, fields] = typeof kind === 'string' ? [kind, {}] : Object.entries(kind)[0];
    return [file, lastEvent(readFileSync(new URL(file, GOLDEN)), events.at(-1)), { type, n, rev, at, ...fields }];
  });
const bytesOf = (type) => golden.find(([, , event]) => event.type === type)[1];
const eventOf = (type) => decode(bytesOf(type));

/** A shell with events.js installed, and what it was told. */
function shell(config = {}, changes = {}) {
  const heard = {};
  const observers = {};
  const problems = [];
  console.warn = (text) => problems.push(text.replace(/^sightline: /, ''));
  const shell = {
    config: { debug: true, ...config },
    causes: {},
    hook: { view: 'v-', hiddenAt: -1 },
    now: () => 500,
    on: (what, listener) => (heard[what] = heard[what] || []).push(listener),
    take: (kind, listener) => shell.on(kind, listener),
    observe: (type, listener) => (observers[type] = listener),
    details: () => true,
    more: () => undefined,
    navigationType: () => 'navigate',
    ...changes,
  };
  const listeners = new Proxy({}, { get: (_, what) => (...said) => heard[what]?.forEach((hear) => hear(...said)) });
  return { ...install(shell), shell, problems, listeners, observers };
}
const metric = (changes) => ({ name: 'LCP', value: 100, delta: 100, id: 'v-1', rating: 'good', navigationType: 'navigate', ...changes });
const told = () => new Promise((resolve) => setTimeout(resolve));

test('every golden event is read as its JSON says, and written back to the same bytes', () => {
  assert.ok(golden.length >= TYPES.length, `only ${golden.length} golden files`);
  for (const [file, bytes, event] of golden) {
    assert.deepEqual(decode(bytes), event, file);
    assert.deepEqual(encode(event), Uint8Array.from(bytes), file);
  }
});

test('every kind of event has a golden file', () => {
  assert.deepEqual([...new Set(golden.map(([, , { type }]) => type))].sort(), [...TYPES].sort());
});

test('no bytes, cut or changed, are read as more than they hold', () => {
  for (const [file, bytes] of golden) {
    for (let length = 0; length < bytes.length; length++) assert.throws(() => decode(bytes.subarray(0, length)), file);
    assert.throws(() => decode(Uint8Array.of(...bytes, 0)), file);
  }
  assert.throws(() => decode(Uint8Array.of(1, 0, 0, 99)), /kind 99/);
  assert.throws(() => decode(Uint8Array.of(1, 0, 0, 0, 9)), /none of/);
});

test('numbers beyond 32 bits and below zero keep their value', () => {
  const base = eventOf('measurement');
  for (const value_micros of [0, -1, 1, 1e15, -1e15, 2 ** 31, -(2 ** 31)]) {
    assert.equal(decode(encode({ ...base, value_micros })).value_micros, value_micros);
  }
});

test('what a callback makes of an event is cut, clamped and filled up to what the wire allows', () => {
  const request = decode(encode({ ...eventOf('request'), status: 1e9, duration_ms: -5, method: 'ä'.repeat(100), result: undefined, route: undefined, diagnosis: undefined }));
  assert.deepEqual(
    [request.status, request.duration_ms, request.method, request.result, request.route, request.diagnosis],
    [65_535, 0, 'ä'.repeat(64), null, '', null],
  );
  const targets = Array.from({ length: 30 }, () => ({ selector: 'x'.repeat(1000), count: 1.5 }));
  const clicks = decode(encode({ ...eventOf('clicks'), count: NaN, targets }));
  assert.deepEqual([clicks.count, clicks.targets.length, clicks.targets[0]], [0, 10, { selector: 'x'.repeat(256), count: 2 }]);
  assert.throws(() => encode({ ...eventOf('page'), outcome: 'fine' }), /none of/);
});

test('without callbacks, and with callbacks that keep everything, the bytes stay as they are', () => {
  const bytes = bytesOf('request');
  assert.equal(shell().filter(bytes), bytes);
  for (const callback of [(event) => event, () => undefined, () => true]) {
    const { filter, beforeSend } = shell();
    beforeSend(callback);
    assert.deepEqual(filter(bytes), Uint8Array.from(bytes));
  }
});

test('beforeSend changes an event in place or by another one, but not which event it is', () => {
  for (const callback of [(event) => void Object.assign(event, { message: 'gone', n: 99, type: 'page' }), (event) => ({ ...event, message: 'gone', at: 0 })]) {
    const { filter, beforeSend } = shell();
    beforeSend(callback);
    assert.deepEqual(decode(filter(bytesOf('error'))), { ...eventOf('error'), message: 'gone' });
  }
});

test('null and false drop an event, and the next callback is not asked', () => {
  for (const answer of [null, false]) {
    const { filter, beforeSend } = shell();
    let asked = 0;
    beforeSend(() => answer);
    beforeSend(() => void asked++);
    assert.equal(filter(bytesOf('error')), null);
    assert.equal(asked, 0);
  }
});

test('an event whose beforeSend throws, or returns what cannot be sent, does not leave', () => {
  for (const callback of [() => JSON.parse('<'), (event) => ({ ...event, kind: 'mine' })]) {
    const { filter, beforeSend, problems } = shell();
    beforeSend(callback);
    assert.equal(filter(bytesOf('error')), null);
    assert.match(problems[0], /^beforeSend: lost a "error" event/);
  }
});

test('an event of another build passes subscribers by, and does not leave where it cannot be redacted', () => {
  const unknown = Uint8Array.of(5, 0, 0, 99, 1);
  const { filter, beforeSend, onEvent, problems } = shell();
  let called = 0;
  onEvent(() => called++);
  assert.equal(filter(unknown), unknown);
  beforeSend(() => void called++);
  assert.equal(filter(unknown), null);
  assert.equal(called, 0);
  assert.match(problems[0], /the same build/);
});

test('each subscriber hears of every event but vitals, as measured, with an object of its own', () => {
  const { filter, onEvent, beforeSend } = shell();
  const heard = [];
  onEvent((event) => (event.message = 'changed'));
  onEvent((event) => heard.push(event));
  beforeSend(() => null);
  for (const [, bytes] of golden) filter(bytes);
  assert.deepEqual(heard, golden.map(([, , event]) => event).filter(({ type }) => type !== 'vital'));
});

test('a subscriber that throws costs nobody else, and is told to the developer', () => {
  const { filter, onEvent, problems } = shell();
  const heard = [];
  onEvent(() => JSON.parse('<'));
  onEvent(({ type }) => heard.push(type));
  assert.ok(filter(bytesOf('page')));
  assert.deepEqual(heard, ['page']);
  assert.match(problems[0], /^onEvent: the callback threw SyntaxError/);
});

test('a subscription that has ended hears nothing more, not even what was to come before the core', async () => {
  const { filter, onEvent, listeners } = shell();
  const subscription = { ended: false };
  let heard = 0;
  await told();
  onEvent(() => heard++, subscription);
  filter(bytesOf('page'));
  subscription.ended = true;
  filter(bytesOf('page'));
  listeners.vital(metric());
  onEvent(() => heard++, { ended: true });
  await told();
  assert.equal(heard, 1);
});

test('a vital is told with the fields of a Metric, and with its cause where that is known in the same task', async () => {
  const { shell: { causes }, onEvent, listeners } = shell();
  const heard = [];
  await told();
  onEvent((event) => heard.push(event));
  listeners.vital({ name: 'LCP', value: 100, id: 'v-1' });
  causes.LCP = [2, 'img.hero', 'https://cdn.test/a.avif', '', 2, 0, 12_500, 3, 87_500];
  listeners.vital({ name: 'CLS', value: 0.2, id: 'v-2' });
  await told();
  assert.deepEqual(heard, [
    { type: 'vital', ...metric(), attribution: { target: 'img.hero', url: 'https://cdn.test/a.avif', timeToFirstByte: 12.5, elementRenderDelay: 87.5 } },
    { type: 'vital', ...metric({ name: 'CLS', value: 0.2, delta: 0.2, id: 'v-2', rating: 'needs-improvement' }), attribution: {} },
  ]);
});

test('causes of shifts and interactions have the names of web-vitals', async () => {
  const { shell: { causes }, onEvent, listeners } = shell();
  const heard = {};
  await told();
  onEvent((event) => (heard[event.name] = event.attribution));
  causes.CLS = [3, 'p', '', '', 2, 7, 150_000, 8, 2_000_000];
  causes.INP = [4, 'p', '', 'keydown', 3, 4, 8_000, 5, 16_000, 6, 24_000];
  for (const name of ['CLS', 'INP']) listeners.vital({ name, value: 1, id: name });
  await told();
  assert.deepEqual(heard, {
    CLS: { largestShiftTarget: 'p', largestShiftValue: 0.15, largestShiftTime: 2000 },
    INP: { interactionTarget: 'p', interactionType: 'keyboard', inputDelay: 8, processingDuration: 16, presentationDelay: 24 },
  });
});

test('a vital waits for the module that knows causes, which hears it anew, but not when the page is left', async () => {
  let installed;
  const parts = shell({}, { causes: undefined, more: () => new Promise((resolve) => (installed = resolve)) });
  const heard = [];
  parts.onEvent(({ name, attribution }) => heard.push([name, attribution]));
  const lcp = { name: 'LCP', value: 100, id: 'v-LCP' };
  parts.listeners.vital(lcp);
  await told();
  assert.deepEqual(heard, []);
  parts.shell.causes = { LCP: [2, 'h1', '', '', 0] };
  installed();
  await told();
  await told();
  assert.deepEqual(heard, []);
  parts.listeners.vital(lcp);
  await told();
  assert.deepEqual(heard, [['LCP', { target: 'h1' }]]);

  const without = shell({}, { causes: undefined, more: () => new Promise(() => {}) });
  without.onEvent(({ name, attribution }) => heard.push([name, attribution]));
  without.listeners.vital(lcp);
  without.listeners.leaving();
  assert.deepEqual(heard.at(-1), ['LCP', {}]);
});

test('sessions without details tell no vital', async () => {
  const { onEvent, listeners } = shell({}, { details: () => false });
  let heard = 0;
  await told();
  onEvent(() => heard++);
  listeners.vital(metric());
  await told();
  assert.equal(heard, 0);
});

test('only who asks for all changes hears of values that are not final; deltas are each subscriber\'s own', async () => {
  const { onEvent, listeners, observers } = shell();
  const all = [];
  const final = [];
  await told();
  onEvent(({ value, delta }) => all.push([value, delta]), { reportAllChanges: true });
  onEvent(({ value, delta }) => final.push([value, delta]));
  const paint = async (...times) => {
    observers['largest-contentful-paint'](times.map((startTime) => ({ startTime })));
    await told();
  };
  await paint(1);
  await paint(2.0004, 3.00049);
  listeners.vital({ name: 'LCP', value: 3, id: 'v-LCP' });
  await told();
  // Final: what comes now is no candidate any more.
  await paint(9);
  listeners.vital({ name: 'LCP', value: 3, id: 'v-LCP' });
  await told();
  assert.deepEqual(all, [[1, 1], [2, 1], [3, 1]]);
  assert.deepEqual(final, [[3, 3]]);
});

test('shifts and interactions on their way are told as web-vitals reckons them', async () => {
  const { onEvent, listeners, observers } = shell({ reportAllChanges: true });
  const heard = { FCP: [], CLS: [], INP: [] };
  await told();
  onEvent(({ name, value }) => heard[name].push(value));
  const shift = (startTime, value, hadRecentInput) => ({ startTime, value, hadRecentInput });
  const shifted = async (...shifts) => {
    observers['layout-shift'](shifts.map((given) => shift(...given)));
    await told();
  };
  // Not told before the first paint; windows end after a second without a shift, or after five.
  await shifted([0, 0.1], [10, 0.2, true]);
  listeners.vital({ name: 'FCP', value: 50, id: 'v-FCP' });
  await told();
  await shifted([900, 0.1]);
  await shifted([2000, 0.15]);
  await shifted([2500, 0.15]);
  const event = (interactionId, duration) => ({ interactionId, duration, startTime: 10 });
  observers.event([event(1, 48), event(0, 900), event(8, 120)]);
  await told();
  listeners.n(10, event(15, 64));
  await told();
  listeners.n(10, event(15, 200));
  await told();
  await told();
  assert.deepEqual(heard, { FCP: [50], CLS: [0.1, 0.2, 0.3], INP: [120, 200] });
});

test('nothing is observed for values on their way unless somebody wants them; the configuration can', () => {
  const quiet = shell();
  quiet.onEvent(() => {});
  assert.deepEqual(quiet.observers, {});
  const eager = shell({ reportAllChanges: true });
  eager.onEvent(() => {});
  assert.equal(typeof eager.observers['layout-shift'], 'function');
});

test('who subscribes late hears of the vitals of this view, not of the view before', async () => {
  const { onEvent, listeners } = shell();
  await told();
  listeners.vital({ name: 'TTFB', value: 1, id: 'v-1' });
  listeners.restored(0);
  listeners.vital({ name: 'LCP', value: 1, id: 'v-2' });
  await told();
  const heard = [];
  onEvent(({ name, id }) => heard.push([name, id]));
  assert.deepEqual(heard, [['LCP', 'v-2']]);
});

test('events wait until a beforeSend is there to see them', () => {
  const { shell: given, beforeSend } = shell({}, { hold: true });
  beforeSend(() => {});
  assert.equal(given.hold, 0);
});
