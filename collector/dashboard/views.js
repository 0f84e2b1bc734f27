// Behind a number: the views it counts, and one view with everything that is known of it.

import { h, table } from './dom.js';
import { clock, count, day, plural, words } from './format.js';
import { attributes, cost, outcome, timeline } from './timeline.js';

export function viewList({ views, truncated, raw }, query) {
  const chosen = [...query].filter(([name]) => !['app', 'window', 'limit'].includes(name));
  const rows = views.map((view) => [
    clock(view.first_received_ms),
    [h('a', { href: `#/view/${view.view}`, class: 'open' }, h('code', {}, view.view.slice(0, 8))),
      DETAIL[view.detail] && h('span', { class: 'tag' }, DETAIL[view.detail][0])],
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
      { text: 'route' }, { text: 'release' }, { text: 'pods touched' }], rows, 'No such views in this window.'),
    !raw?.whole_from_ms ? null : h('p', { class: 'note' },
      `Everything received since ${day(raw.whole_from_ms)} ${clock(raw.whole_from_ms)} can be opened. Before that, ` +
      `beacons without a failure (kept ${plural(raw.good_days, 'day')}) or with one (${plural(raw.bad_days, 'day')}) ` +
      'have gone: they are counted, and no longer listed.'));
}

// Why events may be missing that nothing is wrong with.
const DETAIL = {
  unsampled: ['not sampled', 'Details of this session were not sampled'],
  private: ['private', 'This browser asks for privacy (Global Privacy Control)'],
};

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
    ['probe core', words(view.core)], ['probe cost', cost(view.probe)],
    ...(view.attributes.length > 0 ? [['attributes', attributes(view.attributes)]] : []),
    ...(Object.keys(view.drops).length > 0 ? [['given up by the probe', drops(view.drops)]] : []),
    ['beacons', `${view.beacons.length} received${lost > 0 ? `, ${lost} known to be lost` : ''}${gone(view)}`],
  ];
  return h('section', {},
    h('p', { class: 'back' }, h('a', { href: '#/' }, '← all figures')),
    h('h2', {}, 'View ', h('code', {}, view.view)),
    caution(view.detail),
    h('dl', { class: 'facts plain' }, facts.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])),
    table([{ text: 'time' }, { text: 'what' }, { text: 'how it ended' }, { text: 'took', num: true },
      { text: 'details' }], timeline(view), 'Nothing was told of this view.'),
    h('details', {}, h('summary', {}, 'as stored'), h('pre', {}, JSON.stringify(view, null, 2))));
}

function gone(view) {
  const gone = view.beacons_no_longer_kept;
  return gone > 0 ? `; ${gone} more, past the age that is kept, counted and no longer shown` : '';
}

function caution(detail) {
  const why = DETAIL[detail];
  return why && h('p', { class: 'caution', role: 'note' }, `${why[1]}: only how the page, its journeys and its counted requests ` +
    'ended was told. That nothing else stands below does not mean that nothing else happened.');
}

const REASONS = {
  hook_full: 'before the core was there', queue_full: 'queue full', refused: 'refused by the collector', expired: 'too old to send',
  capped: 'past what is told singly', withheld: 'withheld by the application',
};

export function drops(byReason) {
  return Object.entries(byReason).map(([reason, events]) =>
    `${count(events)} ${REASONS[reason] ?? words(reason)}`).join(' · ');
}
