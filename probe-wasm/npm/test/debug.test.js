// The checks of a running page: what a developer reads on the console.
import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';
import { install } from '../../js/debug.js';

const fits = (template) => RegExp(`^${template.replace(/:\w+/g, '[^/]+')}/?$`);

/** A page under this configuration, with the browser's word on selectors. */
function page(config) {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  globalThis.location = { pathname: '/' };
  globalThis.document = {
    createDocumentFragment: () => ({
      querySelector(selector) {
        if (selector.includes(':unknown')) throw new Error('SyntaxError');
      },
    }),
  };
  const problems = new Map();
  const tellings = [];
  const listeners = {};
  const hook = { fits, undo: [] };
  console.warn = (said) => {
    const [, key, text] = /^sightline: (.*?): (.*)$/s.exec(said);
    tellings.push(key);
    problems.set(key, text);
  };
  install({
    hook,
    config: { app: 'shop', collector: 'https://rum.example.org', debug: true, ...config },
    on: (what, listener) => (listeners[what] = listener),
  });
  return {
    problems,
    tellings,
    hook,
    leave: () => listeners.leaving(),
    visit(path) {
      location.pathname = path;
      mock.timers.tick(200);
    },
  };
}
afterEach(() => {
  mock.timers.reset();
  delete globalThis.location;
  delete globalThis.document;
});

test('what the build would have refused is told with its key and what would be right', () => {
  const { problems } = page({ journeys: [{ name: 'chat', start: [{ click: '.send' }] }], mout: '#app' });
  assert.deepEqual([...problems], [
    ['mout', 'there is no such key; the nearest is "mount"'],
    ['journeys[0].end', 'is missing; at least one of { request, firstChunk, painted, click, navigation, event } is right'],
  ]);
});

test('a selector that this browser refuses, or closes by itself, is told', () => {
  const { problems } = page({ mount: '#app', ready: { '/': '.start:unknown', '/b': '.b:not(.c' } });
  assert.deepEqual([...problems], [
    ['ready["/"]', '".start:unknown" is none that this browser understands; a CSS selector such as "#app .film" is right'],
    ['ready["/b"]', '".b:not(.c" lacks a ")"; a CSS selector such as "#app .film" is right'],
  ]);
});

test('a template that fits none of the visited paths is told after 30 s, one that fits is not', () => {
  const { problems, visit } = page({ routes: ['/films/:id', '/film/:id', '/'], ready: { '/about': '.about' } });
  visit('/films/7');
  mock.timers.tick(29_000);
  assert.equal(problems.size, 0);
  mock.timers.tick(1_000);
  assert.deepEqual([...problems.keys()], ['routes[1]', 'ready["/about"]']);
  assert.match(problems.get('routes[1]'), /"\/film\/:id" fits none of the paths visited \(\/, \/films\/7\); a template/);
});

test('leaving earlier tells it then, and once', () => {
  const { tellings, leave } = page({ routes: ['/film/:id', '/about'] });
  location.pathname = '/film/9';
  leave();
  assert.deepEqual(tellings, ['routes[1]'], 'the last path counts');
  leave();
  mock.timers.tick(60_000);
  assert.deepEqual(tellings, ['routes[1]']);
});

test('after stop() nothing is told', () => {
  const { problems, hook } = page({ routes: ['/film/:id'] });
  for (const takeBack of hook.undo) takeBack();
  mock.timers.tick(60_000);
  assert.equal(problems.size, 0);
});

test('a template that is none is told as such, and not looked for', () => {
  const { problems, leave } = page({ routes: [7, '/(', null] });
  leave();
  assert.deepEqual([...problems.keys()], ['routes[0]', 'routes[2]']);
});
