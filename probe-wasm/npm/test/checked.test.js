// The configuration check by its front door: options enter, one error with every problem leaves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf } from '../config-check.js';
import { checked, inlineScript } from '../inline.js';

const REQUIRED = { app: 'shop', collector: 'https://rum.example.org' };
const FULL = {
  ...REQUIRED,
  fallbackCollector: '/rum',
  consent: 'required',
  storage: 'none',
  release: '',
  deployment: '__SIGHTLINE_DEPLOYMENT__',
  backendOrigin: 'https://api.example.org',
  expectedBackendOrigins: ['https://api.example.org', 'http://localhost:8080'],
  checkUnreachable: true,
  mount: '#app',
  ready: { '/': '.chat-box', '/films/new': 'form[action="/films"] > .title:not(.a, .b)', '/films/:id': '.film::part(x)' },
  routes: ['/films/new', '/films/:id', '/films/*', '*/edit', '/a/*/b', '/'],
  requests: [
    { match: 'POST /chat', json: true, field: 'result', good: ['SUCCESS'], limitMs: 30_000 },
    { match: 'GET */stream', type: 'text/event-stream', status: [200, 204] },
  ],
  journeys: [
    {
      name: 'buy',
      start: [{ click: '.buy' }, { load: 'GET /startup' }, { navigation: '/cart' }, { event: 'gift' }, { painted: '.cart' }],
      steps: [
        { name: 'pay', start: { click: '.pay' }, end: { request: 'POST /pay' } },
        { name: 'confirm', start: { painted: '.code' }, in: 'pay' },
      ],
      end: { request: 'POST /order', painted: '.thanks' },
      needs: ['POST /login'],
      limitMs: 60_000,
      failedPage: true,
    },
    { name: 'read', start: [{ request: 'GET /text' }], end: { event: 'read' } },
    {
      name: 'chat',
      start: [{ request: 'POST /chat' }],
      steps: [{ name: 'talking', start: { firstChunk: 'POST /chat' } }, { name: 'thinking', start: { click: '.send' }, end: { firstChunk: 'POST /chat' } }],
      end: { firstChunk: 'POST /chat', request: 'POST /chat', painted: '.answer' },
    },
  ],
  sampleDetail: 0.1,
  consoleErrors: true,
  traceOrigins: ['https://api.example.org'],
  scrubUrl: [{ match: '/token/[^/]+', replace: '/token/:token' }],
  more: false,
  reportAllChanges: false,
  beforeSend: true,
  debug: true,
  core: './sightline/',
};

/** The problems of the required options and these. */
const problems = (options) => problemsOf({ ...REQUIRED, ...options });
/** The one problem there must be. */
const problem = (options) => {
  const found = problems(options);
  assert.equal(found.length, 1, JSON.stringify(found, null, 1));
  return found[0];
};
const journey = (changes) => ({ journeys: [{ name: 'chat', start: [{ click: '.send' }], end: { painted: '.answer' }, ...changes }] });
const steps = (...list) => journey({ steps: list.map((step) => ({ start: { click: '.x' }, ...step })) });

test('every documented option passes, and comes back as it was', () => {
  assert.deepEqual(problemsOf(FULL), []);
  assert.equal(checked(FULL), FULL);
});

test('everything that is wrong is told at once, each with its key and what would be right', () => {
  const message = (() => {
    try {
      checked({
        collector: 'rum.example.org',
        journies: [],
        mount: '#app[',
        sampleDetail: 2,
        requests: [{ match: 'POST /chat', field: 'result' }],
        journeys: [{ name: 'chat', start: [] }],
      });
    } catch (error) {
      return error.message;
    }
  })();
  assert.deepEqual(message.split('\n  ').slice(1), [
    'journies: there is no such key; the nearest is "journeys"',
    'app: is missing; a text of 1 to 128 bytes is right',
    'collector: got "rum.example.org"; an address such as "https://rum.example.org" or "/rum" is right',
    'mount: "#app[" lacks a "]"; a CSS selector such as "#app .film" is right',
    'requests[0].good: is missing; a list of the values of "result" that mean success is right',
    'journeys[0].start: got an empty list; a list of what starts an attempt is right: one of { click }, { load }, { request }, { navigation }, { event }, { painted } is right',
    'journeys[0].end: is missing; at least one of { request, firstChunk, painted, click, navigation, event } is right',
    'sampleDetail: got 2; a number from 0 to 1 is right',
  ]);
});

test('options that are no object are one problem', () => {
  for (const options of [undefined, null, 'app', []]) assert.throws(() => checked(options), /options: got/);
});

