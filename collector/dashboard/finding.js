// What is found, on top of everything: one sentence, how it shows, loads to look at, and what else was
// considered. Notices and past findings below it, where there are any.

import { h, table } from './dom.js';
import { ago, clock, count, words } from './format.js';

const DIMENSIONS = { touched_release: 'release touched', release: 'release of the document',
  touched_pod: 'pod touched', pod: 'pod of the document', configured_origin: 'backend configured',
  used_origin: 'backend called', browser: 'browser', route: 'route', country: 'country',
  operator: 'network' };

export function findings(found) {
  const parts = [found.open ? open(found.open) : null, notices(found.notices),
    found.past.length > 0 ? past(found.past) : null].filter(Boolean);
  return parts.length === 0 ? null : h('section', { 'aria-label': 'Findings' }, parts);
}

function open(finding) {
  const seconds = Math.max(0, Math.round((finding.found_ms - finding.onset_ms) / 1000));
  return h('article', { class: 'finding', role: 'status' },
    h('p', { class: 'kicker' }, 'Users fail and no server says so',
      h('span', {}, `found ${clock(finding.found_ms)}, ${seconds} s after the first failure`)),
    h('p', { class: 'sentence' }, finding.sentence),
    h('ul', { class: 'mechanisms' }, finding.mechanisms.map(mechanism)),
    causes(finding));
}

function mechanism({ loads, words: said, examples }) {
  return h('li', {}, h('b', {}, count(loads)), ` ${said}`,
    examples.map((example, at) => h('a', { class: 'open', href: `#/view/${example.view}` },
      at === 0 ? 'an example' : `${at + 1}`)));
}

function causes({ causes: all, failed }) {
  if (all.length === 0) return null;
  const rows = all.map((cause) => [
    cause.values.map(({ dimension, value }) =>
      h('span', { class: 'value' }, h('small', {}, `${DIMENSIONS[dimension] ?? dimension} `), value)),
    `${count(cause.failed)} of ${count(cause.loads)}`,
    `${count(cause.others_failed)} of ${count(cause.others)}${cause.others_before ? ' before it' : ''}`,
    `${Math.round(cause.explains_ppm / 10_000)}%`,
    cause.first_seen_ms === null ? '' : ago(cause.first_seen_ms),
    cause.named ? h('span', { class: 'tag alarm' }, 'named') : cause.score.toFixed(1),
  ]);
  return h('details', {}, h('summary', {}, `What could be the cause of ${count(failed)} failed loads`),
    table([{ text: 'loads with' }, { text: 'failed', num: true }, { text: 'others', num: true },
      { text: 'explains', num: true }, { text: 'first seen' }, { text: 'score', num: true }], rows, ''));
}

function notices(list) {
  return list.length === 0 ? null : list.map(({ kind, sentence }) =>
    h('p', { class: 'caution' }, h('b', {}, `${words(kind)}: `), sentence));
}

function past(list) {
  return h('details', {}, h('summary', {}, `Past findings: ${list.length}`),
    h('ul', { class: 'past' }, list.slice(0, 20).map((finding) =>
      h('li', {}, h('small', {}, `${new Date(finding.found_ms).toLocaleString()} – ${
        finding.closed_ms ? clock(finding.closed_ms) : 'the collector stopped'} `), finding.sentence))));
}
