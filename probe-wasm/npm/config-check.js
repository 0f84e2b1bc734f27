// What an application declares about itself enters; a list of all that is wrong with it leaves, each problem with
// the path of its key and what would be right. At build time (inline.js) and in the page (debug.js) alike. Knows no
// page: the caller may bring a stricter test of selectors.

/**
 * Everything that cannot work, as `{key, wrong, right}`. `faultOf` tells what is wrong with a selector, or nothing.
 */
export const problemsOf = (options, faultOf = selectorFault) => {
  const problems = [];
  const say = (key, wrong, right) => problems.push({ key, wrong, right });
  OPTIONS(options, '', { say, faultOf });
  return problems;
};

/** One problem as people read it. */
export const worded = ({ key, wrong, right }) => `${key}: ${wrong}; ${right}`;

// --- Checks: functions of a value, its key's path and where to tell. `right` is what to say when it is missing.
const check = (right, look) => Object.assign(look, { right });
const shown = (value) => {
  if (value instanceof RegExp || typeof value === 'function') return String(value).slice(0, 60);
  try {
    return String(JSON.stringify(value)).slice(0, 60);
  } catch {
    return 'something circular';
  }
};
const value = (right, fits) => check(right, (given, key, { say }) => fits(given) || say(key, `got ${shown(given)}`, right));

// Bytes, as the wire bounds them (beacon/src/limits.rs).
const NAME_BYTES = 128;
const ROUTE_BYTES = 256;
const STEPS = 16;
// What the core has room for (probe-wasm/src/journey).
const JOURNEYS = 32;
const ALL_STEPS = 64;
const ALL_CONDITIONS = 32;
const DAY_MS = 24 * 60 * 60 * 1000;
const isText = (given, limit) => typeof given === 'string' && new TextEncoder().encode(given).length <= limit;

const flag = value('true or false is right', (given) => typeof given === 'boolean');
const only = (word) => value(`"${word}" is right, or no such key`, (given) => given === word);
const text = value(`a text of at most ${NAME_BYTES} bytes is right`, (given) => isText(given, NAME_BYTES));
const name = value(`a text of 1 to ${NAME_BYTES} bytes is right`, (given) => given !== '' && isText(given, NAME_BYTES));
const limit = value('whole milliseconds from 1 to 86400000 are right', (given) => Number.isInteger(given) && given > 0 && given <= DAY_MS);
const share = value('a number from 0 to 1 is right', (given) => typeof given === 'number' && given >= 0 && given <= 1);

