// Chooses the view by the address's fragment, fetches, renders, and does so again every two seconds
// while somebody looks.

import { authorization } from './token.js';
import { h } from './dom.js';
import { clock } from './format.js';
import { overview } from './overview.js';
import { viewDetail, viewList } from './views.js';

const EVERY_MS = 2000;
const WINDOWS = [['5m', '5 min'], ['15m', '15 min'], ['1h', '1 hour'], ['24h', '24 hours']];

const place = (id) => document.getElementById(id);
let shown = '';
let latest = 0;

// `#/views?kind=page&window=5m` → path and parameters.
function address() {
  const [path, query] = location.hash.replace(/^#/, '').split('?');
  return { path: path || '/', query: new URLSearchParams(query) };
}

async function get(path, query) {
  const answer = await fetch(`${path}?${query}`, { headers: authorization() });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${body.what}; ${body.what_to_do}`);
  return body;
}

async function load({ path, query }) {
  if (path.startsWith('/view/')) {
    const view = await get(`/api/v1/views/${encodeURIComponent(path.slice(6))}`, '');
    return { data: view, app: view.app, render: () => viewDetail(view) };
  }
  const asked = new URLSearchParams(query);
  asked.set('window', query.get('window') ?? '15m');
  if (path === '/views') {
    asked.set('limit', '200');
    const views = await get('/api/v1/views', asked);
    return { data: views, app: views.app, render: () => viewList(views, query) };
  }
  asked.set('split', query.get('split') ?? 'release');
  const app = new URLSearchParams([...asked].filter(([name]) => name === 'app'));
  const [slis, slos, found] = await Promise.all([get('/api/v1/slis', asked), get('/api/v1/slos', ''), get('/api/v1/findings', app)]);
  // The window's ends move on with every answer and change nothing that is seen.
  const data = { ...slis, found: { ...found, tests: null }, from_ms: 0, to_ms: 0, slos: slos.objectives.map(still), refused: slos.refused };
  return { data, app: slis.app, render: () => overview(slis, slos, found, asked) };
}

// Of an objective, what is seen while nothing happens.
function still({ name, state, counts, budget, tells, twin }) {
  return { name, state, counts, left: budget.remaining_ppm, tells, twin };
}

// What somebody has opened stays open when figures change.
function opened() {
  const open = [...place('main').querySelectorAll('details[open] > summary')];
  return open.map((summary) => summary.firstChild?.textContent);
}

function reopen(open) {
  for (const summary of place('main').querySelectorAll('details > summary')) {
    if (open.includes(summary.firstChild?.textContent)) summary.parentElement.open = true;
  }
}

async function refresh() {
  const turn = ++latest;
  const where = address();
  try {
    const { data, app, render } = await load(where);
    if (turn !== latest) return;
    const state = location.hash + JSON.stringify(data);
    if (state !== shown) {
      const open = opened();
      place('main').replaceChildren(render());
      reopen(open);
      shown = state;
    }
    if (app) place('app').textContent = app;
    place('banner').hidden = true;
    place('status').textContent = `live · ${clock(Date.now())}`;
    place('status').className = 'status live';
  } catch (error) {
    if (turn !== latest) return;
    place('banner').textContent = `No new figures: ${error.message}. What is shown below may be old.`;
    place('banner').hidden = false;
    place('status').textContent = 'not live';
    place('status').className = 'status';
  }
  windows(where);
}

function windows({ path, query }) {
  const current = query.get('window') ?? '15m';
  place('windows').replaceChildren(...(path.startsWith('/view/') ? [] : WINDOWS.map(([value, text]) => {
    const next = new URLSearchParams(query);
    next.set('window', value);
    return h('a', { href: `#${path}?${next}`, 'aria-current': value === current && 'true' }, text);
  })));
}

async function forever() {
  if (!document.hidden) await refresh();
  setTimeout(forever, EVERY_MS);
}

addEventListener('hashchange', () => {
  scrollTo(0, 0);
  refresh();
});
document.addEventListener('visibilitychange', () => document.hidden || refresh());
forever();
