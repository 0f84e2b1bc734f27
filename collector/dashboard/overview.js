// The first screen: what users get beside what servers say, how pages end, what fails and where.

import { h, stacked, table } from './dom.js';
import { count, percent, plural, tone, words } from './format.js';
import { findings } from './finding.js';
import { objectives } from './objectives.js';
import { drops } from './views.js';

const PAGE_OUTCOMES = ['ready', 'blank', 'broken', 'incomplete', 'abandoned'];
const JOURNEY_OUTCOMES = ['success', 'failed', 'hung', 'abandoned'];
const SPLITS = [['release', 'release'], ['deployment', 'pod'], ['backend_origin', 'backend origin'],
  ['outcome', 'outcome']];
const FILTERS = ['release', 'deployment', 'backend_origin'];

export function overview(slis, slos, found, asked) {
  return h('div', {},
    findings(found),
    filters(asked),
    objectives(slos),
    h('section', { 'aria-label': 'Journeys' },
      h('h2', {}, 'Journeys', h('small', {}, 'what users get, beside what the servers count')),
      h('div', { class: 'cards' },
        Object.entries(slis.journeys).map(([name, journey]) => journeyCard(name, journey, asked)))),
    h('div', { class: 'columns' }, pages(slis.pages, asked), coverage(slis.coverage)),
    failures(slis.failures, asked),
    splits(slis, asked),
    reachability(slis.reachability, asked),
  );
}

// The way from a number to the views behind it.
function viewsLink(text, asked, more) {
  const query = new URLSearchParams({ window: asked.get('window') });
  for (const name of ['app', ...FILTERS]) if (asked.has(name)) query.set(name, asked.get(name));
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  return h('a', { href: `#/views?${query}`, class: 'open' }, text);
}