const parsed = (given) => {
  try {
    const url = new URL(given);
    return /^https?:$/.test(url.protocol) && url;
  } catch {
    return false;
  }
};
const AN_ORIGIN = 'an origin such as "https://api.example.org" is right';
const origin = check(AN_ORIGIN, (given, key, { say }) => {
  const url = typeof given === 'string' && parsed(given);
  if (!url) say(key, `got ${shown(given)}`, AN_ORIGIN);
  else if (url.origin !== given) say(key, `got ${shown(given)}, which no call's origin equals`, `"${url.origin}" is right`);
});
// A path is right as well: a collector behind the page's own origin.
const base = value(
  'an address such as "https://rum.example.org" or "/rum" is right',
  (given) => typeof given === 'string' && !/[?#\s]/.test(given) && (/^\/(?!\/)/.test(given) || Boolean(parsed(given))),
);
const folder = value('an address that ends with "/", such as "/sightline/", is right', (given) => typeof given === 'string' && /^[^?#\s]*\/$/.test(given));

const list = (one, right) =>
  check(right, (given, key, told) => {
    if (Array.isArray(given)) given.forEach((item, index) => one(item, `${key}[${index}]`, told));
    else told.say(key, `got ${shown(given)}`, right);
  });
const filled = (one, right) =>
  check(right, (given, key, told) => (Array.isArray(given) && !given.length ? told.say(key, 'got an empty list', right) : list(one, right)(given, key, told)));

const isObject = (given) => typeof given === 'object' && given !== null && !Array.isArray(given) && !(given instanceof RegExp);
const under = (key, name) => (key ? `${key}.${name}` : name);
const object = (keys, { required = [], right = 'an object is right', also = () => {} } = {}) =>
  check(right, (given, key, told) => {
    if (!isObject(given)) return told.say(key || 'options', `got ${shown(given)}`, right);
    for (const name of Object.keys(given)) {
      if (!Object.hasOwn(keys, name)) told.say(under(key, name), 'there is no such key', `the nearest is "${nearest(name, Object.keys(keys))}"`);
    }
    for (const [name, look] of Object.entries(keys)) {
      if (given[name] !== undefined) look(given[name], under(key, name), told);
      else if (required.includes(name)) told.say(under(key, name), 'is missing', look.right);
    }
    also(given, key, told);
  });

// --- Selectors.
const A_SELECTOR = 'a CSS selector such as "#app .film" is right';
const selector = check(A_SELECTOR, (given, key, { say, faultOf }) => {
  const fault = typeof given === 'string' ? faultOf(given) : 'is no text';
  if (fault) say(key, `${shown(given)} ${fault}`, A_SELECTOR);
});

/** What is wrong with a selector as far as its text alone tells, or nothing. */
export const selectorFault = (given) => {
  if (!given.trim()) return 'is empty';
  const open = [];
  let bare = '';
  for (const [piece] of given.matchAll(/\\.|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^]/gs)) {
    if (piece === '"' || piece === "'") return `has a quote without its other half: ${piece}`;
    if ('[('.includes(piece)) open.push(piece === '[' ? ']' : ')');
    else if ('])'.includes(piece) && open.pop() !== piece) return `has a "${piece}" without its other half`;
    // What is in brackets follows rules of its own; an escape stands for a letter of a name.
    if (open[0] !== ']' && !open.includes(']')) bare += piece.length > 1 ? 'x' : piece;
  }
  if (open.length) return `lacks a "${open.pop()}"`;
  const odd = /[{};!@$%^?<`/]/.exec(bare);
  if (odd) return `has a "${odd[0]}", which no selector has`;
  if (/(^|,)\s*(,|$)/.test(bare)) return 'has a part that is empty';
  if (/[>+~]\s*([,)]|$)/.test(bare)) return 'ends where something must follow';
  if (/[.#](?!-?[a-z_\u0080-\uffff]|--)/i.test(bare)) return 'has a class or an id without a name, or with one that begins with a digit';
  return undefined;
};

// --- Routes and calls.
const A_ROUTE = 'a path template such as "/films/:id" is right';
const templateFault = (given) => {
  if (/[?#]/.test(given)) return 'holds a query or a fragment, which no path has';
  if (!/^(\/|\*)/.test(given)) return 'does not begin with "/" or "*"';
  if (/\s|\/\//.test(given)) return 'holds a space or an empty segment: no path fits';
  if (/:(?!\w)|[^/]:/.test(given)) return 'holds a ":" that does not name a whole segment';
  return undefined;
};
const routeFault = (given) => (!isText(given, ROUTE_BYTES) ? `is no text of at most ${ROUTE_BYTES} bytes` : templateFault(given));
const route = check(A_ROUTE, (given, key, { say }) => {
  const fault = routeFault(given);
  if (fault) say(key, `${shown(given)} ${fault}`, A_ROUTE);
});
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];
const A_CALL = 'a method and a path template such as "POST /chat" are right';
const call = check(A_CALL, (given, key, { say }) => {
  const tell = (fault, right = A_CALL) => say(key, `${shown(given)} ${fault}`, right);
  if (!isText(given, ROUTE_BYTES)) return tell(`is no text of at most ${ROUTE_BYTES} bytes`);
  const [, method, path] = /^(\S+) +(\S.*)$/.exec(given) || [];
  if (!method) return tell('lacks a method or a path', given.startsWith('/') ? `"GET ${given}" or another method is right` : A_CALL);
  if (!METHODS.includes(method)) return tell(`begins with "${method}", which is no method a page uses`, `"${nearest(method.toUpperCase(), METHODS)} ${path}" is the nearest`);
  if (/^\w+:\/\//.test(path)) return tell('holds an origin; calls are told by their path', `"${method} ${parsed(path) ? decodeURI(parsed(path).pathname) : '/chat'}" is right`);
  const fault = templateFault(path);
  if (fault) tell(fault);
});

// The form of the hook's fits(), but for a star, which stands for more than one segment: what an earlier template
// takes, a later one never sees.
const takes = (earlier, later) => {
  const form = earlier.replace(/\W/g, '\\$&').replace(/\\:\w+/g, '[^/*]+').replace(/\\\*/g, '.*');
  return RegExp(`^${form}/?$`).test(later);
};
const shadowed = (templates, keyOf, say) => {
  templates.forEach((later, index) => {
    const before = templates.slice(0, index).findIndex((earlier) => earlier && later && takes(earlier, later));
    if (before >= 0) say(keyOf(index), `${shown(later)} never applies: ${keyOf(before)} (${shown(templates[before])}) comes first and takes all of it`, 'the narrower one first is right');
  });
};
const usable = (given) => (typeof given === 'string' && !routeFault(given) ? given : '');

const routes = check('a list of path templates is right', (given, key, told) => {
  list(route, routes.right)(given, key, told);
  if (Array.isArray(given)) shadowed(given.map(usable), (index) => `${key}[${index}]`, told.say);
});
const ready = check('an object of path templates with their selectors is right', (given, key, told) => {
  if (!isObject(given)) return told.say(key, `got ${shown(given)}`, ready.right);
  const templates = Object.keys(given);
  for (const template of templates) {
    route(template, `${key}[${shown(template)}]`, told);
    selector(given[template], `${key}[${shown(template)}]`, told);
  }
  shadowed(templates.map(usable), (index) => `${key}[${shown(templates[index])}]`, told.say);
});

// --- Rules for calls.
const statusCode = value('an HTTP status from 100 to 599 is right', (given) => Number.isInteger(given) && given >= 100 && given <= 599);
const contentType = value('a content type such as "text/event-stream" is right', (given) => typeof given === 'string' && /^[\w.+-]+\/[\w.+-]+$/.test(given));
const request = object(
  {
    match: call,
    json: flag,
    type: contentType,
    status: filled(statusCode, 'a list of statuses such as [200, 404] is right'),
    field: name,
    good: filled(name, 'a list of the values that mean success is right'),
    limitMs: limit,
  },
  {
    required: ['match'],
    right: 'an object such as { match: "POST /chat", json: true } is right',
    also(rule, key, { say }) {
      if (rule.field && !rule.good) say(under(key, 'good'), 'is missing', `a list of the values of "${rule.field}" that mean success is right`);
      if (rule.good && !rule.field) say(under(key, 'field'), 'is missing', 'the name of the field that "good" speaks of is right');
      const json = typeof rule.type !== 'string' || /json/.test(rule.type);
      if (!json && (rule.json || rule.field)) say(under(key, 'type'), `${shown(rule.type)} is no JSON, which "${rule.json ? 'json' : 'field'}" asks for`, 'one of the two is right');
    },
  },
);
const requests = check('a list of rules such as { match: "POST /chat", json: true } is right', (given, key, told) => {
  list(request, requests.right)(given, key, told);
  if (!Array.isArray(given)) return;
  // A method has no slash: put before the path it is a segment that must be the same.
  const matches = given.map((rule) => (rule && typeof rule.match === 'string' && !/[*]/.test(rule.match) ? rule.match : ''));
  shadowed(matches, (index) => `${key}[${index}].match`, told.say);
});

// --- Journeys.
const CONDITIONS = { click: selector, request: call, navigation: route, event: name, painted: selector };
const one = (kinds, right) =>
  object(kinds, {
    right,
    also(given, key, { say }) {
      const count = Object.keys(given).length;
      if (count !== 1) say(key, `has ${count} keys`, right);
    },
  });
const A_START = 'one of { click }, { load }, { request }, { navigation }, { event }, { painted } is right';
const start = one({ ...CONDITIONS, load: call }, A_START);
const AWAITED = { ...CONDITIONS, firstChunk: call };
const moment = one(AWAITED, A_START.replace('{ load }', '{ firstChunk }'));
const AN_END = 'at least one of { request, firstChunk, painted, click, navigation, event } is right';
const end = object(AWAITED, {
  right: AN_END,
  also(given, key, { say }) {
    const { request, firstChunk } = given;
    if (!Object.keys(given).length) say(key, 'is empty, so that no attempt would succeed', AN_END);
    // An attempt waits for one call.
    if (request && firstChunk && request !== firstChunk) say(under(key, 'firstChunk'), `is another call than "request", ${shown(request)}`, 'the same call is right');
  },
});

const step = object({ name, start: moment, end: moment, in: name }, { required: ['name', 'start'], right: 'an object such as { name: "pay", start: { click: ".pay" } } is right' });
const steps = check(`a list of at most ${STEPS} steps is right`, (given, key, told) => {
  list(step, steps.right)(given, key, told);
  if (!Array.isArray(given)) return;
  if (given.length > STEPS) told.say(key, `has ${given.length} steps`, steps.right);
  unique(given, key, 'step', told.say);
  const names = given.map((step) => step && step.name);
  given.forEach((step, index) => {
    if (!step || typeof step.in !== 'string') return;
    const own = `${key}[${index}].in`;
    if (!names.includes(step.in)) return told.say(own, `no step is named ${shown(step.in)}`, `the nearest is "${nearest(step.in, names.filter((name) => name !== step.name))}"`);
    let outer = step;
    for (let depth = 0; outer && depth <= given.length; depth++) outer = given[names.indexOf(outer.in)];
    const at = names.indexOf(step.in);
    if (outer) told.say(own, `${shown(step.in)} leads back to the step itself`, 'a step that is not a part of this one is right');
    // Where both begin at once, what is part of the other must come after it.
    else if (at > index) told.say(own, `${shown(step.in)} comes later in the list`, `${key}[${at}] before ${key}[${index}] is right`);
  });
});
const unique = (items, key, what, say) => {
  const names = items.map((item) => item && item.name);
  names.forEach((name, index) => {
    const first = names.indexOf(name);
    if (typeof name === 'string' && first < index) say(`${key}[${index}].name`, `"${name}" is the name of ${key}[${first}] as well`, `a name that no other ${what} has is right`);
  });
};

const journey = object(
  {
    name,
    start: filled(start, `a list of what starts an attempt is right: ${A_START}`),
    steps,
    end,
    needs: list(call, 'a list of calls such as "POST /login" is right'),
    limitMs: limit,
    failedPage: flag,
  },
  { required: ['name', 'start', 'end'], right: 'an object such as { name, start: [{ click }], end: { request } } is right' },
);
const journeys = check('a list of journeys is right', (given, key, told) => {
  list(journey, journeys.right)(given, key, told);
  if (!Array.isArray(given)) return;
  unique(given, key, 'journey', told.say);
  for (const [what, count, room] of [
    ['journeys', given.length, JOURNEYS],
    ['steps in all', given.flatMap((journey) => listed(journey?.steps)).length, ALL_STEPS],
    ['different conditions in all', new Set(given.flatMap(conditionsOf)).size, ALL_CONDITIONS],
  ]) {
    if (count > room) told.say(key, `has ${count} ${what}`, `at most ${room} are right`);
  }
  // A failed page is told under one event number: it stands for one journey.
  const failing = given.map((journey) => Boolean(journey && journey.failedPage === true));
  failing.forEach((fails, index) => {
    const first = failing.indexOf(true);
    if (fails && first < index) told.say(`${key}[${index}].failedPage`, `${key}[${first}] stands for failed pages already`, 'one such journey is right');
  });
});

const listed = (given) => (Array.isArray(given) ? given : []);
const conditionsOf = (journey) => {
  const { start, steps, end, needs } = journey || {};
  const conditions = [...listed(start), end, ...listed(steps).flatMap((step) => [step?.start, step?.end])];
  // A call is one condition, however it is used.
  const named = (kind, what) => `${kind === 'load' ? 'request' : kind} ${what}`;
  return [...conditions.flatMap((condition) => Object.entries(condition || {}).map(([kind, what]) => named(kind, what))), ...listed(needs).map((call) => named('request', call))];
};

// --- Everything there is.
const pattern = value('a text with the source of a regular expression is right', (given) => {
  try {
    return typeof given === 'string' && given !== '' && Boolean(RegExp(given));
  } catch {
    return false;
  }
});
const scrub = object({ match: pattern, replace: value('a text is right', (given) => typeof given === 'string') }, { required: ['match', 'replace'], right: 'an object such as { match: "token-[^/]+", replace: ":token" } is right' });
const origins = list(origin, 'a list of origins is right');
const OPTIONS = object(
  {
    app: name,
    collector: base,
    fallbackCollector: base,
    consent: only('required'),
    storage: only('none'),
    release: text,
    deployment: text,
    backendOrigin: check(AN_ORIGIN, (given, key, told) => given === '' || origin(given, key, told)),
    expectedBackendOrigins: origins,
    checkUnreachable: flag,
    mount: selector,
    ready,
    routes,
    requests,
    journeys,
    sampleDetail: share,
    consoleErrors: flag,
    traceOrigins: origins,
    scrubUrl: list(scrub, 'a list of { match, replace } is right'),
    more: flag,
    reportAllChanges: flag,
    beforeSend: flag,
    debug: flag,
    core: folder,
  },
  { required: ['app', 'collector'] },
);

// --- The nearest name: one begins as the other, or else the fewest letters to change, add or take away.
const distance = (left, right) => {
  if (left.startsWith(right) || right.startsWith(left)) return 1;
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= right.length; j++) {
      row[j] = Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (left[i - 1] === right[j - 1] ? 0 : 1));
    }
  }
  return row[right.length];
};
const nearest = (name, known) => {
  const near = (other) => distance(name.toLowerCase(), String(other).toLowerCase());
  return known.reduce((best, other) => (near(other) < near(best) ? other : best), known[0] ?? '');
};
