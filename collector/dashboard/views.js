// Behind a number: the views it counts, and one view with everything that is known of it.

import { h, table } from './dom.js';
import { clock, duration, plural, tone, words } from './format.js';

export function viewList({ views, truncated }, query) {
  const chosen = [...query].filter(([name]) => !['app', 'window', 'limit'].includes(name));
  const rows = views.map((view) => [
    clock(view.first_received_ms),
    h('a', { href: `#/view/${view.view}`, class: 'open' }, h('code', {}, view.view.slice(0, 8))),
    view.page ? outcome(view.page) : h('span', { class: 'none' }, 'not told'),
    view.journeys.map((journey) => [outcome(journey, `${words(journey.name)} `), ' ']),
    view.route || '/',
    view.release || 'unknown',
    pods(view),
  ]);
  const back = new URLSearchParams([...query].filter(([name]) => name === 'app' || name === 'window'));
  return h('section', {},
    h('p', { class: 'back' }, h('a', { href: `#/?${back}` }, '← all figures')),
    h('h2', {}, plural(views.length, 'view'), h('small', {}, truncated ? 'and more; ' : '',
      chosen.map(([name, value]) => `${words(name)} ${value || 'unknown'}`).join(' · ') || 'all')),
    table([{ text: 'received' }, { text: 'view' }, { text: 'page' }, { text: 'journeys' },
      { text: 'route' }, { text: 'release' }, { text: 'pods touched' }], rows, 'No such views in this window.'));
}

function outcome(event, before = '') {
  const state = event.finality === 'provisional' ? ' (may change)' : '';
  return h('span', { class: `key ${event.class === 'bad' ? 'bad' : tone(event.outcome)}` },
    `${before}${words(event.outcome)}${state}`);
}

function pods(view) {
  const touched = view.page?.touched ?? [];
  const names = touched.map((pod) => `${pod.deployment || '?'} (${pod.release || '?'})`);
  return names.join(', ') || view.deployment || 'unknown';
}

export function viewDetail(view) {
  const lost = view.beacons_known_lost;
  const facts = [
    ['release', view.release || 'unknown'], ['pod', view.deployment || 'unknown'],
    ['pods touched', pods(view)], ['page', view.origin + view.route],
    ['backend configured', view.backend_origin || 'unknown'], ['navigation', words(view.navigation_kind)],
    ['probe core', words(view.core)],
    ['beacons', `${view.beacons.length} received${lost > 0 ? `, ${lost} known to be lost` : ''}`],
  ];
  return h('section', {},
    h('p', { class: 'back' }, h('a', { href: '#/' }, '← all figures')),
    h('h2', {}, 'View ', h('code', {}, view.view)),
    h('dl', { class: 'facts plain' }, facts.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])),
    table([{ text: 'time' }, { text: 'what' }, { text: 'how it ended' }, { text: 'took', num: true },
      { text: 'details' }], timeline(view), 'Nothing was told of this view.'),
    h('details', {}, h('summary', {}, 'as stored'), h('pre', {}, JSON.stringify(view, null, 2))));
}

function diagnosis(told) {
  return told ? `probably ${words(told.cause)} (${told.confidence_percent}%)` : '';
}

function timeline(view) {
  const rows = [
    ...(view.page ? [[view.page, 'page load', outcome(view.page), view.page.decided_after_ms,
      view.page.failed_scripts > 0 ? plural(view.page.failed_scripts, 'script') + ' failed' : '']] : []),
    ...view.journeys.map((event) => [event, `journey ${words(event.name)}`, outcome(event), event.duration_ms,
      [reason(event.reason), event.result, event.backend_origin].filter(Boolean).join(' · ')]),
    ...view.requests.map((event) => [event, `${event.method} ${event.route}`, outcome(event),
      event.duration_ms, [event.status || '', event.result, event.backend_origin,
        event.expected_origin ? '' : 'unexpected', diagnosis(event.diagnosis)].filter(Boolean).join(' · ')]),
    ...view.request_counts.map((event) => [event, `${event.method} ${event.route}`, outcome(event), null,
      `${plural(event.durations.counts.reduce((sum, [, number]) => sum + number, 0), 'call')} · ${event.backend_origin}`]),
    ...view.errors.map((event) => [event, `error: ${words(event.kind)}`,
      h('span', { class: 'key warn' }, event.message || 'no message'), null, event.source]),
    ...view.vitals.map((event) => [event, event.name.toUpperCase(), words(event.rating),
      event.name === 'cls' ? null : event.value_micros / 1000, event.name === 'cls' ? String(event.value_micros / 1e6) : '']),
  ];
  rows.sort(([left], [right]) => left.event_ms - right.event_ms || left.n - right.n);
  return rows.map(([event, what, ended, took, details]) =>
    [clock(event.event_ms), what, ended, took === null ? '' : duration(Math.round(took)), details]);
}

function reason(value) {
  if (!value) return '';
  return typeof value === 'string' ? words(value) : Object.entries(value).map((pair) => words(pair.join(' '))).join();
}