test('a journey without an end or a start is told', () => {
  assert.equal(problem(journey({ end: undefined })).key, 'journeys[0].end');
  assert.equal(problem(journey({ end: {} })).key, 'journeys[0].end');
  assert.equal(problem(journey({ start: undefined })).key, 'journeys[0].start');
  assert.equal(problem(journey({ start: { click: '.send' } })).key, 'journeys[0].start');
});

test('a start of two kinds, or of none, is told', () => {
  assert.equal(problem(journey({ start: [{ click: '.a', request: 'GET /a' }] })).wrong, 'has 2 keys');
  assert.equal(problem(journey({ start: [{}] })).key, 'journeys[0].start[0]');
});

test('an unknown key is told with the nearest one, at every depth', () => {
  for (const [options, key, nearest] of [
    [{ Journeys: [] }, 'Journeys', 'journeys'],
    [{ tracOrigin: [] }, 'tracOrigin', 'traceOrigins'],
    [{ requests: [{ match: 'GET /a', limit: 5 }] }, 'requests[0].limit', 'limitMs'],
    [steps({ name: 'a', inside: 'b' }), 'journeys[0].steps[0].inside', 'in'],
  ]) {
    const found = problem(options);
    assert.equal(found.key, key);
    assert.equal(found.right, `the nearest is "${nearest}"`);
  }
});

test('a selector that cannot be one is told, a strange one passes', () => {
  for (const bad of ['', ' ', '.a[', 'a]', '.a(', '.a:not(.b', '[href="x]', '.a >', '.a,,.b', ',.a', '.1a', '#', '.a..b', '.a{', 'a)', '.a:is(.b >)']) {
    assert.equal(problem({ mount: bad }).key, 'mount', bad);
  }
  for (const good of ['a[href="]"]', '.a\\:b', '.\\31 a', 'li:nth-child(2n+1)', ':has(> img)', '[data-x=\'"\']', 'a > b ~ c + d', '*', 'a[href$=".pdf"]', '.-a', '.--b', '.ä', 'svg|a', '.a:not([b], #c)']) {
    assert.deepEqual(problems({ mount: good }), [], good);
  }
});

test('the first piece of an answer starts no attempt, and is awaited of one call', () => {
  assert.equal(problem(journey({ start: [{ firstChunk: 'POST /chat' }] })).key, 'journeys[0].start[0].firstChunk');
  const { key, right } = problem(journey({ end: { firstChunk: 'POST /chat', request: 'POST /talk' } }));
  assert.deepEqual([key, right], ['journeys[0].end.firstChunk', 'the same call is right']);
});

test('a call that no request can fit is told', () => {
  for (const bad of ['/chat', 'POST', 'POST chat', 'post /chat', 'SEND /chat', 'GET https://api.example.org/chat', 'GET /chat?x=1', 'GET /a b', 'GET /films/:', 'GET /film:id', 'GET //a', 7]) {
    assert.equal(problem({ requests: [{ match: bad }] }).key, 'requests[0].match', String(bad));
  }
  assert.equal(problem({ requests: [{ match: '/chat' }] }).right, '"GET /chat" or another method is right');
  assert.equal(problem({ requests: [{ match: 'GET https://api.example.org/films/:id' }] }).right, '"GET /films/:id" is right');
});

test('a rule behind a wider one is told, for it never applies', () => {
  assert.equal(problem({ routes: ['/films/:id', '/films/new'] }).key, 'routes[1]');
  assert.equal(problem({ ready: { '/films/:id': '.a', '/films/:name': '.b' } }).key, 'ready["/films/:name"]');
  assert.equal(problem({ requests: [{ match: 'GET /a/:id' }, { match: 'POST /a/1' }, { match: 'GET /a/1' }] }).key, 'requests[2].match');
  assert.deepEqual(problems({ routes: ['/a.b', '/axb', '/films', '/films/:id'] }), []);
});

test('a name that is taken is told', () => {
  const chat = journey({}).journeys[0];
  assert.equal(problem({ journeys: [chat, { ...chat }] }).key, 'journeys[1].name');
  assert.equal(problem(steps({ name: 'a' }, { name: 'a' })).key, 'journeys[0].steps[1].name');
  assert.equal(problem({ journeys: [{ ...chat, failedPage: true }, { ...chat, name: 'b', failedPage: true }] }).key, 'journeys[1].failedPage');
});

test('more journeys, steps or conditions than the core has room for are told', () => {
  const many = (count, make) => ({ journeys: Array.from({ length: count }, (_, index) => ({ name: `j${index}`, start: [{ click: '.a' }], end: { painted: '.b' }, ...make(index) })) });
  assert.deepEqual(problems(many(32, () => ({}))), []);
  assert.equal(problem(many(33, () => ({}))).wrong, 'has 33 journeys');
  const five = Array.from({ length: 5 }, (_, index) => ({ name: `s${index}`, start: { click: '.a' } }));
  assert.equal(problem(many(13, () => ({ steps: five }))).wrong, 'has 65 steps in all');
  assert.equal(problem(many(16, (index) => ({ start: [{ load: `GET /${index}` }, { request: `GET /${index}` }], end: { request: `POST /${index}` }, needs: ['PUT /a'] }))).wrong, 'has 33 different conditions in all');
});

