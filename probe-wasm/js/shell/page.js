// What the core asks of the page: whether its route is ready, what is mounted, who served it, how its
// navigation went. Selectors that do not parse match nothing.
import { config, cut, entries, guarded, hook, navigation } from './ground.js';
import { template } from './rules.js';

let path;
let override;

export const setRoute = (template) => {
  override = template;
};
// The path, when it is another one than when this was asked last.
export const moved = () => {
  if (path === location.pathname) return '';
  override = '';
  return (path = location.pathname);
};
export const route = () => cut(override || hook.route()[0] || template(location.pathname), 256);

const has = guarded((selector) => !!document.querySelector(selector));
export const mounted = () => has((config.mount || 'body') + '>*');
// Whether the route's selector is attached; without one, whether anything is mounted.
export const ready = () => {
  const selector = hook.route()[1];
  return selector ? has(selector) : mounted();
};

// Who served the document and its scripts and chunks, by their `Server-Timing`, as a list of
// `beacon::Touched`. The probe's own files are not the page's; module preloads are fetched by links.
export const touched = () => {
  const pairs = {};
  for (const { serverTiming = [], initiatorType, name } of [...entries('navigation'), ...entries('resource')]) {
    const code = /^(navigation|script)$/.test(initiatorType) || (initiatorType === 'link' && /^[^?#]*\.js([?#]|$)/.test(name));
    if (!code || hook.bases.some((base) => name.startsWith(base))) continue;
    const pair = ['release', 'deployment'].map((wanted) => cut(serverTiming.find((timing) => timing.name === wanted)?.description));
    if (pair.join('')) pairs[pair] = pair;
  }
  const all = Object.values(pairs).slice(0, 16);
  return [all.length, ...all.flat()];
};

// The fields of `beacon::NavigationTiming`.
export const navigationTiming = () => {
  const entry = navigation();
  const timings = entry.serverTiming?.slice(0, 8) || [];
  const secure = entry.secureConnectionStart;
  return [
    ...['redirect', 'domainLookup', 'connect'].map((phase) => entry[phase + 'End'] - entry[phase + 'Start']),
    secure && entry.connectEnd - secure,
    entry.responseStart - entry.requestStart,
    entry.responseEnd - entry.responseStart,
    ...['domInteractive', 'domContentLoadedEventEnd', 'loadEventEnd', 'domComplete', 'transferSize', 'encodedBodySize', 'decodedBodySize'].map((key) => entry[key]),
    cut(entry.nextHopProtocol),
    timings.length,
    ...timings.flatMap(({ name, duration }) => [cut(name), duration]),
  ];
};
