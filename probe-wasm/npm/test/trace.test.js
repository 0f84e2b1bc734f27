// The trace add-on between a page and the hook: what the page calls, what goes on to the hook and the browser.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const SOURCE = readFileSync(new URL('../../js/trace.js', import.meta.url), 'utf8');
const API = 'https://api.test';
const FORM = /^00-([0-9a-f]{32})-[0-9a-f]{16}-01$/;

/** A page with the hook installed and the add-on after it. */
function page({ consent = false } = {}) {
  const calls = [];
  const win = {};
  // The hook's own undo, below ours, has its turn after ours, as in its stop().
  const below = {};
  const hook = { config: { traceOrigins: [API] }, undo: [() => (below.fetch = win.fetch)], trace: '', stopped: false };
  win.fetch = (input, init) => {
    // As the browser does: what is wrong with a call is said here.
    const request = new Request(input instanceof Request ? input : new URL(input, 'https://shop.test/'), init);
    calls.push({ input, init, request, header: request.headers.get('traceparent'), trace: hook.trace });
    return Promise.resolve('answer');
  };
  class XMLHttpRequest {
    open(method, url) {
      Object.assign(this, { method, url: String(url), headers: [], opened: true });
    }
    setRequestHeader(name, value) {
      if (!this.opened) throw new Error('InvalidStateError');
      this.headers.push([name, value]);
    }
    send() {
      if (!this.opened) throw new Error('InvalidStateError');
      calls.push({ headers: this.headers, trace: hook.trace });
    }
  }
  win.XMLHttpRequest = XMLHttpRequest;
  const native = { fetch: win.fetch, open: XMLHttpRequest.prototype.open, send: XMLHttpRequest.prototype.send };
  win.__sightline = consent ? { start: () => (win.__sightline = hook), stop() {} } : hook;
  new Function('globalThis', 'document', 'XMLHttpRequest', SOURCE)(win, { baseURI: 'https://shop.test/cart' }, XMLHttpRequest);
  return { win, hook, below, calls, native, xhr: () => new XMLHttpRequest() };
}

/** What the browser was asked for by the page's one fetch. */
function fetched(...args) {
  const { win, hook, calls } = page();
  win.fetch(...args);
  assert.equal(calls.length, 1);
  assert.equal(hook.trace, '', 'the id outlived its call');
  return calls[0];
}

test('a call to a listed origin gets a traceparent whose trace id the hook hears of', () => {
  for (const input of [`${API}/a`, new URL(`${API}/a`), new Request(`${API}/a`)]) {
    const { header, trace } = fetched(input);
    assert.match(header, FORM);
    assert.equal(FORM.exec(header)[1], trace);
  }
});

test('a call to any other origin stays as it is', () => {
  for (const input of ['/a', 'https://shop.test/a', 'http://api.test/a', 'https://api.test.evil/a', `https://evil.test/?${API}`, new Request('https://other.test/')]) {
    const init = { headers: { x: '1' } };
    const call = fetched(input, init);
    assert.deepEqual([call.input, call.init, call.header, call.trace], [input, init, null, '']);
  }
});

test('headers in all their forms go along', () => {
  for (const headers of [{ 'X-One': '1' }, [['X-One', '1']], new Headers({ 'X-One': '1' })]) {
    for (const input of [`${API}/a`, new Request(`${API}/a`, { headers: { 'X-Two': '2' } })]) {
      const { request, header } = fetched(input, { headers });
      assert.match(header, FORM);
      assert.equal(request.headers.get('x-one'), '1');
      assert.equal(request.headers.get('x-two'), null, 'options replace the headers of a Request');
    }
    assert.equal(new Headers(headers).has('traceparent'), false, 'the page\'s own headers were changed');
  }
});