test('a step in a step that is not there, or in itself, is told', () => {
  const missing = problem(steps({ name: 'pay' }, { name: 'card', in: 'pya' }));
  assert.equal(missing.key, 'journeys[0].steps[1].in');
  assert.equal(missing.right, 'the nearest is "pay"');
  assert.equal(problem(steps({ name: 'a', in: 'a' })).key, 'journeys[0].steps[0].in');
  assert.equal(problems(steps({ name: 'a', in: 'b' }, { name: 'b', in: 'a' })).length, 2);
  assert.deepEqual(problems(steps({ name: 'a' }, { name: 'b', in: 'a' }, { name: 'c', in: 'b' })), []);
  const late = problem(steps({ name: 'c', in: 'a' }, { name: 'b' }, { name: 'a' }));
  assert.deepEqual([late.key, late.right], ['journeys[0].steps[0].in', 'journeys[0].steps[2] before journeys[0].steps[0] is right']);
});

test('wrong types and numbers out of range are told', () => {
  for (const options of [
    { app: '' },
    { app: 'x'.repeat(129) },
    { collector: 'ftp://rum.example.org' },
    { consent: true },
    { storage: 'all' },
    { release: 2 },
    { backendOrigin: 'https://api.example.org/v1' },
    { expectedBackendOrigins: 'https://api.example.org' },
    { expectedBackendOrigins: ['https://api.example.org/'] },
    { traceOrigins: ['api.example.org'] },
    { checkUnreachable: 'yes' },
    { ready: ['/'] },
    { ready: { '/': 7 } },
    { ready: { films: '.a' } },
    { routes: ['/films?id'] },
    { requests: {} },
    { requests: [{ match: 'GET /a', status: [99] }] },
    { requests: [{ match: 'GET /a', status: [] }] },
    { requests: [{ match: 'GET /a', type: 'html' }] },
    { requests: [{ match: 'GET /a', type: 'text/html', json: true }] },
    { requests: [{ match: 'GET /a', good: ['x'] }] },
    { requests: [{ match: 'GET /a', limitMs: 0 }] },
    { requests: [{ match: 'GET /a', limitMs: 86_400_001 }] },
    { requests: [null] },
    journey({ limitMs: '30' }),
    journey({ needs: 'POST /login' }),
    journey({ end: { painted: '.a[' } }),
    journey({ end: { load: 'GET /a' } }),
    journey({ steps: Array.from({ length: 17 }, (_, index) => ({ name: `s${index}`, start: { click: '.x' } })) }),
    steps({ name: 'a', end: {} }),
    { sampleDetail: '1' },
    { scrubUrl: [{ match: /token/, replace: '' }] },
    { scrubUrl: [{ match: '(', replace: '' }] },
    { scrubUrl: [{ match: 'a' }] },
    { more: 0 },
    { core: '/sightline' },
  ]) {
    problem(options);
  }
});

test('a caller with a page brings its own test of selectors', () => {
  const found = problemsOf({ ...REQUIRED, mount: '.a', ready: { '/': '.b' } }, (selector) => (selector === '.b' ? 'is refused' : undefined));
  assert.deepEqual(found.map(({ key, wrong }) => [key, wrong]), [['ready["/"]', '".b" is refused']]);
});

test('the inline script holds the options, the hook and, only where it is asked for, the trace add-on', () => {
  const run = (options, ...texts) => {
    const globalThis = { ran: [] };
    // A script's text, as the page would run it.
    new Function('globalThis', inlineScript({ ...REQUIRED, ...options }, ...texts))(globalThis);
    return globalThis;
  };
  const hook = 'globalThis.ran.push("hook")';
  const trace = 'globalThis.ran.push("trace")';
  assert.deepEqual(run({ release: '</script><!--\u2028' }, hook, trace), { __sightlineConfig: { ...REQUIRED, release: '</script><!--\u2028' }, ran: ['hook'] });
  assert.deepEqual(run({ traceOrigins: ['https://api.example.org'] }, hook, trace).ran, ['hook', 'trace']);
  assert.equal(/[<\u2028]/.test(inlineScript({ ...REQUIRED, release: '</script><!--\u2028' }, '')), false);
  assert.throws(() => inlineScript({ ...REQUIRED, traceOrigins: ['https://api.example.org'] }, hook), /traceOrigins: trace.js is missing/);
});
