// The API by its front door, before and after the core is up: calls enter, `[method, args]` leave to the hook.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

let copies = 0;
/** A page with its own copy of the package, and this hook. */
async function page(hook) {
  globalThis.document = {};
  globalThis.__sightline = hook;
  return import(`../index.js?copy=${copies++}`);
}
const hookOf = (more) => ({ undo: [], dropped: 0, stopped: false, start() {}, stop() {}, ...more });
/** The calls without their times. */
const said = (calls = []) => calls.map(([method, args]) => [method, ...args.filter((_, index) => index < args.length - 1 || !TIMED.includes(method))]);
const TIMED = ['journey', 'step', 'end', 'fail', 'measure', 'setRoute', 'event'];

beforeEach(() => mock.method(console, 'warn', () => {}));
afterEach(() => {
  mock.restoreAll();
  for (const name of ['document', '__sightline', '__sightlineConfig']) delete globalThis[name];
});
const warnings = () => console.warn.mock.calls.map(({ arguments: [text] }) => text);

test('calls before the core is up are kept in order, with their times', async () => {
  const hook = hookOf();
  const { journey, measure, attribute, setRoute, event, beforeSend, onEvent } = await page(hook);
  const callback = () => {};
  const before = performance.now();
  const order = journey('order', { limitMs: 5000 });
  const pay = order.step('pay');
  pay.step('card').end();
  pay.end();
  order.step('ship');
  order.end();
  measure('basket', 12.5, { currency: 'EUR', items: 3 });
  attribute('plan', true);
  attribute('plan', null);
  setRoute('/films/:id');
  event('gift');
  beforeSend(callback);
  onEvent(callback, { reportAllChanges: true });
  assert.deepEqual(said(hook.calls), [
    ['journey', 1, 'order', 5000],
    ['step', 2, 1, 'pay'],
    ['step', 3, 2, 'card'],
    ['end', 3],
    ['end', 2],
    ['step', 4, 1, 'ship'],
    ['end', 1],
    ['measure', 'basket', 12.5, { currency: 'EUR', items: '3' }],
    ['attribute', 'plan', 'true'],
    ['attribute', 'plan', null],
    ['setRoute', '/films/:id'],
    ['event', 'gift'],
    ['beforeSend', callback],
    ['onEvent', callback, { reportAllChanges: true, ended: false }],
  ]);
  const times = hook.calls.filter(([method]) => TIMED.includes(method)).map(([, args]) => args.at(-1));
  assert.deepEqual(times, [...times].sort((left, right) => left - right));
  assert.ok(times[0] >= before && times.at(-1) <= performance.now());
});

test('once the core is up calls go straight to it', async () => {
  const calls = [];
  const api = new Proxy({}, { get: (_, method) => (...args) => calls.push([method, args]) });
  const { journey, measure } = await page(hookOf({ api }));
  journey('order').fail('declined');
  measure('basket', 1);
  assert.deepEqual(said(calls), [['journey', 1, 'order', 30_000], ['fail', 1, 'declined'], ['measure', 'basket', 1, {}]]);
});

test('at most 100 calls are kept and the rest is counted; what has begun may end, and callbacks are taken', async () => {
  const hook = hookOf();
  const { journey, measure, beforeSend } = await page(hook);
  const order = journey('order');
  for (let index = 0; index < 150; index++) measure('basket', index);
  journey('late').end();
  order.step('late').end();
  order.end();
  beforeSend(() => null);
  assert.deepEqual([hook.calls.length, hook.dropped], [102, 53]);
  assert.deepEqual(hook.calls.slice(100).map(([method]) => method), ['end', 'beforeSend']);
});

test('an attempt ends once, and nothing follows its end', async () => {
  const hook = hookOf();
  const { journey } = await page(hook);
  const order = journey('order');
  const pay = order.step('pay');
  pay.end();
  pay.end();
  pay.step('late').end();
  order.fail();
  order.end();
  order.fail('again');
  order.step('later').step('still').end();
  pay.end();
  assert.deepEqual(said(hook.calls), [['journey', 1, 'order', 30_000], ['step', 2, 1, 'pay'], ['end', 2], ['fail', 1, '']]);
});

test('an attempt has at most 16 steps', async () => {
  const hook = hookOf();
  const { journey } = await page(hook);
  let step = journey('order');
  for (let index = 0; index < 20; index++) step = step.step(`s${index}`);
  assert.equal(hook.calls.filter(([method]) => method === 'step').length, 16);
});