test('method, body and options of a call stay as they are', async () => {
  const plain = fetched(`${API}/a`, { method: 'POST', body: 'text', credentials: 'omit' });
  const request = new Request(`${API}/a`, { method: 'PUT', body: 'text', headers: { 'X-Two': '2' }, redirect: 'manual', referrerPolicy: 'no-referrer' });
  const whole = fetched(request);
  const mixed = fetched(new Request(`${API}/a`, { method: 'PUT', body: 'text' }), { method: 'PATCH' });
  assert.deepEqual([plain.request.method, await plain.request.text(), plain.request.credentials], ['POST', 'text', 'omit']);
  assert.deepEqual(
    [whole.request.method, await whole.request.text(), whole.request.redirect, whole.request.referrerPolicy, whole.request.headers.get('x-two')],
    ['PUT', 'text', 'manual', 'no-referrer', '2'],
  );
  assert.deepEqual([mixed.request.method, await mixed.request.text()], ['PATCH', 'text']);
  for (const { header } of [plain, whole, mixed]) assert.match(header, FORM);
});

test('a traceparent of the page is kept, and its trace id told', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const own = `00-${trace}-00f067aa0ba902b7-00`;
  for (const args of [[`${API}/a`, { headers: { Traceparent: own } }], [new Request(`${API}/a`, { headers: { traceparent: own } })]]) {
    const call = fetched(...args);
    assert.deepEqual([call.header, call.trace, call.input], [own, trace, args[0]]);
  }
  assert.equal(fetched(`${API}/a`, { headers: { traceparent: 'none' } }).trace, '');
});

test('a call without CORS stays as it is', () => {
  for (const args of [[`${API}/a`, { mode: 'no-cors' }], [new Request(`${API}/a`, { mode: 'no-cors' })]]) {
    const { header, trace } = fetched(...args);
    assert.deepEqual([header, trace], [null, '']);
  }
});

test('what is wrong with a call is said by the browser, not by us', () => {
  const { win, hook } = page();
  assert.throws(() => win.fetch(`${API}/a`, { headers: { 'not a name': '1' } }), TypeError);
  assert.throws(() => win.fetch('https://'), TypeError);
  assert.equal(hook.trace, '');
});

test('options of a class of the page\'s own reach the browser untouched', () => {
  class Options {
    get method() {
      return 'DELETE';
    }
  }
  const { request, header } = fetched(`${API}/a`, new Options());
  assert.deepEqual([request.method, header], ['DELETE', null]);
});

test('an XMLHttpRequest to a listed origin gets one traceparent, each time it is used', () => {
  const { calls, hook, xhr } = page();
  const reused = xhr();
  for (let time = 0; time < 2; time++) {
    reused.open('GET', `${API}/a`);
    reused.send();
  }
  const traces = calls.map(({ headers, trace }) => {
    assert.equal(headers.length, 1);
    assert.equal(headers[0][0], 'traceparent');
    assert.equal(FORM.exec(headers[0][1])[1], trace);
    return trace;
  });
  assert.notEqual(traces[0], traces[1]);
  assert.equal(hook.trace, '');
});

test('an XMLHttpRequest elsewhere, or with a traceparent of its own, stays as it is', () => {
  const { calls, xhr } = page();
  const elsewhere = xhr();
  elsewhere.open('GET', '/a');
  elsewhere.send();
  const own = xhr();
  own.open('GET', new URL(`${API}/a`));
  own.setRequestHeader('TraceParent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
  own.send();
  assert.deepEqual(calls[0], { headers: [], trace: '' });
  assert.equal(calls[1].headers.length, 1);
  assert.equal(calls[1].trace, '4bf92f3577b34da6a3ce929d0e0e4736');
  assert.throws(() => xhr().send(), /InvalidStateError/);
});

test('stop() puts back what lies below', () => {
  const { hook, below, native, xhr } = page();
  for (const takeBack of hook.undo.reverse()) takeBack();
  assert.equal(below.fetch, native.fetch);
  const { open, send } = Object.getPrototypeOf(xhr());
  assert.deepEqual([open, send], [native.open, native.send]);
});

test('a wrapper of ours that another has wrapped only passes on after stop()', () => {
  const { win, hook, calls } = page();
  const ours = win.fetch;
  win.fetch = (...args) => ours(...args);
  hook.stopped = true;
  for (const takeBack of hook.undo.reverse()) takeBack();
  win.fetch(`${API}/a`);
  assert.equal(calls[0].header, null);
});

test('before consent nothing is wrapped; with it calls are traced', () => {
  const { win, native, calls } = page({ consent: true });
  assert.equal(win.fetch, native.fetch);
  win.__sightline.start();
  win.fetch(`${API}/a`);
  assert.match(calls[0].header, FORM);
});