function overviewLink(text, asked, change, current) {
  const query = new URLSearchParams(asked);
  for (const [name, value] of Object.entries(change)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  return h('a', { href: `#/?${query}`, 'aria-current': current && 'true' }, text);
}

function filters(asked) {
  const set = FILTERS.filter((name) => asked.has(name));
  if (set.length === 0) return null;
  return h('p', { class: 'filters' }, 'Only ', set.map((name) =>
    h('span', { class: 'chip' }, `${words(name)}: ${asked.get(name) || 'unknown'} `,
      overviewLink('×', asked, { [name]: null }))),
  ' The servers\u2019 figures and the coverage are of everything: they know no such labels.');
}

function journeyCard(name, { client, server, threshold_ms }, asked) {
  const parts = JOURNEY_OUTCOMES.map((outcome) =>
    ({ name: outcome, count: client.outcomes[outcome] ?? 0, tone: tone(outcome) }));
  return h('article', { class: 'card' },
    h('h3', {}, words(name), gap(client, server)),
    h('div', { class: 'sides' },
      h('div', {},
        h('p', { class: 'side' }, 'Users'),
        h('p', { class: ratioClass(client.ratio_ppm) }, percent(client.ratio_ppm)),
        h('p', { class: 'of' }, `${count(client.good)} of ${plural(client.total, 'attempt')}`)),
      h('div', { class: 'server' },
        h('p', { class: 'side' }, 'Servers', server?.approximate && server.state === 'ok'
          ? h('span', { class: 'tag', title: product(server) }, 'approximate') : null),
        ...serverSide(server))),
    stacked(parts, `Outcomes of ${words(name)}`),
    h('p', { class: 'legend' }, parts.filter((part) => part.count > 0).map((part) =>
      h('span', { class: `key ${part.tone}` },
        viewsLink(`${count(part.count)} ${words(part.name)}`, asked,
          { kind: 'journey', name, outcome: part.name })))),
    client.excluded > 0
      ? h('p', { class: 'note' }, `${count(client.excluded)} left before ${threshold_ms} ms: in no ratio`)
      : null,
  );
}

function serverSide(server) {
  if (!server) return [h('p', { class: 'ratio none' }, 'no twin'), h('p', { class: 'of' }, 'none configured')];
  if (server.state !== 'ok') {
    return [h('p', { class: 'ratio none' }, 'no data'), h('p', { class: 'of' }, server.no_data === 'unread' ? 'the servers could not be read' : 'no attempts counted')];
  }
  return [h('p', { class: ratioClass(server.ratio_ppm) }, percent(server.ratio_ppm)),
    h('p', { class: 'of' }, server.factors.length > 1
      ? product(server) : `${count(server.good)} of ${plural(server.total, 'attempt')}`)];
}

function product(server) {
  return server.factors.map((factor) => `${factor.name} ${percent(factor.ratio_ppm)}`).join(' × ');
}

function ratioClass(ppm) {
  return `ratio ${ppm === null ? 'none' : ''}`;
}

function gap(client, server) {
  if (client.ratio_ppm === null || !server || server.ratio_ppm === null) return null;
  const points = (server.ratio_ppm - client.ratio_ppm) / 10_000;
  if (points <= -2) return null;
  if (points < 2) return h('span', { class: 'gap even' }, 'agree');
  return h('span', { class: `gap ${points >= 10 ? 'wide' : 'some'}` },
    `users ${points.toFixed(1)} points worse`);
}

function pages(figures, asked) {
  const parts = PAGE_OUTCOMES.map((outcome) =>
    ({ name: outcome, count: figures.outcomes[outcome] ?? 0, tone: tone(outcome) }));
  const notes = [
    figures.mixed > 0 ? `${count(figures.mixed)} put together from more than one pod or release` : null,
    figures.provisional > 0 ? `${count(figures.provisional)} may still change` : null,
  ].filter(Boolean);
  return h('section', { class: 'card wide', 'aria-label': 'Pages' },
    h('h3', {}, 'Page loads'),
    h('p', { class: ratioClass(figures.ratio_ppm) }, percent(figures.ratio_ppm)),
    h('p', { class: 'of' }, `${count(figures.good)} of ${plural(figures.total, 'load')} became usable`),
    stacked(parts, 'Outcomes of page loads'),
    h('p', { class: 'legend' }, parts.map((part) =>
      h('span', { class: `key ${part.tone}` }, part.count > 0
        ? viewsLink(`${count(part.count)} ${words(part.name)}`, asked, { kind: 'page', outcome: part.name })
        : `0 ${words(part.name)}`))),
    notes.length > 0 ? h('p', { class: 'note' }, notes.join(' · ')) : null);
}

function coverage(figures) {
  const fact = (value, text) => [h('dt', {}, value), h('dd', {}, text)];
  return h('section', { class: 'card', 'aria-label': 'Coverage' },
    h('h3', {}, 'How much of it we see'),
    h('dl', { class: 'facts' },
      fact(percent(figures.received_ppm),
        `of beacons known to be sent: ${count(figures.beacons_received)} here, ${count(figures.beacons_known_lost)} lost`),
      figures.documents_served === null
        ? fact('no data', 'on documents served')
        : fact(percent(figures.documents_ppm === null ? null : Math.min(figures.documents_ppm, 1_000_000)),
          `of ${plural(figures.documents_served, 'document')} served were heard of again${dark(figures.documents)}`),
      fact(count(figures.probe_degraded), 'views whose probe did not come up'),
      fact(count(figures.client_drops), `events given up by the probes${givenUp(figures.client_drops_by_reason)}`)));
}

function givenUp(byReason) {
  const reasons = drops(byReason);
  return reasons && `: ${reasons}`;
}

function dark(documents) {
  const dark = documents.filter((document) => document.dark > 0);
  return dark.length === 0 ? '' : `; dark: ${dark.map((d) => `${d.dark} of release ${d.release || 'unknown'}`).join(', ')}`;
}

function failures(groups, asked) {
  const total = groups.reduce((sum, group) => sum + group.count, 0);
  const rows = groups.slice(0, 40).map((group) => [
    h('span', { class: `key ${tone(group.outcome)}` }, words(group.outcome)),
    `${group.kind} ${group.name}`,
    group.release || 'unknown',
    [group.deployment || 'unknown', group.mixed ? h('span', { class: 'tag' }, 'mixed') : null],
    [h('code', {}, group.backend_origin || '–'),
      group.expected_origin ? null : h('span', { class: 'tag alarm' }, 'unexpected')],
    h('span', { class: 'meter' }, h('span', { style: { width: `${100 * group.count / total}%` } })),
    viewsLink(count(group.count), asked, { kind: group.kind, name: group.name, outcome: group.outcome,
      release: group.release, deployment: group.deployment, backend_origin: group.backend_origin }),
  ]);
  return h('section', { 'aria-label': 'Failures' },
    h('h2', {}, 'What fails', h('small', {}, 'by release, pod, backend origin and outcome')),
    table([{ text: 'outcome' }, { text: 'of' }, { text: 'release' }, { text: 'pod' },
      { text: 'backend origin' }, { text: '' }, { text: 'count', num: true }], rows,
    'Nothing failed in this window.'));
}

function splits(slis, asked) {
  const journeys = Object.keys(slis.journeys);
  const by = asked.get('split');
  const bare = (ratio, link) => (ratio.total === 0 ? h('span', { class: 'none' }, 'no data')
    : [percent(ratio.ratio_ppm), ' ', h('small', {}, ratio.bad > 0
      ? link(`${count(ratio.bad)} of ${count(ratio.total)} bad`) : `of ${count(ratio.total)}`)]);
  const rows = slis.split.map((part) => [
    by === 'outcome' ? words(part.value) : overviewLink(part.value || 'unknown', asked, { [by]: part.value }),
    bare(part.pages, (text) => viewsLink(text, asked, { kind: 'page', class: 'bad', [by]: part.value })),
    ...journeys.map((name) => (part.journeys[name]
      ? bare(part.journeys[name].client,
        (text) => viewsLink(text, asked, { kind: 'journey', name, class: 'bad', [by]: part.value }))
      : h('span', { class: 'none' }, 'no data'))),
  ]);
  return h('section', { 'aria-label': 'Split' },
    h('h2', {}, 'Split by',
      h('nav', {}, SPLITS.map(([value, text]) => overviewLink(text, asked, { split: value }, value === by)))),
    table([{ text: words(by) }, { text: 'page loads' }, ...journeys.map((name) => ({ text: words(name) }))],
      rows, 'No data in this window.'));
}

function reachability(origins, asked) {
  const rows = origins.map((origin) => [
    [h('code', {}, origin.backend_origin || 'unknown'),
      origin.expected ? null : h('span', { class: 'tag alarm' }, 'unexpected')],
    percent(origin.ratio_ppm),
    count(origin.total),
    Object.entries(origin.outcomes).filter(([, number]) => number > 0).map(([outcome, number]) =>
      h('span', { class: `key ${tone(outcome)}` }, viewsLink(`${count(number)} ${words(outcome)}`, asked,
        { kind: 'request', outcome, backend_origin: origin.backend_origin }))),
  ]);
  return h('section', { 'aria-label': 'Reachability' },
    h('h2', {}, 'Can the backend be reached?', h('small', {}, 'every call a page made, by the origin it called')),
    table([{ text: 'backend origin' }, { text: 'answered', num: true }, { text: 'calls', num: true },
      { text: 'how they ended' }], rows, 'No calls in this window.'));
}
