// What an application declares, compiled once: patterns of calls, routes and selectors enter, numbers leave.
// Each distinct condition of a journey is a signal, one bit. A rule that does not work costs only itself;
// what is wrong with it is told by the optional debug.js.
import { wasm } from './wasm.js';
import { config, guarded, hook, text, words } from './ground.js';

const LIMIT_MS = 30000;
// [kind, what, whether something stands for it]
const signals = [];
const rules = [];
const templates = [];
const names = [];

const selects = (selector) => {
  document.querySelector(selector);
  return (element) => element.closest(selector);
};
const fits = (template) => {
  const form = hook.fits(template);
  return (path) => form.test(path);
};
// "POST /chat": a method, GET if it is missing, and a path template; here path first.
const parts = (call) => call.trim().split(/\s+/).reverse();
const request = (call) => {
  const [path, method = 'GET'] = parts(call);
  const ofPath = fits(path);
  return (called, at) => called === method.toUpperCase() && ofPath(at);
};
const compile = {
  click: selects,
  painted: selects,
  navigation: fits,
  event: (name) => (given) => given === name,
  request,
  firstChunk: request,
};

const signal = (kind, what) => {
  const is = kind === 'load' ? 'request' : kind;
  let index = signals.findIndex((known) => known[0] === is && known[1] === what);
  if (index < 0) index = signals.push([is, what, compile[is](what)]) - 1;
  if (index > 31) throw 0;
  return 1 << index;
};
const all = (conditions = {}) => Object.keys(conditions).reduce((mask, kind) => mask | signal(kind, conditions[kind]), 0);

// The signals of a kind; of those, what something stands for.
export const ofKind = (kind, stands = () => true) => signals.reduce((mask, known, index) => (known[0] === kind && stands(known[2]) ? mask | (1 << index) : mask), 0);
export const fitting = (kind, ...given) => ofKind(kind, guarded((stands) => stands(...given)));

// Counts the matches of painted signals into the shared words; returns those that have more than before.
export const countPainted = (from) => signals.reduce((risen, [kind, what], index) => {
  if (kind !== 'painted') return risen;
  const before = words[from + index];
  words[from + index] = document.querySelectorAll(what).length;
  return words[from + index] > before ? risen | (1 << index) : risen;
}, 0);

export const declare = () => {
  const each = (name, work) => config[name]?.forEach(guarded(work));
  each('requests', (rule) => rules.push({ limitMs: LIMIT_MS, ...rule, path: parts(rule.match)[0], fits: request(rule.match) }));
  each('routes', (template) => templates.push([fits(template), template]));
  let declared = 0;
  each('journeys', ({ name, start, end, needs = [], limitMs = LIMIT_MS, failedPage, steps = [] }) => {
    let [starts, loads, calls] = [0, 0, 0];
    for (const how of start) {
      if (how.load) loads |= all(how);
      else if (how.request) calls |= all(how);
      else starts |= all(how);
    }
    const ends = all(end);
    const needed = needs.reduce((mask, call) => mask | signal('request', call), 0);
    const inner = steps.map((step) => [text(step.name), all(step.start), all(step.end), steps.findIndex((outer) => outer.name === step.in)]);
    if (!ends || names[31] || declared + inner.length > 64) return;
    wasm.rule(text(name), limitMs, starts, loads, calls, ends, needed, failedPage);
    const first = declared + 1;
    for (const [named, begins, finishes, outer] of inner) {
      wasm.step_rule(names.length, named, begins, finishes, outer < 0 ? 0 : first + outer);
      declared++;
    }
    names.push(name);
  });
};

export const journeyNamed = (name) => names.indexOf(name);
export const ruleOf = (method, path) => rules.find((rule) => rule.fits(method, path)) || { limitMs: LIMIT_MS };
export const expected = (origin) => !config.expectedBackendOrigins?.[0] || config.expectedBackendOrigins.includes(origin);

// A path as it may leave: by the first template that fits, else with its ids replaced.
export const template = (path) => {
  config.scrubUrl?.forEach(guarded(({ match, replace }) => {
    path = path.replace(RegExp(match, 'g'), replace);
  }));
  return templates.find(([stands]) => stands(path))?.[1] || hook.template(path);
};
// An address without query and fragment, its path as it may leave. Only the web has addresses to tell: data and
// blobs are contents, extensions are the user's own.
export const address = (url) => {
  if (!/^http/.test(url)) return '';
  const { origin, pathname } = new URL(url);
  return origin + template(pathname);
};