test('nothing throws, whatever it is given, and nothing wrong is told', async () => {
  const hook = hookOf();
  const api = await page(hook);
  const bad = { toString: () => JSON.parse('<') };
  const strange = new Proxy({}, { get: () => JSON.parse('<'), ownKeys: () => JSON.parse('<') });
  for (const value of [undefined, null, 0, NaN, Infinity, '', Symbol('x'), {}, [], bad, strange, 'x'.repeat(129), () => {}]) {
    for (const method of ['journey', 'measure', 'attribute', 'setRoute', 'event']) {
      const given = api[method](value, value, value);
      if (method === 'journey') given.step(value).end();
    }
    if (typeof value !== 'function') api.beforeSend(value);
    if (typeof value !== 'function') api.onEvent(value, value)();
    api.measure('m', value);
    api.measure('m', '7');
    api.measure('m', 1e9 + 1);
    api.onEvent(() => {}, value);
    api.journey('j', value).fail(value);
  }
  const methods = new Set(hook.calls.map(([method]) => method));
  assert.deepEqual([...methods].sort(), ['fail', 'journey', 'measure', 'onEvent']);
  for (const [method, args] of hook.calls) if (method === 'measure') assert.equal(args[1], 0);
});

test('a core that throws does not reach the page', async () => {
  for (const good of [[], ['journey'], ['journey', 'step']]) {
    const api = new Proxy({}, { get: (_, method) => () => good.includes(method) || JSON.parse('<') });
    const { journey, measure } = await page(hookOf({ api }));
    const order = journey('order');
    order.step('pay').end();
    order.end();
    measure('basket', 1);
  }
});

test('a call that cannot be right is told once, and only with debug', async () => {
  const { measure, journey } = await page(hookOf());
  measure('basket', '7');
  assert.deepEqual(warnings(), []);
  globalThis.__sightlineConfig = { debug: true };
  measure('basket', '7');
  measure('basket', NaN);
  journey('');
  assert.deepEqual(warnings(), [
    'sightline: measure(basket): got the value 7; a number from -1e9 to 1e9 is right',
    'sightline: journey: got the name ; a text of 1 to 128 bytes is right',
  ]);
});

test('attributes are bounded: 16 keys of the visit, 128 bytes each', async () => {
  const hook = hookOf();
  const { attribute, measure } = await page(hook);
  for (let index = 0; index < 20; index++) attribute(`key-${index}`, 'ä'.repeat(200));
  attribute('key-0', null);
  attribute('key-19', 1);
  const keys = hook.calls.map(([, [key]]) => key);
  assert.deepEqual(keys.slice(15), ['key-15', 'key-0', 'key-19']);
  assert.equal(hook.calls[0][1][1], 'ä'.repeat(64));
  measure('m', 1, Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`a${index}`, index])));
  assert.equal(Object.keys(hook.calls.at(-1)[1][2]).length, 16);
});

test('after stop() nothing has an effect', async () => {
  const hook = hookOf({ stop: () => (hook.stopped = true) });
  const { stop, journey, measure, beforeSend } = await page(hook);
  const order = journey('order');
  stop();
  order.end();
  measure('basket', 1);
  beforeSend(() => null);
  journey('again').end();
  assert.deepEqual(said(hook.calls), [['journey', 1, 'order', 30_000]]);
});

test('before consent only declarations are kept, and go to the hook whoever starts it', async () => {
  for (const starter of ['package', 'page']) {
    const hook = hookOf();
    const api = await page({ start: () => (globalThis.__sightline = hook), stop() {} });
    api.journey('order').end();
    api.measure('basket', 1);
    api.event('gift');
    api.attribute('plan', 'a');
    api.beforeSend(() => null);
    if (starter === 'package') await api.start();
    else globalThis.__sightline.start();
    assert.deepEqual(hook.calls.map(([method]) => method), ['attribute', 'beforeSend'], starter);
  }
});

test('a subscription can be ended before the core is up', async () => {
  const hook = hookOf();
  const { onEvent } = await page(hook);
  onEvent(() => {})();
  assert.equal(hook.calls[0][1][1].ended, true);
});

test('start() without an application or without a hook to load neither throws nor rejects', async () => {
  const { start } = await page(undefined);
  await start();
  await start({ app: 'shop' });
  assert.equal(globalThis.__sightlineConfig, undefined);
  // There is no early.js beside the sources.
  await start({ app: 'shop', collector: 'https://rum.example.org', debug: true });
  assert.match(warnings()[0], /^sightline: start: could not load the probe/);
});

test('on a server nothing has an effect', async () => {
  const api = await page(undefined);
  delete globalThis.document;
  api.attribute('plan', 'a');
  api.journey('order').step('pay').end();
  await api.start({ app: 'shop', collector: 'https://rum.example.org' });
  assert.equal(globalThis.__sightlineConfig, undefined);
  const hook = hookOf();
  Object.assign(globalThis, { document: {}, __sightline: hook });
  api.setRoute('/');
  assert.deepEqual(hook.calls.map(([method]) => method), ['setRoute'], 'one visitor\'s attribute was kept for the next');
});
